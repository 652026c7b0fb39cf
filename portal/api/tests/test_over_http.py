"""The API in the portal's own process, as an integrator reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from portal.tenancy import clients
from portal.tenancy.actor import SYSTEM
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from tests.factories import make_tenant
from tests.harness.environment import Machine
from tests.harness.processes import ServerProcess

SECRET = "a-secret-of-the-crm"
FORM = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": SECRET}


@pytest.fixture
def http(committed_db: None, portal_server: ServerProcess) -> Iterator[httpx.Client]:
    """A client with a token from the token endpoint."""
    with tenant_scope(make_tenant()):
        now = datetime.now(UTC)
        clients.create_client(
            name="CRM",
            scopes=CLIENT_SCOPES,
            actor=SYSTEM,
            now=now,
            client_id="crm",
            secret=SECRET,
        )
    with httpx.Client(base_url=portal_server.url, timeout=30) as http:
        answer = http.post("/oauth/token/", data=FORM).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        yield http


def test_a_plan_is_made_with_a_token_from_the_token_endpoint(http: httpx.Client) -> None:
    created = http.post("/api/v1/plans/", json={"code": "flex-20", "name": "Flex 20"})

    assert created.status_code == 201
    assert http.get("/api/v1/plans/flex-20/").json() == created.json()
    followed = http.get("/api/v1/plans", follow_redirects=True)
    assert [plan["code"] for plan in followed.json()["results"]] == ["flex-20"]
    assert http.get("/oauth/token/").status_code == 405


@pytest.mark.faults
def test_while_the_database_is_away_one_is_told_to_wait_and_then_it_goes_on(
    http: httpx.Client, servers: Machine
) -> None:
    assert http.get("/api/v1/plans/").status_code == 200

    servers.postgres.stop()
    away = http.get("/api/v1/plans/")
    assert away.status_code == 503
    assert away.headers["Content-Type"] == "application/problem+json"
    assert int(away.headers["Retry-After"]) > 0
    assert away.json()["type"].endswith("#problem-unavailable")

    servers.postgres.start()
    servers.postgres.wait_ready()
    assert http.get("/api/v1/plans/").status_code == 200


@pytest.mark.faults
def test_tokens_are_given_and_calls_answered_while_the_cache_is_away(
    http: httpx.Client, servers: Machine
) -> None:
    servers.valkey.stop()

    assert http.post("/oauth/token/", data=FORM).status_code == 200
    assert http.get("/api/v1/plans/").status_code == 200
    assert http.post("/api/v1/accounts/", json={"id": "ana"}).status_code == 201
