"""Emulated usage over REST, and the charging sessions that come of it."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.rest import RestCaller, make_caller

GIGABYTE = 2**30


def subscribe(tenant: Tenant) -> None:
    """Ana on Flex 20 with the device phone-1."""
    now = datetime.now(UTC)
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        account = factories.make_account("ana", plan_code="flex-20", now=now)
        factories.make_device(
            account, public_id="phone-1", imsi="001010000000001", msisdn="491510000001", now=now
        )


@pytest.fixture
def phone(northwind):
    subscribe(northwind)


def params(answer):
    return {entry["param"] for entry in answer.json()["invalidParams"]}


def test_usage_is_accepted_and_can_be_followed(rest, phone):
    answer = rest.post(
        "devices/phone-1/usage/",
        {"service": "voice", "volume": 60, "destination": "34911234567", "label": "Call"},
    )

    assert answer.status_code == 202
    accepted = answer.json()
    uuid.UUID(accepted["id"])
    assert answer["Location"] == accepted["url"]
    assert accepted["url"].endswith(f"/api/v1/emulated-sessions/{accepted['id']}/")
    followed = rest.get(accepted["url"])
    assert followed.status_code == 200
    assert followed.json() == accepted
    assert (accepted["device"], accepted["service"], accepted["volume"]) == ("phone-1", "voice", 60)
    assert (accepted["state"], accepted["used"], accepted["cost"]) == ("queued", 0, None)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"service": "fax"}, "/service"),
        ({"service": "money"}, "/service"),
        ({"volume": 0}, "/volume"),
        ({"volume": "lots"}, "/volume"),
        ({"volume": 1.5}, "/volume"),
        ({"volume": None}, "/volume"),
        ({"volume": 10**15}, "/volume"),
        ({"destination": "9" * 41}, "/destination"),
        ({"rating_group": 999}, "/rating_group"),
        ({"rating_group": 100}, "/rating_group"),
        ({"size": 1}, "/size"),
    ],
)
def test_wrong_usage_is_named(rest, phone, change, param):
    answer = rest.post("devices/phone-1/usage/", {"service": "data", "volume": 1024, **change})

    assert answer.status_code == 400
    assert params(answer) == {param}


def test_a_repeated_key_uses_once(rest, phone):
    body = {"service": "data", "volume": 1024}

    first = rest.post("devices/phone-1/usage/", body, Idempotency_Key="job-1")
    again = rest.post("devices/phone-1/usage/", body, Idempotency_Key="job-1")
    other = rest.post("devices/phone-1/usage/", body, Idempotency_Key="job-2")
    reused = rest.post("devices/phone-1/usage/", {**body, "volume": 2048}, Idempotency_Key="job-1")

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert other.json()["id"] != first.json()["id"]
    assert reused.status_code == 409


def test_a_live_operators_device_is_not_used(db):
    tenant = factories.make_tenant("live", is_sandbox=False)
    subscribe(tenant)

    answer = make_caller(tenant).post("devices/phone-1/usage/", {"service": "data", "volume": 1024})

    assert answer.status_code == 409
    assert "test devices" in answer.json()["detail"]


def test_usage_needs_its_scope(rest_with, phone):
    caller = rest_with("subscribers.manage", "charging.view")

    answer = caller.post("devices/phone-1/usage/", {"service": "data", "volume": 1024})

    assert answer.status_code == 403


def test_another_operators_usage_and_sessions_are_not_found(rest, phone, contoso):
    accepted = rest.post("devices/phone-1/usage/", {"service": "data", "volume": 1024}).json()
    stranger = make_caller(contoso)

    body = {"service": "data", "volume": 1024}
    assert stranger.post("devices/phone-1/usage/", body).status_code == 404
    assert stranger.get(f"emulated-sessions/{accepted['id']}/").status_code == 404


def test_sessions_of_nobody_are_none(rest, phone):
    for query in ({}, {"device": "phone-1"}, {"device": "nope"}, {"account": "nope"}):
        assert rest.get("charging-sessions/", **query).json() == {"results": [], "next": None}


# ── from REST through Celery and N40 and back ────────────────────────────────────────────────


def wait_until_ended(rest: RestCaller, url: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        session: dict[str, Any] = rest.get(url).json()
        if session["state"] in {"ended", "failed"}:
            return session
        time.sleep(0.1)
    raise AssertionError(f"still {session}")


def test_usage_is_charged_over_n40_and_explained(
    committed_db: None, chf_server: Any, celery_worker_process: Any
) -> None:
    tenant = factories.make_tenant()
    subscribe(tenant)
    rest = make_caller(tenant)

    url = rest.post("devices/phone-1/usage/", {"service": "data", "volume": GIGABYTE}).json()["url"]
    ended = wait_until_ended(rest, url)

    assert (ended["state"], ended["used"], ended["error"]) == ("ended", GIGABYTE, "")
    data = rest.get("accounts/ana/balances/").json()["results"][0]
    assert (data["used"], data["available"]) == (GIGABYTE, 19 * GIGABYTE)
    for identifier in ("phone-1", "imsi-001010000000001", "msisdn-491510000001"):
        (listed,) = rest.get("charging-sessions/", device=identifier).json()["results"]
        assert listed["ref"] == ended["charging_session"]
    assert (listed["account"], listed["device"]) == ("ana", "phone-1")
    assert (listed["state"], listed["cost"], listed["currency"]) == ("closed", "0.00", "EUR")
    assert rest.get("charging-sessions/", account="ana").json()["results"] == [listed]
    assert rest.get("charging-sessions/", state="open").json()["results"] == []

    detail = rest.get(f"charging-sessions/{listed['ref']}/").json()
    operations = [message["operation"] for message in detail["messages"]]
    assert (operations[0], operations[-1]) == ("create", "release")
    assert detail["messages"][0]["status"] == 201
    used = sum(use["used"] for message in detail["messages"] for use in message["usage"])
    assert used == GIGABYTE
    assert detail["messages"][0]["request"]["subscriberIdentifier"]
    assert len(detail["explanation"]) == len(detail["messages"])
    assert all(step["text"] for each in detail["explanation"] for step in each["steps"])
    assert (
        make_caller(factories.make_tenant("contoso"))
        .get(f"charging-sessions/{listed['ref']}/")
        .status_code
        == 404
    )
