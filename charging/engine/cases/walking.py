"""One use of the network, paid by one balance after the other across prices.

Live charging splits a use where the price or the set of buckets changes and lets every bucket in
turn pay for a stretch. Case files assume it the other way round: a balance pays as far as it can,
across prices, and then the next one goes on where it stopped; all are asked again while something
was paid. What a bucket pays, at which price, in which steps and with which connect fee is the
engine's waterfall in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from math import ceil

from charging.engine import horizons, pricing, rates
from charging.engine.candidates import Candidate, Working, unusable_now
from charging.engine.tariff import AtMaximum, Rate, Tariff
from charging.engine.values import LineTotal
from charging.engine.waterfall import Charge, Cover, Ground

NO_PLAN = "RATING_PLAN_NOT_FOUND"
NO_RULE = "UNAUTHORIZED_DESTINATION"


class NoPrice(Exception):
    """Nothing has a price for the use; the text is the error code of case files."""


@dataclass(slots=True)
class Piece:
    """A charge of one part: a stretch at one price and, if paid, by one balance."""

    charge: Charge
    part: int
    """Pieces of the same number are one part."""
    increment: int = 1
    slot_start: int = 0
    per_increment: int = 0
    """What an increment takes of a balance of units."""
    before: LineTotal = field(default_factory=LineTotal)
    """Where the rate's line stood."""

    @property
    def exact(self) -> Fraction:
        """What the usage costs before rounding, in the smallest places of money."""
        rate = self.charge.rate
        return Fraction(self.charge.priced.exact, rate.denominator if rate else 1)

    @property
    def cost(self) -> int:
        return self.charge.cost

    @property
    def likeness(self) -> tuple[object, ...]:
        """Parts of equal likeness are one when they follow each other."""
        charge = self.charge
        payer = charge.payer.bucket.id if charge.payer else 0
        purse = charge.money[-1][0].bucket.id if charge.priced.cost else 0
        return (charge.rate.key if charge.rate else "", self.slot_start, payer, purse)


@dataclass(slots=True)
class Walk:
    """A use of `wanted` units that begins at `start`, and what is charged for it so far."""

    ground: Ground
    start: datetime
    wanted: int
    is_timed: bool
    """Time passes while units are used: a call, not data."""
    debt: Working | None
    """Takes what nobody can pay; None: nobody does."""
    stops_at_maximum: bool
    spent: Fraction = Fraction(0)
    """What counts for a maximum charge."""
    pieces: list[Piece] = field(default_factory=list)
    done: int = 0
    is_blocked: bool = False
    is_at_maximum: bool = False
    fee_unpaid: bool = False
    """The connect fee is more than any one balance has."""
    _parts: int = 0

    def go(self) -> None:
        """Let every candidate pay what it can; the rest is free, owed, or not covered."""
        if self.ground.profile.takes_turns:
            self._take_turns()
        else:
            self._go_by_stretches()
        self.leave_over()

    def _take_turns(self) -> None:
        candidates = self.ground.candidates
        while not self._is_over:
            from_units = self._ask_all(candidates.units, self._pay_units)
            from_money = self._ask_all(candidates.money, self._pay_money)
            if not (from_units or from_money):
                return

    def _go_by_stretches(self) -> None:
        """The way of live charging: everybody pays for one stretch, then for the next."""
        while not self._is_over:
            self._parts += 1
            length = self.wanted - self.done
            if self.is_timed:
                length = self._until_change(length)
            cover = self.ground.cover(length, self.now)
            for charge in cover.charges:
                slot = pricing.slot_at(charge.rate, charge.position)[0] if charge.rate else None
                self.pieces.append(Piece(charge, self._parts, slot.increment if slot else 1))
            self.done += cover.units
            self.is_blocked = cover.is_blocked
            self.is_at_maximum = cover.is_at_maximum and self.stops_at_maximum
            if cover.units < length:
                return

    def _until_change(self, length: int) -> int:
        ground, now = self.ground, self.now
        change = horizons.next_change(
            ground.account,
            ground.rating_group,
            ground.situation,
            ground.candidates,
            at=now,
            until=now + timedelta(seconds=length),
        )
        return length if change is None else min(length, horizons.whole_seconds(now, change))

    @property
    def _is_over(self) -> bool:
        return self.done >= self.wanted or self.is_blocked or self.is_at_maximum or self.fee_unpaid

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.done) if self.is_timed else self.start

    def _ask_all(self, candidates: Sequence[Candidate], pay: Callable[[Candidate], None]) -> bool:
        """Ask each in order, all again until none pays; whether any did."""
        begun = self.done
        while True:
            before = self.done
            for candidate in candidates:
                if self._is_over:
                    break
                if unusable_now(candidate.working, self.ground.account, self.now):
                    continue
                pay(candidate)
                if candidate.working.bucket.terms.is_blocker and not self._is_over:
                    self.is_blocked = True
            if self._is_over or self.done == before:
                return self.done > begun

    # ── parts ────────────────────────────────────────────────────────────────────────────────

    def _each_part(self, tariffs: tuple[Tariff, ...]) -> Iterator[tuple[Rate, int]]:
        """The rate from where the use stands, and up to how many units it is one part; again
        for as long as whole parts are paid."""
        while not self._is_over:
            self._parts += 1
            begun = self.done
            found = self.ground.find_rate(tariffs, self.now)
            if found is None:
                is_known = any(tariff.is_in_force(self.now) for tariff in tariffs)
                raise NoPrice(NO_RULE if is_known else NO_PLAN)
            length = self.wanted - self.done
            if not found.rate.is_volume:
                length = min(length, pricing.slot_at(found.rate, self.ground.position)[1])
            if self.is_timed:
                length = min(length, self._until_border(tariffs, found))
            yield found.rate, length
            if self.done - begun < length:
                return

    def _until_border(self, tariffs: tuple[Tariff, ...], found: rates.Found) -> int:
        """Seconds until midnight, an activation or another price."""
        ground, now = self.ground, self.now
        nearest = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        border: datetime | None = now
        while border is not None and border < nearest:
            if border > now:
                then = ground.find_rate(tariffs, border)
                if then is None or then.rate is not found.rate or then.tariff is not found.tariff:
                    nearest = border
                    break
            border = rates.next_border(
                tariffs, ground.rating_group, almanac=ground.account.almanac, at=border
            )
        return horizons.whole_seconds(now, nearest)

    def _up_to_maximum(self, rate: Rate, length: int) -> tuple[Rate, int] | None:
        """The price as it stands before or past the maximum charge, and how far it reaches; None
        when the use ends there. The step that reaches the maximum is paid whole."""
        if rate.maximum is None or rate.is_volume:
            return rate, length
        ends = rate.at_maximum is AtMaximum.STOP
        if ends and not self.stops_at_maximum:
            return replace(rate, maximum=None), length
        left = rate.maximum - self.spent
        if left <= 0:
            if ends:
                self.is_at_maximum = True
                return None
            free = tuple(replace(slot, price=0) for slot in rate.slots)
            return replace(rate, maximum=None, slots=free), length
        slot, _ = pricing.slot_at(rate, self.ground.position)
        step_cost = Fraction(slot.price * slot.increment, slot.per)
        if step_cost:
            length = min(length, -(-left // step_cost) * slot.increment)
        return replace(rate, maximum=None), length

    def _pieces_of_part(
        self, rate: Rate, length: int, charge: Callable[[Rate, int], Charge | None]
    ) -> None:
        """Charge a part, in several pieces where its maximum charge is reached or one balance does
        not pay all of it; stop where `charge` does."""
        goal = self.done + length
        while self.done < goal and not self._is_over:
            allowed = self._up_to_maximum(rate, goal - self.done)
            made = charge(*allowed) if allowed else None
            if made is None:
                return
            self._add(made)

    def _add(self, charge: Charge) -> None:
        assert charge.rate is not None
        slot, _ = pricing.slot_at(charge.rate, charge.position)
        per_increment = charge.amount * slot.increment // charge.units
        before = self.ground.total(charge.rate)
        piece = Piece(charge, self._parts, slot.increment, slot.start, per_increment, before)
        self._append(piece)
        self.spent += piece.exact

    def _append(self, piece: Piece) -> None:
        self.ground.add(Cover(), piece.charge)
        self.pieces.append(piece)
        self.done += piece.charge.units

    # ── balances of units ────────────────────────────────────────────────────────────────────

    def _pay_units(self, candidate: Candidate) -> None:
        working = candidate.working
        if self.ground.left_in(working) <= 0:
            return
        tariffs = working.bucket.terms.tariffs
        if not tariffs:
            self._pay_free_units(candidate)
            return
        for rate, length in self._each_part(tariffs):
            self._pieces_of_part(rate, length, partial(self._charge_priced_units, candidate))

    def _pay_free_units(self, candidate: Candidate) -> None:
        self._parts += 1
        left = self.ground.left_in(candidate.working)
        charge = self.ground.charge_units(candidate, self.wanted - self.done, left)
        if charge is not None:
            self._append(Piece(charge, self._parts, candidate.step, 0, candidate.per_step))

    def _charge_priced_units(self, candidate: Candidate, rate: Rate, length: int) -> Charge | None:
        """Whole steps of units and, for each, money of the first balance that can pay it."""
        ground, working = self.ground, candidate.working
        slot, _ = pricing.slot_at(rate, ground.position)
        each = ceil(slot.increment * candidate.times)
        steps = ceil(Fraction(length, slot.increment))
        if each:
            steps = min(steps, ground.left_in(working) // each)
        if steps <= 0:
            return None
        charge = self._first_that_pays(rate, steps * slot.increment)
        if charge is not None:
            charge.payer, charge.amount = working, charge.units // slot.increment * each
        return charge

    def _first_that_pays(self, rate: Rate, length: int) -> Charge | None:
        """Money for a stretch: of the first balance that can pay a step of it, else owed."""
        purses = self.ground.open_money(self.now)
        slot, _ = pricing.slot_at(rate, self.ground.position)
        for only in purses if slot.price else ():
            if self.ground.left_in(only) > 0:
                charge = self._charge_purse(only, rate, length)
                if charge is not None or self._is_over:
                    return charge
        return self._owe(rate, length)

    # ── balances of money ────────────────────────────────────────────────────────────────────

    def _pay_money(self, candidate: Candidate) -> None:
        working = candidate.working
        if self.ground.left_in(working) <= 0:
            return
        tariffs = working.bucket.terms.tariffs or self.ground.account.tariffs
        for rate, length in self._each_part(tariffs):
            self._pieces_of_part(rate, length, partial(self._charge_purse, working))

    def _charge_purse(self, purse: Working, rate: Rate, length: int) -> Charge | None:
        """Whole steps that one balance of money can pay, the connect fee beside; nothing where a
        blocker keeps balances behind it from paying the fee."""
        cover = Cover()
        purses = self.ground.open_money(self.now)
        charge = self.ground.charge_money(purses, rate, length, cover, only=purse)
        if charge is None or not cover.fee_unpaid:
            return charge
        if self.debt is None:
            self.fee_unpaid = True
            return None
        charge.money.insert(0, (self.debt, charge.fee))
        return charge

    # ── what nobody pays ─────────────────────────────────────────────────────────────────────

    def leave_over(self) -> None:
        """What is left is free, owed, or not covered."""
        for rate, length in self._each_part(self.ground.account.tariffs):
            self._pieces_of_part(rate, length, self._owe)

    def _owe(self, rate: Rate, length: int) -> Charge | None:
        """Usage that costs nothing is free; the rest is owed, if it may be. A connect fee is
        still paid by a balance that can."""
        ground = self.ground
        total, fee = ground.total(rate), ground.due_fee(rate)
        priced = pricing.price(rate, total, ground.position, length)
        fee_payer = self.debt
        if fee:
            purses = ground.open_money(self.now)
            fee_payer = ground.fee_payer(purses, fee) or self.debt
            if fee_payer is self.debt and any(purse.bucket.terms.is_blocker for purse in purses):
                return None
        if self.debt is None and priced.exact:
            return None
        if fee and fee_payer is None:
            self.fee_unpaid = True
            return None
        money = [
            (payer, amount)
            for payer, amount in ((fee_payer, fee), (self.debt, priced.cost))
            if payer is not None and amount
        ]
        return Charge(
            priced.units,
            rate=rate,
            position=ground.position,
            units_before=total.units,
            priced=priced,
            fee=fee,
            money=money,
        )
