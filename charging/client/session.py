"""One charging session from the network's side, without I/O (a CTF, TS 32.290 §5.3).

The caller lets units be used, asks for the request that is due, sends it, and hands back what
became of it:

    session.use_up_to_report()        # as fast as possible; in real time the clock does it
    if session.prepare(now):
        exchange = await session.transmit(connection)
        session.apply(exchange, now=now)

`drive.step` does the last three with saving in between.

Rules: ask in slices; report what was used since the last report at threshold, exhaustion and
expiry; never use more than was granted; use the last grant up and stop; stop when refused;
release when nothing runs any more, or when told to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from charging.client.bodies import Entry, build_request
from charging.client.exchange import Exchange
from charging.client.state import Phase, QuotaLine, SessionState, new_state
from charging.client.transport import ChargingConnection, reference_in
from charging.client.usage import Scenario, UsagePlan
from charging.engine.tariff import Unit
from charging.nchf import reading
from charging.nchf.messages import (
    MultipleUnitInformation,
    Operation,
    ResultCode,
    TriggerType,
)

IDLE = timedelta(hours=1)
"""When to look again at a call that nothing limits."""


class ChargingSessionClient:
    """The state machine of one session; all it knows is in `state`."""

    def __init__(self, state: SessionState) -> None:
        self.state = state

    @classmethod
    def start(cls, plan: UsagePlan, *, real_time: bool = False) -> Self:
        """`real_time`: seconds are used by passing, as in a call that lasts until hung up."""
        return cls(new_state(plan, real_time=real_time))

    @classmethod
    def restore(cls, saved: bytes) -> Self:
        return cls(SessionState.restore(saved))

    @property
    def is_over(self) -> bool:
        return self.state.phase in (Phase.CLOSED, Phase.FAILED)

    # ── using units ──────────────────────────────────────────────────────────────────────

    def use_up_to_report(self) -> None:
        """Use as fast as possible: each line up to where it has to ask, or to its end."""
        for line in self.state.lines:
            usable = line.usable
            if usable and not line.is_unmetered and not line.is_covered:
                usable = min(usable, max(line.report_point - line.used, 0))
            line.used += usable

    def advance(self, now: datetime) -> None:
        """In real time: count the seconds since the last count; blocked time is not used."""
        for line in self.state.lines:
            if line.counted_until is None:
                continue
            passed = int((now - line.counted_until).total_seconds())
            if passed > 0:
                line.used += passed if line.is_unlimited else min(passed, line.usable)
                line.counted_until += timedelta(seconds=passed)

    def next_action_at(self, now: datetime) -> datetime | None:
        """In real time: when `prepare` has something to do; None once the session is over.

        Being late does no harm: a call waits for its quota and uses nothing meanwhile. A far
        moment is given for a call that needs no quota.
        """
        state = self.state
        if self.is_over:
            return None
        if state.pending or state.phase is Phase.NEW or state.is_ending or not self._is_running():
            return now
        moments = [moment for line in state.lines if (moment := self._next_of(line, now))]
        return min(moments, default=now + IDLE)

    def _next_of(self, line: QuotaLine, now: datetime) -> datetime | None:
        if line.due_trigger(now) or (line.used and not line.is_running):
            return now
        if not line.is_running or line.counted_until is None:
            return line.valid_until if line.is_running else None
        amounts = [] if line.remaining is None else [line.remaining]
        if not line.is_unmetered and not line.is_covered:
            amounts.append(max(line.report_point - line.used, 0))
        moments = [line.counted_until + timedelta(seconds=amount) for amount in amounts]
        if line.valid_until is not None:
            moments.append(line.valid_until)
        return min(moments, default=None)

    def end(self) -> None:
        """Hang up or cancel: the next request is the release."""
        self.state.is_ending = True

    # ── what to send ─────────────────────────────────────────────────────────────────────

    def prepare(self, now: datetime) -> bool:
        """Build the request that is due; False when nothing is. One at a time: a request whose
        outcome is unknown stays pending."""
        state = self.state
        self.advance(now)
        if state.pending is not None:
            return True
        self._stop_final_lines()
        match state.phase:
            case Phase.NEW:
                state.started_at = now
                operation, entries = Operation.CREATE, self._opening_entries()
            case Phase.ACTIVE if state.is_ending or not self._is_running():
                operation, entries = Operation.RELEASE, self._final_entries()
            case Phase.ACTIVE:
                operation, entries = Operation.UPDATE, self._due_entries(now)
                if not entries:
                    return False
            case _:
                return False
        state.pending = build_request(state, operation, entries, now=now)
        return True

    def _is_running(self) -> bool:
        return any(line.is_running for line in self.state.lines)

    def _stop_final_lines(self) -> None:
        for line in self.state.lines:
            if line.is_running and line.is_final and line.granted and line.used >= line.granted:
                line.stop_reason = "final units used"

    def _opening_entries(self) -> list[Entry]:
        if self.state.plan.scenario is not Scenario.POST_EVENT:
            return [Entry(line=line, asks=True) for line in self.state.lines]
        for line in self.state.lines:
            line.used = line.use.amount or 0
        return [
            Entry(line=line, trigger=TriggerType.FINAL, used=line.used) for line in self.state.lines
        ]

    def _due_entries(self, now: datetime) -> list[Entry]:
        due = [(line, line.due_trigger(now)) for line in self.state.lines]
        asking = [
            Entry(line=line, asks=True, trigger=trigger, used=line.used)
            for line, trigger in due
            if trigger is not None
        ]
        ended = [line for line in self.state.lines if not line.is_running and line.used]
        return asking + [self._final_entry(line) for line in ended]

    def _final_entries(self) -> list[Entry]:
        """Of all that had quota or used something; what was refused has nothing to report."""
        return [self._final_entry(line) for line in self.state.lines if line.granted or line.used]

    def _final_entry(self, line: QuotaLine) -> Entry:
        return Entry(line=line, trigger=TriggerType.FINAL, used=line.used)

    async def transmit(self, connection: ChargingConnection) -> Exchange:
        """Send the pending request; one that was sent before is marked as a retransmission."""
        pending = self.state.pending
        assert pending is not None, "prepare() first"
        was_sent, pending.was_sent = pending.was_sent, True
        return await connection.send(
            pending.operation, pending.body, reference=self.state.reference, is_repeat=was_sent
        )

    # ── what came back ───────────────────────────────────────────────────────────────────

    def apply(self, exchange: Exchange, *, now: datetime) -> None:
        """Take in the outcome. An unresolved one leaves the request pending: transmit it again
        later, or `give_up`."""
        state, pending = self.state, self.state.pending
        assert pending is not None, "nothing was sent"
        state.exchanges += 1
        if exchange.is_unresolved:
            return
        self.advance(now)
        state.pending = None
        if exchange.is_success:
            self._acknowledge(pending.in_flight)
            self._take_answer(exchange, pending.asked, now)
        else:
            self._take_refusal(exchange, pending.in_flight)

    def give_up(self, exchange: Exchange) -> None:
        """No outcome is to be had for the pending request.

        Its usage may have been charged, so that it is not reported again; a session that exists
        is released next.
        """
        state, pending = self.state, self.state.pending
        assert pending is not None, "nothing was sent"
        state.pending = None
        self._fail_with(exchange)
        self._acknowledge(pending.in_flight)
        if pending.operation is Operation.UPDATE:
            state.is_ending = True
        else:
            state.phase = Phase.FAILED

    def _acknowledge(self, in_flight: list[int]) -> None:
        for line, amount in zip(self.state.lines, in_flight, strict=True):
            line.used -= amount
            line.reported += amount

    def _take_answer(self, exchange: Exchange, asked: list[bool], now: datetime) -> None:
        state = self.state
        if exchange.operation is Operation.RELEASE:
            state.phase = Phase.CLOSED
            return
        for line, line_asked in zip(state.lines, asked, strict=True):
            if line_asked:
                entry = self._entry_for(line, exchange.unit_information)
                self._take_entry(line, entry, exchange.operation, now)
        if exchange.operation is Operation.CREATE:
            self._open(exchange)

    def _entry_for(
        self, line: QuotaLine, entries: list[MultipleUnitInformation]
    ) -> MultipleUnitInformation | None:
        """The line's entry; a peer that does not echo the UPF is understood if only one asked."""
        rating_group = line.use.rating_group
        ours = [entry for entry in entries if entry.rating_group == rating_group]
        is_only = sum(each.use.rating_group == rating_group for each in self.state.lines) == 1
        exact = (entry for entry in ours if (entry.upf_id or "") == line.use.upf_id)
        return next(exact, ours[0] if ours and is_only else None)

    def _open(self, exchange: Exchange) -> None:
        state = self.state
        if state.plan.scenario is not Scenario.SESSION:
            state.phase = Phase.CLOSED
            return
        state.reference = reference_in(exchange.location)
        if state.reference:
            state.phase = Phase.ACTIVE
        else:
            state.phase, state.cause = Phase.FAILED, "NO_LOCATION"
            state.detail = "the answer to the create names no charging session"

    def _take_entry(
        self,
        line: QuotaLine,
        entry: MultipleUnitInformation | None,
        operation: Operation,
        now: datetime,
    ) -> None:
        """The decision for one rating group; a new grant replaces what was left of the old."""
        line.granted, line.valid_until, line.is_final, line.threshold = 0, None, False, 0
        code = (entry.result_code if entry else None) or ResultCode.SUCCESS
        granted = self._granted(line, entry)
        is_refused = code not in (ResultCode.SUCCESS, ResultCode.QUOTA_MANAGEMENT_NOT_APPLICABLE)
        if is_refused:
            line.stop_reason = code
        elif self.state.plan.scenario is Scenario.IMMEDIATE_EVENT:
            self._take_event(line, granted)
        elif code == ResultCode.QUOTA_MANAGEMENT_NOT_APPLICABLE:
            line.is_unmetered = True
            self._start_counting(line, now)
        elif granted:
            assert entry is not None
            self._take_grant(line, entry, granted, now)
        elif operation is Operation.CREATE and not line.was_left_unanswered:
            line.was_left_unanswered = True  # free5GC grants at the first update
        else:
            line.stop_reason = "no quota in the answer"

    def _granted(self, line: QuotaLine, entry: MultipleUnitInformation | None) -> int | None:
        if entry is None or entry.granted_unit is None:
            return None
        return reading.amount_in(line.use.unit, entry.granted_unit)

    def _take_event(self, line: QuotaLine, granted: int | None) -> None:
        """An immediate event is delivered as far as it was granted; silence grants it all."""
        planned = line.use.amount or 0
        line.reported = planned if granted is None else min(granted, planned)
        line.granted_total = line.reported
        if line.reported < planned:
            line.stop_reason = "partly granted"

    def _take_grant(
        self, line: QuotaLine, entry: MultipleUnitInformation, granted: int, now: datetime
    ) -> None:
        line.granted = granted
        line.granted_total += granted
        line.is_final = entry.final_unit_indication is not None and bool(
            entry.final_unit_indication.final_unit_action
        )
        line.threshold = _threshold(line.use.unit, entry)
        if entry.validity_time:
            line.valid_until = now + timedelta(seconds=entry.validity_time)
        self._start_counting(line, now)

    def _start_counting(self, line: QuotaLine, now: datetime) -> None:
        if self.state.is_real_time and line.use.unit is Unit.SECONDS:
            line.counted_until = line.counted_until or now

    def _take_refusal(self, exchange: Exchange, in_flight: list[int]) -> None:
        """A 4xx. Without credit the usage was taken all the same (SigScale); else the release
        reports it once more."""
        state = self.state
        if exchange.is_known_release:
            state.phase = Phase.CLOSED
            self._acknowledge(in_flight)
            return
        self._fail_with(exchange)
        for line in state.lines:
            line.stop_reason = line.stop_reason or state.cause
        if exchange.operation is not Operation.UPDATE or exchange.status == 404:
            state.phase = Phase.FAILED
            return
        state.is_ending = True
        if exchange.status == 403:
            self._acknowledge(in_flight)

    def _fail_with(self, exchange: Exchange) -> None:
        state = self.state
        if not state.cause:
            status = f"HTTP_{exchange.status}" if exchange.status else "NO_ANSWER"
            state.cause = exchange.cause or status
            state.detail = exchange.detail


def _threshold(unit: Unit, entry: MultipleUnitInformation) -> int:
    match unit:
        case Unit.OCTETS:
            return entry.volume_quota_threshold or 0
        case Unit.SECONDS:
            return entry.time_quota_threshold or 0
        case _:
            return entry.unit_quota_threshold or 0
