"""Pricing, asking, reserving and debiting one part of a use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from charging.engine import pricing
from charging.engine.candidates import Working
from charging.engine.cases.case import Event, Kind
from charging.engine.cases.compiling import EVER, Compiled
from charging.engine.cases.rounding import by_part, corrections, round_to, rounding_of
from charging.engine.cases.state import Held, Holder, Seats, State
from charging.engine.cases.walking import Piece, Walk
from charging.engine.profile import Profile
from charging.engine.tariff import AtMaximum, Unit
from charging.engine.values import Bucket, LineTotal
from charging.engine.waterfall import Ground

BLOCKED = "INSUFFICIENT_CREDIT_BALANCE_BLOCKER"
TOO_LITTLE = "INSUFFICIENT_CREDIT"


class Refused(Exception):
    """An event is not carried out; the text is the error code of case files."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a use has come before the part that is charged next."""

    start: datetime
    """When the part begins."""
    position: int = 0
    """Units charged before."""
    spent: Fraction = Fraction(0)
    """What counts for a maximum charge."""
    has_paid_fee: bool = False
    totals: dict[str, LineTotal] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Debited:
    """What was taken for a part."""

    pieces: list[Piece] = field(default_factory=list)
    granted: int = 0
    """Of what was asked."""
    units: int = 0
    """Whole increments, so perhaps more."""
    cost: int = 0
    progress: Progress


class Cashier:
    """Charges parts of uses to the accounts of a case."""

    def __init__(self, compiled: Compiled, state: State, profile: Profile) -> None:
        self.compiled = compiled
        self.state = state
        self._profile = profile

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    def price(self, event: Event, holder: Holder | None, units: int) -> tuple[int, int]:
        """What a use costs by itself, rounded by the rule with the most decimals, and how much
        of it is charged."""
        progress = Progress(start=event.at, has_paid_fee=bool(event.loop))
        ground = self._ground(event, holder, progress, units)
        walk = self._walk(ground, event, progress, units, debt=_NOBODY)
        walk.leave_over()
        exact, decimals, chosen = Fraction(0), -1, None
        for piece in walk.pieces:
            rate = piece.charge.rate
            assert rate is not None
            exact += piece.exact + piece.charge.fee
            if rate.maximum is not None and rate.at_maximum is AtMaximum.FREE:
                exact = min(exact, Fraction(rate.maximum))
            rounding = rounding_of(rate, self.compiled)
            if rounding[0] > decimals:
                decimals, chosen = rounding[0], rounding
        return (round_to(exact, *chosen, self.compiled) if chosen else 0), walk.done

    def quote(self, event: Event, holder: Holder, progress: Progress, units: int) -> int | None:
        """The most that may be used of `units` now; None without end. Nothing changes."""
        if holder.account.allows_negative:
            return None
        ground = self._ground(event, holder, progress, units)
        walk = self._walk(ground, event, progress, units, debt=None, is_question=True)
        walk.go()
        if walk.fee_unpaid:
            return 0
        covered = 0
        for piece in walk.pieces:
            if self._is_too_dear(piece, event):
                break
            covered += piece.charge.units
        return min(units, covered)

    def _is_too_dear(self, piece: Piece, event: Event) -> bool:
        rate, most = piece.charge.rate, event.max_rate
        if rate is None or most is None:
            return False
        slot, _ = pricing.slot_at(rate, piece.charge.position)
        allowed = Fraction(most.rate) * self.compiled.scale.one
        return slot.price * most.unit > allowed * slot.per

    # ── taking ───────────────────────────────────────────────────────────────────────────────

    def reserve(self, event: Event, holder: Holder, progress: Progress, units: int) -> Debited:
        """A quote, and a debit of what it grants."""
        granted = self.quote(event, holder, progress, units)
        if granted is None:
            granted = units
        if event.all_or_nothing and granted < units:
            raise Refused(TOO_LITTLE)
        if not granted:
            return Debited(progress=progress)
        debited = self.debit(event, holder, progress, granted)
        debited.granted = granted
        return debited

    def debit(self, event: Event, holder: Holder, progress: Progress, units: int) -> Debited:
        """Charge `units`; what no balance pays becomes debt, unless the event denies that."""
        ground = self._ground(event, holder, progress, units)
        with self._debt(event, holder, ground) as debt:
            walk = self._walk(ground, event, progress, units, debt=debt)
            walk.go()
            if walk.is_blocked:
                raise Refused(BLOCKED)
        self.state.take(ground.taken)
        cost = sum(piece.cost for piece in walk.pieces)
        if event.rounds_cost:
            for each in corrections(walk.pieces, self.compiled, by_part):
                self.state.take({each.key: each.amount})
                cost += each.amount
        following = Progress(
            start=walk.now,
            position=ground.position,
            spent=walk.spent,
            has_paid_fee=ground.has_paid_fee,
            totals=ground.totals,
        )
        return Debited(
            pieces=walk.pieces, granted=walk.done, units=walk.done, cost=cost, progress=following
        )

    @contextmanager
    def _debt(self, event: Event, holder: Holder, ground: Ground) -> Iterator[Working | None]:
        """Where debts go while a use is worked out; kept only if there are some."""
        if event.denies_negative:
            yield None
            return
        is_new = holder.default() is None
        held = self.state.open_default(holder)
        is_kept = False
        try:
            yield ground.working(held.key) or self._working(held)
            is_kept = bool(ground.taken.get(held.key))
        finally:
            if is_new and not is_kept:
                self.state.close_default(holder)

    def _working(self, held: Held) -> Working:
        bucket = self.compiled.bucket(held.balance, key=held.key, available=held.amount, tariffs=())
        return Working(bucket)

    def _ground(
        self, event: Event, holder: Holder | None, progress: Progress, units: int
    ) -> Ground:
        end = progress.start + timedelta(seconds=units if event.kind is Kind.VOICE else 0)
        seats = Seats(self.compiled, event, holder, progress.start, end)
        candidates = self.state.candidates(holder, seats)
        return Ground(
            account=seats.account(),
            rating_group=seats.group,
            situation=seats.situation,
            candidates=candidates,
            working=seats.workings.get,
            totals=dict(progress.totals),
            steps=[],
            profile=self._profile,
            position=progress.position,
            has_paid_fee=progress.has_paid_fee,
        )

    def _walk(
        self,
        ground: Ground,
        event: Event,
        progress: Progress,
        units: int,
        *,
        debt: Working | None,
        is_question: bool = False,
    ) -> Walk:
        return Walk(
            ground=ground,
            start=progress.start,
            wanted=units,
            is_timed=event.kind is Kind.VOICE,
            debt=debt,
            stops_at_maximum=is_question,
            spent=progress.spent,
        )


_NOBODY = Working(
    Bucket(id=0, name="", unit=Unit.NANO_MONEY, service="", granted=0, available=0, valid_from=EVER)
)
"""Owes what is only priced."""
