"""The event stream as an integrator sees it, against the real portal."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets
from channels.db import database_sync_to_async

from notifications.tests.conftest import Record
from portal.tenancy import tokens
from portal.tenancy.models import ApiClient, Tenant
from portal.tenancy.scope import tenant_scope
from tests.harness.processes import ServerProcess
from tests.harness.rest import make_caller

WAIT_SECONDS = 10
SILENCE_SECONDS = 1.5


def address(portal: ServerProcess, query: str = "") -> str:
    return f"ws://127.0.0.1:{portal.port}/ws/v1/events/{query}"


def bearer(token: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


async def events_from(socket: Any, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(WAIT_SECONDS):
        return [json.loads(await socket.recv()) for _ in range(count)]


async def assert_silent(socket: Any) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SILENCE_SECONDS):
            await socket.recv()


async def close_code(url: str, **options: Any) -> int:
    async with asyncio.timeout(WAIT_SECONDS), websockets.connect(url, **options) as socket:
        await socket.wait_closed()
        return socket.close_code


@pytest.fixture
def token(tenant: Tenant) -> str:
    return make_caller(tenant).token


@pytest.fixture
def write(record: Record) -> Any:
    return database_sync_to_async(record)


async def test_an_event_arrives_as_one_json_frame(portal_server, token, write):
    async with websockets.connect(address(portal_server), **bearer(token)) as socket:
        await asyncio.sleep(0.5)
        await write("account.topped_up", payload={"amount": "10.00"})

        (event,) = await events_from(socket, 1)

    assert event == {
        "position": 1,
        "type": "account.topped_up",
        "subject": {"type": "account", "id": "acc-1"},
        "account": None,
        "occurred_at": "2026-03-02T09:30:00.000+00:00",
        "payload": {"amount": "10.00"},
    }


async def test_a_token_may_come_as_a_subprotocol(portal_server, token, write):
    await write()
    offered = ["events.v1", f"bearer.{token}"]

    async with websockets.connect(address(portal_server, "?after=0"), subprotocols=offered) as ws:
        (event,) = await events_from(ws, 1)

        assert ws.subprotocol == "events.v1"
    assert event["position"] == 1


async def test_a_reader_resumes_behind_a_position_without_gaps_or_repeats(
    portal_server, token, write
):
    for _ in range(5):
        await write()
    async with websockets.connect(address(portal_server, "?after=0"), **bearer(token)) as socket:
        first = await events_from(socket, 5)
    await write()

    async with websockets.connect(address(portal_server, "?after=5"), **bearer(token)) as socket:
        later = await events_from(socket, 1)
        await write()
        later += await events_from(socket, 1)

    assert [event["position"] for event in first] == [1, 2, 3, 4, 5]
    assert [event["position"] for event in later] == [6, 7]


async def test_many_events_at_once_arrive_in_order(portal_server, token, write):
    async with websockets.connect(address(portal_server, "?after=0"), **bearer(token)) as socket:
        await asyncio.gather(*(write() for _ in range(60)))

        events = await events_from(socket, 60)

    assert [event["position"] for event in events] == list(range(1, 61))


async def test_only_the_wanted_types_are_sent(portal_server, token, write):
    await write("account.topped_up")
    await write("bucket.exhausted")
    wanted = address(portal_server, "?after=0&types=bucket.exhausted")

    async with websockets.connect(wanted, **bearer(token)) as socket:
        (event,) = await events_from(socket, 1)
        await assert_silent(socket)

    assert (event["type"], event["position"]) == ("bucket.exhausted", 2)


async def test_another_operator_hears_nothing(portal_server, other_tenant, tenant, write):
    stranger = await database_sync_to_async(make_caller)(other_tenant)

    async with websockets.connect(
        address(portal_server, "?after=0"), **bearer(stranger.token)
    ) as socket:
        await write()
        await assert_silent(socket)


async def test_without_a_token_the_socket_is_closed_with_4401(portal_server):
    assert await close_code(address(portal_server)) == 4401


async def test_without_the_permission_the_socket_is_closed_with_4403(portal_server, tenant):
    caller = await database_sync_to_async(make_caller)(tenant, ["plans.view"])

    assert await close_code(address(portal_server), **bearer(caller.token)) == 4403


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", f"?after={2**63}", "?types=no.such"])
async def test_what_is_not_understood_closes_the_socket_with_4400(portal_server, token, query):
    assert await close_code(address(portal_server, query), **bearer(token)) == 4400


async def test_an_address_without_a_socket_is_closed_with_4404(portal_server, token):
    url = f"ws://127.0.0.1:{portal_server.port}/ws/v1/nothing/"

    assert await close_code(url, **bearer(token)) == 4404


async def test_the_socket_closes_when_its_token_expires(portal_server, tenant):
    caller = await database_sync_to_async(make_caller)(tenant)
    expiring = tokens.issue(
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        client_key=caller.client.pk,
        client_name="test",
        scopes=["notifications.view"],
        now=datetime.now(UTC),
        lifetime_seconds=2,
    )
    started = datetime.now(UTC)

    assert await close_code(address(portal_server), **bearer(expiring)) == 4401
    assert datetime.now(UTC) - started < timedelta(seconds=6)


async def test_a_token_of_a_disabled_client_is_refused(portal_server, tenant):
    caller = await database_sync_to_async(make_caller)(tenant)

    def disable() -> None:
        with tenant_scope(tenant):
            ApiClient.objects.update(is_enabled=False)

    await database_sync_to_async(disable)()

    assert await close_code(address(portal_server), **bearer(caller.token)) == 4401


async def test_a_foreign_page_cannot_use_the_browser_session(portal_server, tenant):
    headers = {"Cookie": "sessionid=whatever", "Origin": "https://evil.example"}

    assert await close_code(address(portal_server), additional_headers=headers) == 4401
