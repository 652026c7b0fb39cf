"""What one request has changed so far, kept beside the account and session it was given.

The account's buckets and the session's lines are never written to: an amount that moves is
counted in a `Working` bucket, a line that changes is copied first. `finish` turns the result
into moves and events.
"""

from __future__ import annotations

from dataclasses import replace

from charging.engine import balances, trace
from charging.engine.candidates import Candidates, Working, look_out
from charging.engine.conditions import Situation
from charging.engine.profile import OURS, Profile
from charging.engine.tariff import RatingGroup
from charging.engine.values import (
    Account,
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
        "_candidates",
        "_copied",
        "_moves",
        "_unrated",
        "account",
        "is_suspended",
        "outcome",
        "profile",
        "request",
        "session",
        "trace",
        "workings",
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
                meters={key: replace(meter) for key, meter in session.meters.items()},
            )
        self.outcome = Outcome(session=self.session)
        self.trace = self.outcome.trace
        self.is_suspended = False
        self.workings = {bucket.id: Working(bucket) for bucket in account.buckets}
        self._candidates: dict[tuple[int, int], Candidates] = {}
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
            line = replace(line, parts=[replace(part) for part in line.parts])
        self._copied.add(key)
        self.session.lines[key] = line
        return line

    def total(self, key: str) -> LineTotal:
        return self.session.totals.get(key) or LineTotal()

    def meter(self, rating_group: int) -> Meter:
        key = str(rating_group)
        meter = self.session.meters.get(key)
        if meter is None:
            meter = self.session.meters[key] = Meter()
        return meter

    @property
    def has_paid_fee(self) -> bool:
        """A unit of the session has been priced: its connect fee is not due again."""
        return any(total.units for total in self.session.totals.values())

    def candidates(self, rating_group: RatingGroup, situation: Situation) -> Candidates:
        """Who may pay for the rating group in the situation, looked out once a request."""
        key = (rating_group.number, id(situation))
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = look_out(
                self.account, self.workings.values(), rating_group, situation, self.trace
            )
        return found

    def ground(self, rating_group: RatingGroup, situation: Situation, *, asks: bool) -> Ground:
        """Where a waterfall over the present amounts begins."""
        return Ground(
            account=self.account,
            rating_group=rating_group,
            situation=situation,
            candidates=self.candidates(rating_group, situation),
            workings=self.workings,
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
            working = self.workings.get(part.bucket_id)
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
        for working in self.workings.values():
            if working.indebted and working.available < -working.bucket.credit_limit:
                self.outcome.events.append(
                    CreditLimitPassed(bucket_id=working.bucket.id, available=working.available)
                )
                self.trace.append((trace.CREDIT_PASSED, working.bucket.id, working.available))

    def finish(self) -> Outcome:
        outcome = self.outcome
        outcome.moves.extend(self._moves.values())
        for rating_group, amount in self._unrated.items():
            outcome.events.append(UsageUnrated(rating_group=rating_group, amount=amount))
        self.session.meters = {
            key: meter
            for key, meter in self.session.meters.items()
            if meter.position or meter.covered
        }
        self.session.cost += outcome.cost
        return outcome
