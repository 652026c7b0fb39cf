"""Many sessions on one account at once: never overspent, every bucket consistent."""

from __future__ import annotations

import asyncio
import threading
import time
from io import StringIO
from typing import Any

import httpx
import psycopg
import pytest
from django.core.management import call_command

from charging.charger import statements
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.tests.charger.conftest import CREATE, Network, Subscriber, asks, reports
from charging.tests.charger.test_sessions import amounts
from portal.tenancy.scope import tenant_scope
from tests import factories

VOICE = 100
SESSIONS = 200


def assert_books_are_right(tenant_slug: str) -> None:
    out = StringIO()
    call_command("verify_ledger", tenant=tenant_slug, stdout=out)
    assert ", 0 wrong" in out.getvalue()


async def use_all_that_is_granted(
    http: httpx.AsyncClient, network: Network, number: int
) -> tuple[int, str]:
    """One honest session: 300 s, all of it used, 300 more, all of it used; seconds used."""
    headers = network.headers()
    body = network.body(asks(VOICE, time=300), chargingId=number)
    created = await http.post(CREATE, json=body, headers=headers)
    if created.status_code == 403:
        return 0, created.json()["cause"]
    session = httpx.URL(created.headers["location"]).path
    first = granted(created)
    body = network.body(reports(VOICE, time=first, wants={"time": 300}))
    updated = await http.post(f"{session}/update", json=body, headers=headers)
    second = granted(updated)
    body = network.body(reports(VOICE, time=second))
    released = await http.post(f"{session}/release", json=body, headers=headers)
    assert released.status_code == 204
    return first + second, updated.json()["multipleUnitInformation"][0]["resultCode"]


def granted(answer: httpx.Response) -> int:
    assert answer.status_code in (200, 201), answer.text
    (line,) = answer.json()["multipleUnitInformation"]
    return int(line.get("grantedUnit", {}).get("time", 0))


def test_two_hundred_concurrent_sessions_never_overspend(
    network: Network, subscriber: Subscriber
) -> None:
    """They want 120,000 s of the 18,000 s there are, and no money: exactly 18,000 s are used."""

    async def run() -> list[tuple[int, str]]:
        limits = httpx.Limits(max_connections=2)
        url = str(network.http.base_url)
        async with httpx.AsyncClient(
            base_url=url, http1=False, http2=True, timeout=30, limits=limits
        ) as http:
            sessions = (use_all_that_is_granted(http, network, n) for n in range(SESSIONS))
            return list(await asyncio.gather(*sessions))

    results = asyncio.run(run())

    assert sum(used for used, _ in results) == 18_000
    assert amounts(subscriber, "voice") == (0, 0, 18_000)
    assert "QUOTA_LIMIT_REACHED" in {result for _, result in results}
    with tenant_scope(subscriber.tenant):
        assert not ChargingSession.objects.filter(state="open").exists()
        assert LedgerEntry.objects.filter(session__isnull=False).exists()
    assert_books_are_right("northwind")


def test_top_ups_during_charging_are_neither_lost_nor_doubled(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(VOICE, time=60))

    def top_up_often() -> None:
        from django.db import connection

        with tenant_scope(subscriber.tenant):
            for number in range(25):
                factories.top_up(
                    subscriber.account, "1.00", now=subscriber.account.created_at,
                    request_key=f"crm-{number}",
                )  # fmt: skip
        connection.close()

    threads = [threading.Thread(target=top_up_often) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        assert network.update(session, reports(VOICE, time=10, wants={"time": 60})).is_success
    for thread in threads:
        thread.join()
    network.release(session)

    assert amounts(subscriber, "voice") == (17_400, 0, 600)
    with tenant_scope(subscriber.tenant):
        money = Bucket.objects.get(account=subscriber.account, service="money")
    assert money.available == 25 * factories.NANO
    assert_books_are_right("northwind")


@pytest.mark.parametrize("lock_first", [True, False])
def test_only_a_fresh_statement_after_the_lock_sees_what_the_other_wrote(
    subscriber: Subscriber,
    owner_connection: psycopg.Connection[Any],
    servers: Any,
    lock_first: bool,
) -> None:
    """Why load is two statements: one that locks and reads returns rows as of before its wait."""
    read = "SELECT available FROM charging_bucket WHERE account_id = %s AND service = 'voice'"
    lock = "SELECT id FROM subscribers_account WHERE id = %s FOR NO KEY UPDATE"
    both = f"WITH locked AS ({lock}) {read} AND EXISTS (SELECT FROM locked)"
    key = subscriber.account.pk
    found: list[int] = []

    def second() -> None:
        with psycopg.connect(servers.postgres.url()) as connection:
            if lock_first:
                connection.execute(lock, [key])
                row = connection.execute(read, [key]).fetchone()
            else:
                row = connection.execute(both, [key, key]).fetchone()
            assert row is not None
            found.append(row[0])

    with psycopg.connect(servers.postgres.url()) as first:
        first.execute(lock, [key])
        thread = threading.Thread(target=second)
        thread.start()
        wait_until_blocked(owner_connection)
        first.execute(
            "UPDATE charging_bucket SET available = available - 600, used = used + 600 "
            "WHERE account_id = %s AND service = 'voice'",
            [key],
        )
        first.commit()
        thread.join()

    assert found == [17_400 if lock_first else 18_000]


def test_the_load_locks_in_a_statement_of_its_own() -> None:
    assert "FOR NO KEY UPDATE" in statements.LOCK
    assert "charging_bucket" not in statements.LOCK
    assert "FOR" not in statements.READ_BUCKETS.replace("FROM", "")


def test_a_batch_larger_than_a_sockets_buffer_is_saved(network: Network) -> None:
    """Some 6 MB of request log in a batch or two: it has to be sent to the end before anybody
    waits for what the database says to it."""

    async def create_many() -> list[httpx.Response]:
        url = str(network.http.base_url)
        async with httpx.AsyncClient(base_url=url, http1=False, http2=True, timeout=20) as http:
            bodies = [
                network.body(asks(VOICE, time=1), chargingId=number, unknownToAll="x" * 60_000)
                for number in range(96)
            ]
            posts = [http.post(CREATE, json=body, headers=network.headers()) for body in bodies]
            return list(await asyncio.gather(*posts))

    assert {answer.status_code for answer in asyncio.run(create_many())} == {201}


def test_a_locked_account_keeps_nobody_else_waiting_for_long(
    network: Network, subscriber: Subscriber, servers: Any
) -> None:
    """Its requests wait for the lock together, 2 s, not one after the other."""
    with tenant_scope(subscriber.tenant):
        now = subscriber.account.created_at
        other = factories.make_account("acc-2", plan_code="flex-20", now=now)
        factories.make_device(other, public_id="dev-2", now=now)

    async def run() -> tuple[float, set[int]]:
        url = str(network.http.base_url)
        async with httpx.AsyncClient(base_url=url, http1=False, http2=True, timeout=60) as http:

            async def create(number: int, **more: Any) -> httpx.Response:
                body = network.body(asks(VOICE, time=1), chargingId=number, **more)
                return await http.post(CREATE, json=body, headers=network.headers())

            locked = [asyncio.create_task(create(number)) for number in range(16)]
            await asyncio.sleep(0.3)
            started = time.monotonic()
            assert (await create(99, subscriberIdentifier="dev-2")).status_code == 201
            waited = time.monotonic() - started
            return waited, {(await task).status_code for task in locked}

    with psycopg.connect(servers.postgres.url()) as holder:
        holder.execute(
            "SELECT id FROM subscribers_account WHERE id = %s FOR NO KEY UPDATE",
            [subscriber.account.pk],
        )
        waited, statuses = asyncio.run(run())

    assert statuses == {503}
    assert waited < 8


def wait_until_blocked(connection: psycopg.Connection[Any]) -> None:
    """Until some session waits for a lock."""
    for _ in range(200):
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        ).fetchone()
        if row and row[0]:
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waits for a lock")
