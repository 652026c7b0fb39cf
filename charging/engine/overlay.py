"""What one request has changed so far, kept beside the account and session it was given.

The account's buckets and the session's lines are never written to: an amount that moves is
counted in a `Working` bucket, a line that changes is copied first. `finish` turns the result
into moves and events.
"""

from __future__ import annotations

from collections.abc import Iterator

from charging.engine import balances, trace
from charging.engine.candidates import Candidate, Candidates, Working, counting, look_out
from charging.engine.conditions import Situation
from charging.engine.profile import OURS, Profile
from charging.engine.tariff import PLAIN, RatingGroup, Unit
from charging.engine.values import (
    Account,
    Bucket,
    ChargingRequest,
    CreditLimitPassed,
    FirstUsed,
    Line,
    LineTotal,
    Meter,
    Move,
    MoveKind,
    Outcome,
    ReservedPart,
    SessionState,
    UsageUnrated,
    line_key,
)
from charging.engine.waterfall import Ground

COUNTED = "#"
"""Marks what a line has reserved in a counter."""


class Overlay:
    """One account and session, as one request leaves them."""

    __slots__ = (
        "_by_unit",
        "_candidates",
        "_copied",
        "_counters",
        "_moves",
        "_unrated",
        "_workings",
        "account",
        "is_suspended",
        "outcome",
        "profile",
        "request",
        "session",
        "trace",
    )

    def __init__(
        self,
        account: Account,
        session: SessionState | None,
        request: ChargingRequest,
        profile: Profile = OURS,
    ) -> None:
        self.account = account
        self.request = request
        self.profile = profile
        if session is None:
            self.session = SessionState()
        else:
            self.session = SessionState(
                lines=dict(session.lines),
                totals=dict(session.totals),
                cost=session.cost,
                meters={
                    key: Meter(position=meter.position, covered=meter.covered)
                    for key, meter in session.meters.items()
                },
            )
        self.outcome = Outcome(session=self.session)
        self.trace = self.outcome.trace
        self.is_suspended = False
        self._workings: dict[int, Working] = {}
        self._by_unit, self._counters = _sorted_out(account)
        self._candidates: dict[tuple[int, int], Candidates] = {}
        self._copied: set[str] = set()
        self._moves: dict[tuple[int, str, int], Move] = {}
        self._unrated: dict[tuple[int, str, Situation], int] = {}

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
            line = _copied(line)
        self._copied.add(key)
        self.session.lines[key] = line
        return line

    def total(self, key: str) -> LineTotal:
        return self.session.totals.get(key) or LineTotal()

    def meter(self, rating_group: int) -> Meter:
        meter = self.session.meters.get(rating_group)
        if meter is None:
            meter = self.session.meters[rating_group] = Meter()
        return meter

    def working(self, bucket_id: int) -> Working | None:
        """The bucket's present state; None when the account was loaded without it."""
        working = self._workings.get(bucket_id)
        if working is None:
            for bucket in self.account.buckets:
                if bucket.id == bucket_id:
                    return self._start(bucket)
        return working

    def require(self, bucket_id: int) -> Working:
        working = self.working(bucket_id)
        assert working is not None, "what pays was loaded"
        return working

    def started(self) -> list[Working]:
        """The buckets that this request has looked at."""
        return list(self._workings.values())

    def all_workings(self) -> list[Working]:
        return [self._workings.get(each.id) or self._start(each) for each in self.account.buckets]

    def _start(self, bucket: Bucket) -> Working:
        working = self._workings[bucket.id] = Working(bucket)
        return working

    @property
    def has_paid_fee(self) -> bool:
        """A unit of the session has been priced: its connect fee is not due again."""
        return any(total.units for total in self.session.totals.values())

    def candidates(self, rating_group: RatingGroup, situation: Situation) -> Candidates:
        """Who may pay for the rating group in the situation, looked out once a request."""
        key = (rating_group.number, id(situation))
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = self._look_out(rating_group, situation)
        return found

    def _look_out(self, rating_group: RatingGroup, situation: Situation) -> Candidates:
        account = self.account
        units: list[Candidate] = []
        if rating_group.unit is not Unit.NANO_MONEY:
            mine = self._concerned(rating_group, rating_group.unit)
            units = look_out(account, mine, rating_group, situation, self.trace)
        if rating_group.unit is not Unit.GENERIC and self._has(Unit.GENERIC):
            generic = self._concerned(rating_group, Unit.GENERIC)
            units += look_out(account, generic, rating_group, situation, self.trace)

        def money() -> list[Candidate]:
            purses = self._concerned(rating_group, Unit.NANO_MONEY)
            return look_out(account, purses, rating_group, situation, None)

        counters: list[Working] = []
        if self._counters:
            concerned = (each for each in self._counters if balances.concerns(each, rating_group))
            started = (self._workings.get(each.id) or self._start(each) for each in concerned)
            counters = counting(started, rating_group, situation)
        return Candidates(units, counters, money)

    def _has(self, unit: Unit) -> bool:
        return unit._value_ in self._by_unit

    def _concerned(self, rating_group: RatingGroup, unit: Unit) -> Iterator[Working]:
        """Buckets of a unit that the rating group is the business of."""
        workings = self._workings
        for bucket in self._by_unit.get(unit._value_, ()):
            if balances.concerns(bucket, rating_group):
                yield workings.get(bucket.id) or self._start(bucket)

    def ground(self, rating_group: RatingGroup, situation: Situation, *, asks: bool) -> Ground:
        """Where a waterfall over the present amounts begins."""
        return Ground(
            account=self.account,
            rating_group=rating_group,
            situation=situation,
            candidates=self.candidates(rating_group, situation),
            working=self.working,
            totals=dict(self.session.totals),
            steps=self.trace,
            profile=self.profile,
            position=self.meter(rating_group.number).position,
            has_paid_fee=self.has_paid_fee,
            asks=asks,
        )

    # ── moving ───────────────────────────────────────────────────────────────────────────────

    def reserve(self, working: Working, amount: int, rating_group: int) -> None:
        working.available -= amount
        move = self._move(working, MoveKind.RESERVE, rating_group)
        move.available -= amount
        move.reserved += amount
        self._begin(working)

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
        self._begin(working)

    def _begin(self, working: Working) -> None:
        """A bucket that waited for its first use begins to live with it."""
        lifetime = working.bucket.terms.lifetime
        if lifetime is None or working.has_begun:
            return
        working.has_begun = True
        at = self.request.at
        expires_at = lifetime.ends_at(at, period_ends_at=None, zone=self.account.almanac.zone)
        self.outcome.events.append(
            FirstUsed(bucket_id=working.bucket.id, at=at, expires_at=expires_at)
        )
        ends = int(expires_at.timestamp()) if expires_at else 0
        self.trace.append((trace.FIRST_USE, working.bucket.id, ends))

    def release(self, line: Line) -> None:
        """Hand back what the line still holds; into a bucket that has expired, as expired."""
        for part in line.parts:
            if not part.amount:
                continue
            working = self.working(part.bucket_id)
            if working is None:
                self.trace.append((trace.HOLD_LOST, part.bucket_id, part.amount))
            else:
                self._release_part(working, part, line.rating_group)
        line.parts = []

    def _release_part(self, working: Working, part: ReservedPart, rating_group: int) -> None:
        amount = part.amount
        move = self._move(working, MoveKind.VOID, rating_group)
        move.reserved -= amount
        if balances.is_expired(working.bucket, self.request.at):
            move.expired += amount
            self.trace.append((trace.LAPSED, working.bucket.id, amount))
            return
        working.available += amount
        move.available += amount
        if part.rate_key != COUNTED:
            self.trace.append((trace.RETURNED, working.bucket.id, amount))

    def _move(self, working: Working, kind: MoveKind, rating_group: int) -> Move:
        key = (working.bucket.id, kind._value_, rating_group)
        move = self._moves.get(key)
        if move is None:
            move = self._moves[key] = Move(
                bucket_id=working.bucket.id, kind=kind, rating_group=rating_group
            )
        return move

    # ── finishing ────────────────────────────────────────────────────────────────────────────

    def leave_unrated(
        self, rating_group: int, amount: int, reason: str, situation: Situation
    ) -> None:
        """Store usage that nothing can pay or price; someone is told what is missing."""
        key = (rating_group, reason, situation)
        self._unrated[key] = self._unrated.get(key, 0) + amount
        self.trace.append((trace.UNRATED, rating_group, amount, reason))

    def flag_debts(self) -> None:
        """Tell which buckets settled usage has left beyond their credit limit."""
        for working in self._workings.values():
            if working.indebted and working.available < -working.bucket.credit_limit:
                self.outcome.events.append(
                    CreditLimitPassed(bucket_id=working.bucket.id, available=working.available)
                )
                self.trace.append((trace.CREDIT_PASSED, working.bucket.id, working.available))

    def finish(self) -> Outcome:
        outcome = self.outcome
        outcome.moves.extend(self._moves.values())
        for (rating_group, missing, situation), amount in self._unrated.items():
            outcome.events.append(
                UsageUnrated(
                    rating_group=rating_group, amount=amount, missing=missing, situation=situation
                )
            )
        self.session.cost += outcome.cost
        return outcome


def _sorted_out(account: Account) -> tuple[dict[str, list[Bucket]], list[Bucket]]:
    """Buckets that pay, by unit, and usage counters; caps are no business of their own."""
    by_unit: dict[str, list[Bucket]] = {}
    counters: list[Bucket] = []
    for bucket in account.buckets:
        if bucket.terms is not PLAIN and bucket.counts:
            counters.append(bucket)
        else:
            by_unit.setdefault(bucket.unit._value_, []).append(bucket)
    if counters:
        caps = {bucket.capped_by for bucket in account.buckets}
        counters = [bucket for bucket in counters if bucket.id not in caps]
    return by_unit, counters


def _copied(line: Line) -> Line:
    return Line(
        rating_group=line.rating_group,
        upf_id=line.upf_id,
        parts=[
            ReservedPart(
                bucket_id=part.bucket_id,
                units=part.units,
                amount=part.amount,
                rate_key=part.rate_key,
                cost=part.cost,
                exact=part.exact,
            )
            for part in line.parts
        ],
        used=line.used,
        cost=line.cost,
        refused=line.refused,
    )
