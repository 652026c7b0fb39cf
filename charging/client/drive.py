"""Running sessions to their end: one with a face, or a great many."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from charging.client.exchange import Exchange
from charging.client.session import ChargingSessionClient
from charging.client.state import Phase
from charging.client.transport import ChargingConnection
from charging.client.usage import UsagePlan
from charging.engine.tariff import Unit

OnExchange = Callable[[Exchange], Awaitable[None]]
Clock = Callable[[], datetime]

EXCHANGES_MAX = 10_000
"""A charging function that grants crumbs must not keep a session for ever."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSummary:
    rating_group: int
    upf_id: str
    unit: Unit
    planned: int | None
    used: int
    granted: int
    stop_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """How a session ended."""

    phase: Phase
    reference: str
    lines: list[LineSummary]
    exchanges: int
    cause: str
    detail: str
    duration_seconds: float

    @property
    def is_complete(self) -> bool:
        """Everything planned was used and charged."""
        return self.phase is Phase.CLOSED and all(
            line.planned is None or line.used >= line.planned for line in self.lines
        )


def summarise(session: ChargingSessionClient, duration_seconds: float = 0.0) -> SessionSummary:
    state = session.state
    lines = [
        LineSummary(
            rating_group=line.use.rating_group,
            upf_id=line.use.upf_id,
            unit=line.use.unit,
            planned=line.use.amount,
            used=line.reported,
            granted=line.granted_total,
            stop_reason=line.stop_reason,
        )
        for line in state.lines
    ]
    return SessionSummary(
        phase=state.phase,
        reference=state.reference,
        lines=lines,
        exchanges=state.exchanges,
        cause=state.cause,
        detail=state.detail,
        duration_seconds=duration_seconds,
    )


async def step(
    session: ChargingSessionClient,
    connection: ChargingConnection,
    *,
    clock: Clock = utc_now,
    on_exchange: OnExchange | None = None,
    save: Callable[[bytes], Awaitable[None]] | None = None,
) -> Exchange | None:
    """Send what is due now and take in the outcome; None when nothing is due.

    `save` is called before sending and after the outcome: a process that dies in between sends
    the same request again, marked as a retransmission, and nothing is charged twice. The request
    stays pending (`session.state.pending`) while its outcome is unknown.
    """
    if not session.prepare(clock()):
        return None
    assert session.state.pending is not None
    if save is not None:
        await save(_saved_as_sent(session))
    exchange = await session.transmit(connection)
    session.apply(exchange, now=clock())
    if save is not None:
        await save(session.state.save())
    if on_exchange is not None:
        await on_exchange(exchange)
    return exchange


def _saved_as_sent(session: ChargingSessionClient) -> bytes:
    pending = session.state.pending
    assert pending is not None
    was_sent, pending.was_sent = pending.was_sent, True
    saved = session.state.save()
    pending.was_sent = was_sent
    return saved


async def run_session(
    connection: ChargingConnection,
    plan: UsagePlan,
    on_exchange: OnExchange | None = None,
    clock: Clock = utc_now,
    *,
    retry_delays_seconds: Sequence[float] = (),
) -> SessionSummary:
    """Use what is planned as fast as the charging function grants it, and release.

    A request whose outcome stays unknown is sent again after each of the delays, then given up.
    Cancelling the task releases the session first. What lasts until hung up needs `step`.
    """
    assert all(use.amount is not None for use in plan.uses), "needs amounts"
    session, started = ChargingSessionClient.start(plan), time.monotonic()
    runner = _Runner(connection, session, on_exchange, clock, retry_delays_seconds)
    try:
        await runner.run()
    except asyncio.CancelledError:
        await asyncio.shield(runner.release())
        raise
    return summarise(session, time.monotonic() - started)


@dataclass(slots=True)
class _Runner:
    connection: ChargingConnection
    session: ChargingSessionClient
    on_exchange: OnExchange | None
    clock: Clock
    retry_delays_seconds: Sequence[float]

    async def run(self) -> None:
        while not self.session.is_over:
            if self.session.state.exchanges >= EXCHANGES_MAX:
                self.session.end()
            self.session.use_up_to_report()
            was_due = await self._send_due()
            assert was_due, "an open session always has something to send"

    async def release(self) -> None:
        """After a cancellation: learn what became of the pending request, then release."""
        state = self.session.state
        self.session.end()
        while not self.session.is_over and (state.pending or state.reference):
            await self._send_due()

    async def _send_due(self) -> bool:
        exchange = await self._step()
        for delay in self.retry_delays_seconds:
            if exchange is None or self.session.state.pending is None:
                break
            await asyncio.sleep(delay)
            exchange = await self._step()
        if exchange is not None and self.session.state.pending is not None:
            self.session.give_up(exchange)
        return exchange is not None

    async def _step(self) -> Exchange | None:
        return await step(
            self.session, self.connection, clock=self.clock, on_exchange=self.on_exchange
        )


@dataclass(slots=True, kw_only=True)
class BurstProgress:
    """Counts of a burst so far."""

    total: int
    done: int = 0
    complete: int = 0
    """Used all that was planned."""
    failed: int = 0
    """No session, or lost on the way; the others ended early for lack of credit."""
    exchanges: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


async def run_burst(
    connection: ChargingConnection,
    plans: Iterable[UsagePlan],
    concurrency: int,
    on_progress: Callable[[BurstProgress], Awaitable[None]] | None = None,
    *,
    on_exchange: OnExchange | None = None,
    clock: Clock = utc_now,
    retry_delays_seconds: Sequence[float] = (),
) -> BurstProgress:
    """Run many sessions at once over one connection; `on_progress` follows each that ends."""
    planned = list(plans)
    progress, started = BurstProgress(total=len(planned)), time.monotonic()

    async def work(queue: Iterator[UsagePlan]) -> None:
        for plan in queue:
            summary = await run_session(
                connection, plan, on_exchange, clock, retry_delays_seconds=retry_delays_seconds
            )
            progress.seconds = time.monotonic() - started
            _count(progress, summary)
            if on_progress is not None:
                await on_progress(progress)

    queue = iter(planned)
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(concurrency, len(planned))):
            workers.create_task(work(queue))
    return progress


def _count(progress: BurstProgress, summary: SessionSummary) -> None:
    progress.done += 1
    progress.exchanges += summary.exchanges
    progress.complete += summary.is_complete
    progress.failed += summary.phase is Phase.FAILED
    reasons = {summary.cause, *(line.stop_reason for line in summary.lines)}
    progress.causes.update(reason for reason in reasons if reason)
