"""Emulated sessions against the real charging function: nothing charged twice, nothing kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync

from charging import emulator, emulator_burst, emulator_runner
from charging.client.transport import ChargingConnection
from charging.models import Burst, ChargerEndpoint
from charging.tests.emulator.conftest import MB, Phone
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope

LEASE_OVER = timedelta(seconds=31)


class WorkerKilled(BaseException):
    """SIGKILL, as far as Python can play it."""


def test_a_download_is_charged_to_the_octet_and_hands_the_rest_back(phone: Phone):
    session = phone.start("data", 250 * MB, label="Podcast")

    assert phone.work(session) is None

    ended, bucket = phone.read(session), phone.bucket("data")
    assert (ended.state, ended.result, ended.used, ended.cost) == ("ended", "SUCCESS", 250 * MB, 0)
    assert (bucket.used, bucket.reserved) == (250 * MB, 0)


def test_each_message_is_kept_with_its_request_and_answer(phone: Phone):
    session = phone.start("sms", 5, destination="+49301234567")

    phone.work(session)

    create, release = phone.exchanges(session)
    assert (create.operation, create.status, create.result) == ("create", 201, "SUCCESS")
    assert (create.requested, create.granted) == (5, 5)
    assert create.answer["multipleUnitInformation"][0]["grantedUnit"] == {"serviceSpecificUnits": 5}
    assert (release.operation, release.status, release.used) == ("release", 204, 5)
    assert release.url.endswith(f"/{phone.read(session).charging_ref}/release")


def test_without_credit_the_session_ends_with_the_reason(phone: Phone):
    session = phone.start("sms", 600)

    phone.work(session)

    ended = phone.read(session)
    assert ended.used == 500
    assert ended.result != "SUCCESS"
    assert phone.bucket("sms").used == 500


def test_a_call_lasts_until_it_is_hung_up(phone: Phone):
    call = phone.start("voice", None, destination="+49301234567")

    due = phone.work(call)
    assert due is not None
    assert due > datetime.now(UTC)
    assert phone.bucket("voice").reserved == 300
    phone.hang_up(call)

    assert phone.work(call) is None
    ended, bucket = phone.read(call), phone.bucket("voice")
    assert ended.state == "ended"
    assert bucket.reserved == 0
    assert bucket.used == ended.used


def test_two_workers_do_not_run_one_session(phone: Phone):
    session = phone.start("sms", 1)
    now = datetime.now(UTC)

    with tenant_scope(phone.tenant):
        assert emulator_runner.claim(session.pk, now=now) is not None
        assert emulator_runner.claim(session.pk, now=now) is None
        assert emulator_runner.claim(session.pk, now=now + LEASE_OVER) is not None


@pytest.mark.parametrize("killed_at", ["create", "update", "release"])
def test_a_worker_killed_after_sending_is_replaced_without_charging_twice(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, killed_at: str
):
    """The answer is lost with the worker: the next sends the same again, marked as repeated."""
    session = phone.start("data", 250 * MB)
    send = ChargingConnection.send

    async def send_and_die(self, operation, body, **more):
        exchange = await send(self, operation, body, **more)
        if operation == killed_at:
            raise WorkerKilled
        return exchange

    monkeypatch.setattr(ChargingConnection, "send", send_and_die)
    with pytest.raises(WorkerKilled):
        phone.work(session)
    monkeypatch.setattr(ChargingConnection, "send", send)

    assert phone.work(session, later=LEASE_OVER) is None

    ended, bucket = phone.read(session), phone.bucket("data")
    repeated = [e.operation for e in phone.exchanges(session) if e.is_retransmission]
    assert repeated == [killed_at]
    assert (ended.state, ended.used) == ("ended", 250 * MB)
    assert (bucket.used, bucket.reserved) == (250 * MB, 0)


def test_a_worker_that_lost_its_lease_writes_nothing_more(phone: Phone, monkeypatch):
    session = phone.start("data", 250 * MB)
    send = ChargingConnection.send

    async def send_while_another_takes_over(self, operation, body, **more):
        exchange = await send(self, operation, body, **more)
        if operation == "update":
            with tenant_scope(phone.tenant):
                taken = await emulator_runner._in_database(
                    emulator_runner.claim, session.pk, now=datetime.now(UTC) + LEASE_OVER
                )
            assert taken is not None
        return exchange

    monkeypatch.setattr(ChargingConnection, "send", send_while_another_takes_over)

    with pytest.raises(emulator_runner.LeaseLost):
        phone.work(session)

    assert [e.operation for e in phone.exchanges(session)] == ["create"]


def test_without_a_charging_function_the_session_waits_and_tries_again(phone: Phone, settings):
    session = phone.start("sms", 1)
    reachable, settings.CHF_URL = settings.CHF_URL, "http://127.0.0.1:1"

    due = phone.work(session)

    assert due is not None
    assert phone.read(session).state == "running"
    assert phone.exchanges(session)[-1].result == "NO_ANSWER"
    settings.CHF_URL = reachable
    phone.work(session)
    assert phone.read(session).state == "ended"
    assert phone.bucket("sms").used == 1


def test_a_charging_function_that_stays_away_fails_the_session(phone: Phone, settings, monkeypatch):
    session = phone.start("sms", 1)
    settings.CHF_URL = "http://127.0.0.1:1"
    monkeypatch.setattr(emulator_runner, "GIVE_UP_AFTER", timedelta())

    phone.work(session)
    phone.work(session)

    failed = phone.read(session)
    assert (failed.state, failed.result) == ("failed", "NO_ANSWER")


def test_the_tenants_own_charger_is_asked_when_one_is_set(phone: Phone, settings):
    with tenant_scope(phone.tenant):
        ChargerEndpoint.objects.create(url=settings.CHF_URL)
    session = phone.start("sms", 1)

    phone.work(session)

    failed = phone.read(session)
    assert phone.exchanges(session)[0].status == 401
    assert failed.state == "failed"


def test_a_burst_charges_every_session_once(phone: Phone):
    with tenant_scope(phone.tenant):
        burst = emulator.start_burst(
            device=phone.device,
            service="sms",
            volume=1,
            sessions=60,
            concurrency=20,
            actor=SYSTEM,
            now=datetime.now(UTC),
        )
        claimed = emulator_burst.claim_burst(burst.pk, now=datetime.now(UTC))
        is_left = async_to_sync(emulator_burst.run_chunk)(claimed)
        ended = Burst.objects.get(pk=burst.pk)

    assert not is_left
    assert (ended.state, ended.done, ended.refused, ended.failed) == ("ended", 60, 0, 0)
    assert phone.bucket("sms").used == 60


def test_a_burst_is_worked_off_in_chunks_and_counts_what_is_refused(phone: Phone, monkeypatch):
    monkeypatch.setattr(emulator_burst, "CHUNK_SESSIONS", 3)
    with tenant_scope(phone.tenant):
        burst = emulator.start_burst(
            device=phone.device,
            service="sms",
            volume=200,
            sessions=5,
            concurrency=1,
            actor=SYSTEM,
            now=datetime.now(UTC),
        )
        turns = []
        for _ in range(2):
            claimed = emulator_burst.claim_burst(burst.pk, now=datetime.now(UTC))
            turns.append(async_to_sync(emulator_burst.run_chunk)(claimed))
        ended = Burst.objects.get(pk=burst.pk)

    assert turns == [True, False]
    assert (ended.done, ended.refused, ended.failed) == (5, 3, 0)
    assert phone.bucket("sms").used == 500
