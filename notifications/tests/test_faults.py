"""Valkey or PostgreSQL go away and come back: telling is delayed, and nothing is lost."""

from __future__ import annotations

import asyncio
import json

import pytest
import redis
import websockets
from channels.db import database_sync_to_async
from django.db import connections

from notifications.tests.conftest import Record
from notifications.tests.test_consumers import address, bearer
from portal.tenancy.models import Tenant
from tests.harness.environment import Machine
from tests.harness.processes import ServerProcess
from tests.harness.rest import make_caller

pytestmark = pytest.mark.faults

WAIT_SECONDS = 40


@pytest.fixture
def token(tenant: Tenant) -> str:
    return make_caller(tenant).token


async def positions(url: str, token: str, *, until: int) -> list[int]:
    """What a reader gets that reconnects and resumes whenever it is cut off."""
    found: list[int] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while not found or found[-1] < until:
            after = f"?after={found[-1] if found else 0}"
            try:
                async with websockets.connect(url + after, **bearer(token)) as socket:
                    while not found or found[-1] < until:
                        found.append(json.loads(await socket.recv())["position"])
            except (websockets.WebSocketException, OSError):
                await asyncio.sleep(0.3)
    return found


@pytest.mark.parametrize("server", ["valkey", "postgres"])
async def test_a_reader_gets_every_event_once_over_a_restart(
    portal_server: ServerProcess, servers: Machine, token: str, record: Record, server: str
):
    write, restart = database_sync_to_async(record), getattr(servers, server).restart
    for _ in range(3):
        await write()
    reader = asyncio.create_task(positions(address(portal_server), token, until=6))
    await asyncio.sleep(1)

    def restart_and_wait() -> None:
        connections.close_all()
        restart()
        getattr(servers, server).wait_ready()

    await database_sync_to_async(restart_and_wait)()
    for _ in range(3):
        await write()

    assert await reader == [1, 2, 3, 4, 5, 6]


async def test_an_open_stream_goes_on_by_itself_when_valkey_was_emptied(
    portal_server: ServerProcess, servers: Machine, token: str, record: Record
):
    write = database_sync_to_async(record)
    async with websockets.connect(address(portal_server, "?after=0"), **bearer(token)) as socket:
        await write()
        async with asyncio.timeout(WAIT_SECONDS):
            assert json.loads(await socket.recv())["position"] == 1
        with redis.Redis.from_url(servers.valkey.url) as client:
            client.flushall()
        await write()

        async with asyncio.timeout(WAIT_SECONDS):
            assert json.loads(await socket.recv())["position"] == 2
