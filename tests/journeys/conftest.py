"""Two operators with an API client each, and their integrators' HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest

from portal.tenancy.actor import SYSTEM
from portal.tenancy.clients import create_client
from portal.tenancy.models import Tenant
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.processes import Stack

PATIENCE_SECONDS = 30
T = TypeVar("T")


@dataclass
class Integrator:
    """A system that speaks REST for one operator."""

    http: httpx.Client
    tenant: Tenant
    token: str

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, *, status: int = 201) -> Any:
        answer = self.http.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def balances(self, account: str) -> dict[str, dict[str, Any]]:
        """By the name of the bucket."""
        results = self.get(f"accounts/{account}/balances/")["results"]
        return {balance["name"]: balance for balance in results}


def eventually(ask: Callable[[], T], until: Callable[[T], bool], what: str = "") -> T:
    """Ask until the answer is right; the last answer is in the failure."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = ask()
        if until(answer):
            return answer
        assert time.monotonic() < deadline, f"{what or 'never'}: {answer}"
        time.sleep(0.1)


def sign_on(stack: Stack, tenant: Tenant) -> Integrator:
    """Get a token over the token endpoint, as an external system does."""
    with tenant_scope(tenant):
        client, secret = create_client(
            name="CRM", scopes=list(CLIENT_SCOPES), actor=SYSTEM, now=datetime.now(UTC)
        )
    answer = httpx.post(
        f"{stack.portal.url}/oauth/token/",
        data={
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": secret,
        },
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    http = httpx.Client(
        base_url=stack.portal.url, headers={"authorization": f"Bearer {token}"}, timeout=20
    )
    return Integrator(http=http, tenant=tenant, token=token)


@pytest.fixture
def integrator(stack: Stack) -> Iterator[Integrator]:
    """Northwind's."""
    found = sign_on(stack, factories.make_tenant("northwind"))
    yield found
    found.http.close()


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Integrator]:
    """Contoso's: a competitor with every permission of its own."""
    found = sign_on(stack, factories.make_tenant("contoso"))
    yield found
    found.http.close()
