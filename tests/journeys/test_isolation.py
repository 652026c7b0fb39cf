"""Two operators on one installation: neither sees, changes or hears anything of the other's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from charging.models import ChargingSession
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.processes import Stack
from tests.journeys.conftest import Integrator, eventually

CREATE = "/nchf-convergedcharging/v3/chargingdata"


@pytest.fixture
def northwind(integrator: Integrator) -> Integrator:
    """With a plan, a subscriber, a charging session and events of its own."""
    now = datetime.now(UTC)
    with tenant_scope(integrator.tenant):
        factories.make_published_plan(now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        factories.make_device(account, public_id="dev-1", imsi="001010000000001", now=now)
        factories.top_up(account, "10.00", now=now)
    return integrator


def n40(stack: Stack, who: Integrator, path: str = CREATE) -> httpx.Response:
    body = {
        "subscriberIdentifier": "imsi-001010000000001",
        "nfConsumerIdentification": {"nodeFunctionality": "SMF"},
        "invocationTimeStamp": datetime.now(UTC).isoformat(),
        "invocationSequenceNumber": 0,
        "multipleUnitUsage": [{"ratingGroup": 100, "requestedUnit": {"time": 60}}],
    }
    token = factories.n40_token(who.tenant)
    with httpx.Client(base_url=stack.chf.url, http1=False, http2=True) as http:
        return http.post(path, json=body, headers={"authorization": f"Bearer {token}"})


def test_n40(stack: Stack, northwind: Integrator, stranger: Integrator) -> None:
    assert n40(stack, stranger).status_code == 404
    created = n40(stack, northwind)
    assert created.status_code == 201
    session = httpx.URL(created.headers["location"]).path
    assert n40(stack, stranger, f"{session}/update").status_code == 404
    assert n40(stack, stranger, f"{session}/release").status_code == 404
    with tenant_scope(northwind.tenant):
        assert ChargingSession.objects.get().state == "open"


@pytest.mark.parametrize(
    "path",
    ["plans/flex-20/", "accounts/acc-1/", "accounts/acc-1/balances/", "devices/dev-1/"],
)
def test_rest_details(northwind: Integrator, stranger: Integrator, path: str) -> None:
    assert northwind.http.get(f"/api/v1/{path}").status_code == 200
    answer = stranger.http.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_rest_lists_and_writes(stack: Stack, northwind: Integrator, stranger: Integrator) -> None:
    n40(stack, northwind)
    eventually(lambda: northwind.get("notifications/")["results"], bool)
    for path in ("plans/", "accounts/", "charging-sessions/", "notifications/"):
        assert northwind.get(path)["results"], path
        assert stranger.get(path)["results"] == [], path

    for path, body in [
        ("accounts/acc-1/topups/", {"amount": "5.00", "reason": "gift"}),
        ("devices/dev-1/usage/", {"service": "sms", "volume": 1}),
        ("plans/flex-20/versions/1/publish/", {}),
    ]:
        assert stranger.http.post(f"/api/v1/{path}", json=body).status_code == 404, path
    borrowed = stranger.http.post("/api/v1/accounts/", json={"id": "a", "plan": "flex-20"})
    assert borrowed.status_code in (400, 422)
    foreign = stranger.http.post("/api/v1/devices/", json={"id": "d", "account": "acc-1"})
    assert foreign.status_code in (400, 404, 422)
    # The same ids are free for them: uniqueness is per operator.
    assert stranger.post("accounts/", {"id": "acc-1"})["id"] == "acc-1"
    assert northwind.balances("acc-1")["Main balance"]["available"] == "10.00"


def test_pages(stack: Stack, northwind: Integrator, stranger: Integrator) -> None:
    n40(stack, northwind)
    with tenant_scope(northwind.tenant):
        ref = ChargingSession.objects.get().ref
    own, foreign = signed_in(northwind), signed_in(stranger)
    for name, key in [
        ("plan-designer", "flex-20"), ("account", "acc-1"), ("phone", "dev-1"), ("session", ref),
    ]:  # fmt: skip
        address = reverse(name, args=[key])
        assert own.get(address).status_code == 200, address
        assert foreign.get(address).status_code == 404, address
    for name in ("plan-list", "account-list", "session-list", "phone-list", "notification-list"):
        page = foreign.get(reverse(name)).content.decode()
        for secret in ("flex-20", "acc-1", "dev-1", ref, "Northwind"):
            assert secret not in page, (name, secret)


def signed_in(integrator: Integrator) -> Client:
    client = Client()
    client.force_login(factories.make_user(integrator.tenant))
    return client


def listen(stack: Stack, who: Integrator | None) -> ClientConnection:
    address = stack.portal.url.replace("http://", "ws://") + "/ws/v1/events/"
    headers = {"authorization": f"Bearer {who.token}"} if who else {}
    return connect(address, additional_headers=headers)


def test_websocket(stack: Stack, northwind: Integrator, stranger: Integrator) -> None:
    with listen(stack, northwind) as own, listen(stack, stranger) as foreign:
        northwind.post("accounts/acc-1/topups/", {"amount": "1.00", "reason": "cash"})
        assert wait_for(own, "account.topped_up")["account"] == "acc-1"
        with pytest.raises(TimeoutError):
            foreign.recv(timeout=2)


def wait_for(socket: ClientConnection, event_type: str) -> Any:
    while True:
        event = json.loads(socket.recv(timeout=10))
        if event["type"] == event_type:
            return event


def test_websocket_without_a_token_is_refused(stack: Stack) -> None:
    with listen(stack, None) as socket, pytest.raises(ConnectionClosed) as refused:
        socket.recv(timeout=5)
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 4401
