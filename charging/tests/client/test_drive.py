"""Whole sessions over real HTTP/2."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from charging.client.drive import BurstProgress, run_burst, run_session, step
from charging.client.exchange import Exchange
from charging.client.session import ChargingSessionClient
from charging.client.state import Phase
from charging.client.transport import ChargingConnection
from charging.client.usage import ServedDevice, data_usage, text_messages, voice_call
from charging.engine.tariff import Unit
from charging.tests.client.answers import (
    FINAL,
    RELEASED,
    created,
    entry,
    events,
    octets,
    problem,
    updated,
)

PHONE = ServedDevice(subscriber_identifier="imsi-001010000000001", gpsi="msisdn-34600000001")


def plan(volume: int = 250, slice_octets: int = 100):
    return data_usage(PHONE, volume, rating_group=300, slice_octets=slice_octets)


class Log:
    """What an emulator would show."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


async def test_a_session_runs_from_create_to_release(chf, connection):
    chf.script(
        create=[created(octets(300, 100, volumeQuotaThreshold=20))],
        update=[updated(octets(300, 100, volumeQuotaThreshold=20))],
        release=[RELEASED],
    )
    log = Log()

    summary = await run_session(connection, plan(), log)

    assert chf.operations == ["create", "update", "update", "release"]
    assert summary.is_complete
    assert (summary.phase, summary.reference, summary.exchanges) == (Phase.CLOSED, "ref-1", 4)
    (line,) = summary.lines
    assert (line.rating_group, line.unit, line.used, line.granted) == (300, Unit.OCTETS, 250, 300)
    used = [result.used for exchange in log.exchanges for result in exchange.results]
    assert used == [0, 80, 80, 90]


async def test_the_log_shows_what_was_asked_and_granted(chf, connection):
    chf.script(create=[created(octets(300, 60, **FINAL))], release=[RELEASED])
    log = Log()

    summary = await run_session(connection, plan(), log)

    (asked,) = log.exchanges[0].results
    assert (asked.unit, asked.requested, asked.granted) == (Unit.OCTETS, 100, 60)
    assert (asked.result_code, asked.is_final) == ("SUCCESS", True)
    assert not summary.is_complete
    assert summary.lines[0].stop_reason == "final units used"


@pytest.mark.parametrize("location", ["bare-ref", "http://other.example/x/chargingdata/bare-ref"])
async def test_every_form_of_location_leads_to_the_session(chf, connection, location: str):
    chf.script(create=[created(octets(300, 250), location=location)], release=[RELEASED])

    await run_session(connection, plan())

    assert chf.received[1]["path"] == "/nchf-convergedcharging/v3/chargingdata/bare-ref/release"


async def test_a_refused_create_ends_at_once(chf, connection):
    chf.script(create=[problem(403, "QUOTA_LIMIT_REACHED")])

    summary = await run_session(connection, plan())

    assert chf.operations == ["create"]
    assert (summary.phase, summary.cause) == (Phase.FAILED, "QUOTA_LIMIT_REACHED")
    assert summary.detail == "no: QUOTA_LIMIT_REACHED"


async def test_a_release_that_answers_200_with_a_body_is_a_release(chf, connection):
    chf.script(create=[created(octets(300, 250))], release=[updated()])

    assert (await run_session(connection, plan())).is_complete


async def test_a_session_survives_a_lost_answer(chf):
    slow = {**updated(octets(300, 100)), "delay": 0.6}
    chf.script(
        create=[created(octets(300, 100))],
        update=[slow, updated(octets(300, 200))],
        release=[RELEASED],
    )

    async with ChargingConnection(
        chf.url, timeout_seconds=0.3, resend_delay_seconds=0
    ) as connection:
        summary = await run_session(connection, plan())

    assert summary.is_complete
    assert chf.operations == ["create", "update", "update", "release"]
    first, second = chf.bodies[1:3]
    assert second == {**first, "retransmissionIndicator": True}


async def test_a_charging_function_that_is_away_for_a_while_is_waited_for(chf, connection):
    away = problem(503, "NF_CONGESTION")
    chf.script(
        create=[created(octets(300, 100))],
        update=[away, away, away, updated(octets(300, 200))],
        release=[RELEASED],
    )

    summary = await run_session(connection, plan(), retry_delays_seconds=[0.01, 0.01])

    assert summary.is_complete
    updates = [body for body in chf.bodies if body["invocationSequenceNumber"] == 1]
    assert [body.get("retransmissionIndicator") for body in updates] == [None, True, True, True]


async def test_an_update_that_is_given_up_is_followed_by_the_release(chf, connection):
    chf.script(
        create=[created(octets(300, 100))],
        update=[problem(500, "SYSTEM_FAILURE")],
        release=[RELEASED],
    )

    summary = await run_session(connection, plan())

    assert chf.operations == ["create", "update", "update", "release"]
    assert (summary.phase, summary.cause) == (Phase.CLOSED, "SYSTEM_FAILURE")


async def test_cancelling_a_session_releases_it(chf, connection):
    slow = {**updated(octets(300, 100)), "delay": 0.3}
    chf.script(create=[created(octets(300, 100))], update=[slow], release=[RELEASED])

    running = asyncio.create_task(run_session(connection, plan()))
    while "update" not in chf.operations:  # noqa: ASYNC110  another process receives
        await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert chf.operations == ["create", "update", "update", "release"]


async def test_crumbs_do_not_keep_a_session_for_ever(chf, connection, monkeypatch):
    monkeypatch.setattr("charging.client.drive.EXCHANGES_MAX", 5)
    chf.script(
        create=[created(octets(300, 1))], update=[updated(octets(300, 1))], release=[RELEASED]
    )

    summary = await run_session(connection, plan())

    assert chf.operations == ["create", *["update"] * 4, "release"]
    assert summary.lines[0].used == 5


async def test_a_killed_process_is_continued_with_the_same_request(chf, connection):
    chf.script(
        create=[created(octets(300, 100))], update=[updated(octets(300, 200))], release=[RELEASED]
    )
    saved: list[bytes] = []

    async def save(state: bytes) -> None:
        saved.append(state)

    session = ChargingSessionClient.start(plan())
    await step(session, connection, save=save)
    session.use_up_to_report()
    await step(session, connection, save=save)
    before_the_update_was_answered = saved[2]

    restored = ChargingSessionClient.restore(before_the_update_was_answered)
    await step(restored, connection)
    restored.use_up_to_report()
    await step(restored, connection)

    assert chf.operations == ["create", "update", "update", "release"]
    first, second = chf.bodies[1:3]
    assert second == {**first, "retransmissionIndicator": True}
    assert restored.state.lines[0].reported == 250


async def test_nothing_is_sent_while_nothing_is_due(chf, connection):
    call = voice_call(PHONE, None, rating_group=100, called_number="+34911222333")
    chf.script(create=[created(entry(100, grantedUnit={"time": 300}))])
    session = ChargingSessionClient.start(call, real_time=True)
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    await step(session, connection, clock=lambda: at)

    assert await step(session, connection, clock=lambda: at) is None
    assert chf.operations == ["create"]


async def test_messages_are_two_requests(chf, connection):
    chf.script(create=[created(events(200, 25))], release=[RELEASED])
    messages = text_messages(PHONE, 25, rating_group=200, recipient="34911222333")

    assert (await run_session(connection, messages)).is_complete
    assert chf.operations == ["create", "release"]


async def test_a_burst_runs_many_sessions_over_one_connection(chf, cable):
    chf.script(
        create=[created(octets(300, 100))], update=[updated(octets(300, 150))], release=[RELEASED]
    )
    seen: list[int] = []

    async def on_progress(progress: BurstProgress) -> None:
        seen.append(progress.done)

    async with ChargingConnection(cable.url) as connection:
        progress = await run_burst(connection, [plan() for _ in range(60)], 20, on_progress)

    assert (progress.total, progress.done, progress.complete, progress.failed) == (60, 60, 60, 0)
    assert progress.exchanges == 180
    assert seen == list(range(1, 61))
    assert cable.connections == 1


async def test_a_burst_counts_what_went_wrong(chf, connection):
    chf.script(create=[problem(404, "USER_UNKNOWN")])

    progress = await run_burst(connection, [plan() for _ in range(5)], 10)

    assert (progress.done, progress.complete, progress.failed) == (5, 0, 5)
    assert progress.causes == {"USER_UNKNOWN": 5}


async def test_an_empty_burst_is_over_at_once(connection):
    assert (await run_burst(connection, [], 10)).done == 0
