"""What one request has changed so far, kept beside the account and session it was given.

The account's buckets and the session's lines are never written to: an amount that moves is
counted in a `Working` bucket, a line that changes is copied first. `finish` turns the result
into moves and events.
"""

from __future__ import annotations

from datetime import datetime

from charging.engine import balances, trace
from charging.engine.thresholds import crossings_by_use
from charging.engine.values import (
    Account,
    Bucket,
    ChargingRequest,
    CreditLimitPassed,
    Line,
    LineTotal,
    Move,
    MoveKind,
    Outcome,
    RatingGroup,
    ReservedPart,
    SessionState,
    UsageUnrated,
    line_key,
)


class Working:
    """One bucket while a request is worked out: where its amounts stand now."""

    __slots__ = ("available", "bucket", "indebted", "used")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.available = bucket.available
        self.used = 0
        """Used by this request."""
        self.indebted = False
        """This request took it further below zero than its credit limit allows."""

    @property
    def spendable(self) -> int:
        """What may still be reserved or spent on new quota, credit included."""
        return max(0, self.available + self.bucket.credit_limit)


class Overlay:
    """One account and session, as one request leaves them."""

    __slots__ = (
        "_copied",
        "_money",
        "_moves",
        "_units",
        "_unrated",
        "_working",
        "account",
        "outcome",
        "request",
        "session",
        "trace",
    )

    def __init__(
        self, account: Account, session: SessionState | None, request: ChargingRequest
    ) -> None:
        self.account = account
        self.request = request
        if session is None:
            self.session = SessionState()
        else:
            self.session = SessionState(
                lines=dict(session.lines), totals=dict(session.totals), cost=session.cost
            )
        self.outcome = Outcome(session=self.session)
        self.trace = self.outcome.trace
        self._working: dict[int, Working] = {}
        self._units: dict[int, list[Working]] = {}
        self._money: dict[int, list[Working]] = {}
        self._copied: set[str] = set()
        self._moves: dict[tuple[int, MoveKind, int], Move] = {}
        self._unrated: dict[int, int] = {}

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def line(self, rating_group: int, upf_id: str) -> Line:
        """The session's line, as a copy of this request's own."""
        key = line_key(rating_group, upf_id)
        line = self.session.lines.get(key)
        if line is None:
            line = Line(rating_group=rating_group, upf_id=upf_id)
        elif key in self._copied:
            return line
        else:
            line = _copy_line(line)
        self._copied.add(key)
        self.session.lines[key] = line
        return line

    def total(self, key: str) -> LineTotal:
        return self.session.totals.get(key) or LineTotal()

    def working(self, bucket_id: int) -> Working | None:
        """The bucket's present state; None when the account was loaded without it."""
        working = self._working.get(bucket_id)
        if working is None:
            for bucket in self.account.buckets:
                if bucket.id == bucket_id:
                    return self._start(bucket)
        return working

    def open_units(self, rating_group: RatingGroup, at: datetime) -> list[Working]:
        """Buckets with free units of the rating group at `at`, in paying order."""
        found = []
        for working in self._usable(self._unit_candidates(rating_group), at):
            if working.available > 0:
                found.append(working)
            else:
                self.trace.append((trace.SKIPPED, working.bucket.id, trace.EMPTY))
        if len(found) > 1:
            self.trace.append((trace.ORDER, *(working.bucket.id for working in found)))
        return found

    def open_money(self, rating_group: RatingGroup, at: datetime) -> list[Working]:
        """Money that may pay for the rating group at `at`, empty or not, in paying order."""
        return self._usable(self._money_candidates(rating_group), at)

    def has_units_of(self, rating_group: RatingGroup) -> bool:
        """Whether any bucket of the rating group was ever given, be it used up or expired."""
        return bool(self._unit_candidates(rating_group))

    def _unit_candidates(self, rating_group: RatingGroup) -> list[Working]:
        """Buckets of the rating group's units in paying order, whatever their state."""
        found = self._units.get(rating_group.number)
        if found is None:
            mine = []
            for bucket in self.account.buckets:
                if balances.holds_units(bucket, rating_group):
                    if balances.is_kept_for_others(bucket, rating_group):
                        self.trace.append((trace.SKIPPED, bucket.id, trace.OTHER_RATING_GROUP))
                    else:
                        mine.append(bucket)
            found = self._units[rating_group.number] = self._in_order(mine)
        return found

    def _money_candidates(self, rating_group: RatingGroup) -> list[Working]:
        found = self._money.get(rating_group.number)
        if found is None:
            buckets = self.account.buckets
            mine = [bucket for bucket in buckets if balances.pays_money(bucket, rating_group)]
            found = self._money[rating_group.number] = self._in_order(mine)
        return found

    def _in_order(self, buckets: list[Bucket]) -> list[Working]:
        if len(buckets) > 1:
            buckets.sort(key=balances.paying_order)
        return [self._working.get(bucket.id) or self._start(bucket) for bucket in buckets]

    def _start(self, bucket: Bucket) -> Working:
        working = self._working[bucket.id] = Working(bucket)
        return working

    def _usable(self, candidates: list[Working], at: datetime) -> list[Working]:
        found = []
        for working in candidates:
            bucket = working.bucket
            if balances.is_usable(bucket, at):
                found.append(working)
            elif bucket.valid_from > at:
                since = int(bucket.valid_from.timestamp())
                self.trace.append((trace.SKIPPED, bucket.id, trace.NOT_YET_VALID, since))
            elif bucket.expires_at is not None:
                until = int(bucket.expires_at.timestamp())
                self.trace.append((trace.SKIPPED, bucket.id, trace.EXPIRED, until))
        return found

    # ── moving ───────────────────────────────────────────────────────────────────────────────

    def reserve(self, working: Working, amount: int, rating_group: int) -> None:
        working.available -= amount
        move = self._move(working, MoveKind.RESERVE, rating_group)
        move.available -= amount
        move.reserved += amount

    def post_reserved(self, working: Working, amount: int, rating_group: int) -> None:
        working.used += amount
        move = self._move(working, MoveKind.POST, rating_group)
        move.reserved -= amount
        move.used += amount

    def post_free(self, working: Working, amount: int, rating_group: int) -> None:
        working.available -= amount
        working.used += amount
        move = self._move(working, MoveKind.POST, rating_group)
        move.available -= amount
        move.used += amount

    def release(self, line: Line) -> None:
        """Hand back what the line still holds; into a bucket that has expired, as expired."""
        for part in line.parts:
            working = self.working(part.bucket_id)
            if working is None:
                self.trace.append((trace.HOLD_LOST, part.bucket_id, part.amount))
            elif part.amount:
                self._release_part(working, part.amount, line.rating_group)
        line.parts = []

    def _release_part(self, working: Working, amount: int, rating_group: int) -> None:
        move = self._move(working, MoveKind.VOID, rating_group)
        move.reserved -= amount
        if balances.is_expired(working.bucket, self.request.at):
            move.expired += amount
            self.trace.append((trace.LAPSED, working.bucket.id, amount))
        else:
            working.available += amount
            move.available += amount
            self.trace.append((trace.RETURNED, working.bucket.id, amount))

    def _move(self, working: Working, kind: MoveKind, rating_group: int) -> Move:
        key = (working.bucket.id, kind, rating_group)
        move = self._moves.get(key)
        if move is None:
            move = self._moves[key] = Move(
                bucket_id=working.bucket.id, kind=kind, rating_group=rating_group
            )
        return move

    # ── finishing ────────────────────────────────────────────────────────────────────────────

    def leave_unrated(self, rating_group: int, amount: int, reason: str) -> None:
        """Store usage that nothing can pay or price; someone is told what is missing."""
        self._unrated[rating_group] = self._unrated.get(rating_group, 0) + amount
        self.trace.append((trace.UNRATED, rating_group, amount, reason))

    def flag_debts(self) -> None:
        """Tell which buckets settled usage has left beyond their credit limit."""
        for working in self._working.values():
            if working.indebted and working.available < -working.bucket.credit_limit:
                self.outcome.events.append(
                    CreditLimitPassed(bucket_id=working.bucket.id, available=working.available)
                )
                self.trace.append((trace.CREDIT_PASSED, working.bucket.id, working.available))

    def finish(self) -> Outcome:
        outcome = self.outcome
        outcome.moves.extend(self._moves.values())
        for working in self._working.values():
            if working.used:
                self._tell_crossings(working)
        for rating_group, amount in self._unrated.items():
            outcome.events.append(UsageUnrated(rating_group=rating_group, amount=amount))
        self.session.cost += outcome.cost
        return outcome

    def _tell_crossings(self, working: Working) -> None:
        for event in crossings_by_use(working.bucket, working.used):
            self.outcome.events.append(event)
            self.trace.append(trace.of_crossing(event))


def _copy_line(line: Line) -> Line:
    return Line(
        rating_group=line.rating_group,
        upf_id=line.upf_id,
        parts=[
            ReservedPart(
                bucket_id=part.bucket_id,
                units=part.units,
                amount=part.amount,
                rate_key=part.rate_key,
            )
            for part in line.parts
        ],
        used=line.used,
        cost=line.cost,
        refused=line.refused,
    )
