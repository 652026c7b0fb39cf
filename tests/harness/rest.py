"""Fixtures for the REST API: two operators, and systems that call with an access token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.tenancy import clients, tokens
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import ApiClient, Tenant
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from tests import factories

API = "/api/v1/"


class RestCaller:
    """A system with a token; paths are relative to /api/v1/."""

    def __init__(self, client: ApiClient, token: str) -> None:
        self.client = client
        self.token = token
        self._http = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self._call("get", path, query)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self._call("post", path, {} if body is None else body, headers)

    def put(self, path: str, body: Any) -> HttpResponse:
        return self._call("put", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self._call("delete", path, {})

    def post_csv(self, path: str, text: str | bytes) -> HttpResponse:
        """A file as the body."""
        return self._http.post(
            path if path.startswith("/") else API + path,
            text,
            content_type="text/csv",
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def _call(
        self, method: str, path: str, data: Any, headers: dict[str, str] | None = None
    ) -> HttpResponse:
        url = path if path.startswith(("/", "http")) else API + path
        kind = {} if method == "get" else {"content_type": "application/json"}
        sent = {name.replace("_", "-"): text for name, text in (headers or {}).items()}
        authorized = {"Authorization": f"Bearer {self.token}", **sent}
        return getattr(self._http, method)(url, data, headers=authorized, **kind)


def make_caller(tenant: Tenant, scopes: Iterable[str] = CLIENT_SCOPES) -> RestCaller:
    """An API client of the tenant and a token with all of its scopes."""
    with tenant_scope(tenant):
        now = datetime.now(UTC)
        client, _ = clients.create_client(name="test", scopes=scopes, actor=SYSTEM, now=now)
    token = tokens.issue(
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        client_key=client.pk,
        client_name=client.name,
        scopes=client.scopes,
        now=now,
    )
    return RestCaller(client, token)


@pytest.fixture
def northwind(db: None) -> Tenant:
    return factories.make_tenant("northwind")


@pytest.fixture
def contoso(db: None) -> Tenant:
    return factories.make_tenant("contoso")


@pytest.fixture
def rest(northwind: Tenant) -> RestCaller:
    """A system of Northwind that may do everything a system may."""
    return make_caller(northwind)


@pytest.fixture
def rest_with(northwind: Tenant) -> Callable[..., RestCaller]:
    """Makes systems of Northwind that have the given scopes only."""
    return lambda *scopes: make_caller(northwind, scopes)
