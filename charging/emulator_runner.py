"""Carrying out one emulated session, step by step, by whichever worker holds its lease.

The client's state machine is saved before each request and after each answer. A worker that dies
leaves a lease that runs out; the next one sends the same request again, marked as a
retransmission, so nothing is charged twice and nothing stays reserved.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from charging.client.drive import step
from charging.client.exchange import Exchange
from charging.client.session import ChargingSessionClient
from charging.client.state import Phase
from charging.client.transport import ChargingConnection
from charging.emulator_connection import (
    NoRatingGroup,
    charger_endpoint,
    connect,
    is_built_in,
    plan_usage,
)
from charging.models import ChargerEndpoint, ChargingSession, EmulatedExchange, EmulatedSession
from charging.models.emulation import JobState
from notifications import live
from portal.tenancy.secrets import UnreadableSecret

LEASE: Final = timedelta(seconds=30)
BUDGET_SECONDS: Final = 35
"""A task hands on what it cannot finish within so long."""
RETRY_AFTER: Final = timedelta(seconds=2)
GIVE_UP_AFTER: Final = timedelta(seconds=60)
"""Past so long without an answer, the outcome of a request is given up."""
SHOWN_SECONDS_MAX: Final = 4.0
"""A paced session takes about so long at most, however many messages it needs."""

P = ParamSpec("P")
R = TypeVar("R")


class LeaseLost(Exception):
    """Another worker has the session now: stop at once and write nothing."""


def claim(session_id: int, *, now: datetime) -> EmulatedSession | None:
    """Take the lease of a session that is not over; None when somebody holds it."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    until = now + LEASE
    taken = EmulatedSession.objects.filter(
        free, pk=session_id, state__in=[JobState.QUEUED, JobState.RUNNING]
    ).update(state=JobState.RUNNING, lease_until=until, next_action_at=until)
    if not taken:
        return None
    session = EmulatedSession.objects.select_related("device").get(pk=session_id)
    if session.started_at is None:
        session.started_at = now
        session.save(update_fields=["started_at"])
    return session


async def carry_on(session: EmulatedSession) -> datetime | None:
    """Run a claimed session as far as possible now; when to come back, None: it is over."""
    try:
        runner = await _in_database(_prepare, session)
    except (NoRatingGroup, UnreadableSecret) as error:
        await _in_database(_fail, session, str(error) or "A secret cannot be read.")
        await live.announce_phone(session.device_id)
        return None
    async with runner.connection:
        return await runner.run()


async def _in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await database_sync_to_async(function)(*args, **kwargs)


def _prepare(session: EmulatedSession) -> _SessionRunner:
    """Pick up the session's state, or begin it. Raises NoRatingGroup, UnreadableSecret."""
    endpoint = charger_endpoint()
    connection = connect(endpoint, now=timezone.now())
    if session.client_state:
        client = ChargingSessionClient.restore(bytes(session.client_state))
    else:
        plan = plan_usage(
            device=session.device,
            service=session.service,
            volume=session.volume,
            destination=session.destination,
            rating_group=session.rating_group,
            endpoint=endpoint,
        )
        client = ChargingSessionClient.start(plan, real_time=session.volume is None)
    return _SessionRunner(session, client, connection, endpoint)


class _SessionRunner:
    """One worker's turn at one session."""

    def __init__(
        self,
        row: EmulatedSession,
        client: ChargingSessionClient,
        connection: ChargingConnection,
        endpoint: ChargerEndpoint,
    ) -> None:
        self.row = row
        self.client = client
        self.connection = connection
        self.endpoint = endpoint
        self.stops_at = time.monotonic() + BUDGET_SECONDS
        self.pace_seconds = _pace(row)

    async def run(self) -> datetime | None:
        while not self.client.is_over:
            if await _in_database(self._hangs_up):
                self.client.end()
            if not self.client.state.is_real_time:
                self.client.use_up_to_report()
            exchange = await step(
                self.client, self.connection, on_exchange=self._note, save=self._save
            )
            if exchange is None or self._has_no_outcome() or time.monotonic() > self.stops_at:
                return await self._hand_on(exchange)
            if not self.client.is_over:
                await asyncio.sleep(self.pace_seconds)
        await _in_database(self._finish)
        await live.announce_phone(self.row.device_id)
        return None

    def _has_no_outcome(self) -> bool:
        return self.client.state.pending is not None

    def _hangs_up(self) -> bool:
        return EmulatedSession.objects.values_list("hangs_up", flat=True).get(pk=self.row.pk)

    async def _save(self, state: bytes) -> None:
        await _in_database(self._write, client_state=state)

    async def _note(self, exchange: Exchange) -> None:
        await _in_database(_store_exchange, self.row, exchange)
        await live.announce_phone(self.row.device_id)

    async def _hand_on(self, exchange: Exchange | None) -> datetime | None:
        """Give the lease back until the next step is due."""
        now = timezone.now()
        if exchange is not None and self._has_no_outcome():
            if now - await _in_database(self._last_outcome_at) > GIVE_UP_AFTER:
                self.client.give_up(exchange)
            else:
                return await _in_database(self._release, now + RETRY_AFTER)
        due = self.client.next_action_at(now) if self.client.state.is_real_time else now
        return await _in_database(self._release, due or now)

    def _release(self, due: datetime) -> datetime:
        """A hang-up that arrived meanwhile makes the next step due now."""
        if self._hangs_up() and not self.client.state.is_ending:
            due = timezone.now()
        self._write(client_state=self.client.state.save(), lease_until=None, next_action_at=due)
        return due

    def _last_outcome_at(self) -> datetime:
        answered = EmulatedExchange.objects.filter(session=self.row, status__lt=500)
        last = answered.order_by("-pk").values_list("at", flat=True).first()
        return last or self.row.started_at or self.row.created_at

    def _finish(self) -> None:
        state, line = self.client.state, self.client.state.lines[0]
        failed = state.phase is Phase.FAILED
        self._write(
            state=JobState.FAILED if failed else JobState.ENDED,
            client_state=state.save(),
            charging_ref=state.reference,
            used=line.reported,
            result=(state.cause or line.stop_reason or "SUCCESS")[:40],
            error=state.detail[:300],
            cost=self._cost(),
            lease_until=None,
            next_action_at=None,
            ended_at=timezone.now(),
        )

    def _cost(self) -> int | None:
        """Only the built-in charging function tells: N40 itself does not."""
        if not is_built_in(self.endpoint) or not self.client.state.reference:
            return None
        found = ChargingSession.objects.filter(ref=self.client.state.reference)
        return found.values_list("cost", flat=True).first()

    def _write(self, **values: Any) -> None:
        """Update the row as long as the lease is ours, and renew it. Raises LeaseLost."""
        until = timezone.now() + LEASE
        values = {
            "lease_until": until,
            "next_action_at": until,
            "charging_ref": self.client.state.reference,
            **values,
        }
        ours = EmulatedSession.objects.filter(pk=self.row.pk, lease_until=self.row.lease_until)
        if not ours.update(**values):
            raise LeaseLost
        self.row.lease_until = values["lease_until"]


def _pace(session: EmulatedSession) -> float:
    """Seconds between two messages, so that people can follow."""
    messages = 2 if session.volume is None else 2 + session.volume // _SLICE.get(session.service, 1)
    return min(settings.EMULATOR_PACE_SECONDS, SHOWN_SECONDS_MAX / max(messages, 1))


_SLICE: Final = {"data": 100 * 2**20, "voice": 300, "sms": 10_000}


def _store_exchange(session: EmulatedSession, exchange: Exchange) -> None:
    line = next(iter(exchange.results), None)
    EmulatedExchange.objects.create(
        session=session,
        at=exchange.sent_at,
        operation=exchange.operation.value,
        sequence_number=exchange.sequence_number,
        is_retransmission=bool(exchange.request.get("retransmissionIndicator")),
        status=exchange.status,
        result=result_of(exchange)[:60],
        requested=line.requested if line else None,
        granted=line.granted if line else None,
        used=line.used if line else None,
        is_final=bool(line and line.is_final),
        duration_us=int(exchange.duration_seconds * 1_000_000),
        url=exchange.url[:500],
        request=exchange.request,
        answer=exchange.answer,
        error=(exchange.error or exchange.answer_text)[:300],
    )


def result_of(exchange: Exchange) -> str:
    """One word of N40 for what became of a request."""
    if exchange.status is None:
        return "NO_ANSWER"
    if not exchange.is_success:
        return exchange.cause or f"HTTP_{exchange.status}"
    return next((line.result_code for line in exchange.results if line.result_code), "SUCCESS")


def _fail(session: EmulatedSession, error: str) -> None:
    EmulatedSession.objects.filter(pk=session.pk).update(
        state=JobState.FAILED,
        result="NOT_SENT",
        error=error[:300],
        lease_until=None,
        next_action_at=None,
        ended_at=timezone.now(),
    )
