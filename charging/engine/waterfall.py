"""Who pays for a stretch of usage: buckets of units in paying order, then money at the rate.

A stretch is short enough that one set of buckets and one price hold for all of it; callers split
longer usage at the borders (`horizons`). Nothing is moved here: a `Cover` says what would pay,
and the caller reserves it, debits it, or only answers a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Final

from charging.engine import pricing, rates, trace
from charging.engine.candidates import Candidate, Candidates, Working, unusable_now
from charging.engine.conditions import Situation
from charging.engine.pricing import Priced
from charging.engine.profile import Profile
from charging.engine.tariff import AtMaximum, Rate, RatingGroup, Tariff, Unit
from charging.engine.values import Account, LineTotal

INFINITE: Final = 2**63 - 1
"""More than any bucket holds."""

Payment = tuple[Working, int]
"""A bucket and the units or nano-units it pays."""

Stage = Callable[["Cover", int, datetime], None]
"""Adds what it can pay of so many units used then."""


@dataclass(slots=True)
class Charge:
    """Usage that one payer covers: a bucket of units, money at a rate, or both together."""

    units: int
    """Units of usage covered: whole steps, so at the end perhaps more than was wanted."""
    payer: Working | None = None
    amount: int = 0
    """What the bucket of units gives."""
    rate: Rate | None = None
    position: int = 0
    """Units of the session priced before: decides the slot."""
    units_before: int = 0
    """Units the rate's line counted before."""
    priced: Priced = pricing.NOTHING
    fee: int = 0
    """Connect fee, nano-units, beside `priced.cost`."""
    money: list[Payment] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return self.priced.cost + self.fee

    def payments(self) -> Iterator[Payment]:
        """Every bucket that pays, and what of it."""
        if self.payer is not None:
            yield self.payer, self.amount
        yield from self.money


@dataclass(slots=True)
class Cover:
    """What would pay for a stretch, and why it is not more."""

    charges: list[Charge] = field(default_factory=list)
    units: int = 0
    rate: Rate | None = None
    """The rate that prices the stretch, whether money was needed or not; None: nothing does."""
    is_blocked: bool = False
    """A blocking bucket kept the ones behind it from paying."""
    is_at_maximum: bool = False
    """The rate stops at its maximum charge."""
    fee_unpaid: bool = False
    """No single bucket of money can pay the connect fee."""
    has_more: bool = False
    """More than was wanted could be paid."""

    def payments(self) -> Iterator[Payment]:
        """Every bucket that pays, and what of it."""
        for charge in self.charges:
            yield from charge.payments()


@dataclass(slots=True)
class Ground:
    """What the waterfall stands on; the same for all stretches of one rating group's line."""

    account: Account
    rating_group: RatingGroup
    situation: Situation
    candidates: Candidates
    working: Callable[[int], Working | None]
    """Any bucket of the account, caps included."""
    totals: dict[str, LineTotal]
    """The session's totals by rate line, promises to other lines included; changed as charges
    are made, so hand in a copy."""
    steps: list[tuple[object, ...]]
    """Where the trace goes."""
    profile: Profile
    position: int = 0
    has_paid_fee: bool = False
    asks: bool = True
    """New quota, which blockers, caps and credit limits decide. False: usage that has happened,
    which units pay as far as they go."""
    taken: dict[int, int] = field(default_factory=dict)
    """Bucket → what earlier charges of this ground take from it."""

    # ── what is left ─────────────────────────────────────────────────────────────────────────

    def left_in(self, working: Working) -> int:
        """Units that may still be taken from a bucket or, of a counter, may still be counted."""
        bucket = working.bucket
        if bucket.terms.is_unlimited:
            return INFINITE
        left = working.available - self.taken.get(bucket.id, 0)
        return left if not bucket.capped_by else min(left, self._left_of_cap(bucket.capped_by))

    def spendable_in(self, working: Working) -> int:
        """Nano-units that new quota may still take, credit included."""
        left = working.available + working.bucket.credit_limit
        left -= self.taken.get(working.bucket.id, 0)
        if working.bucket.capped_by:
            left = min(left, self._left_of_cap(working.bucket.capped_by))
        return max(0, left)

    def _left_of_cap(self, bucket_id: int) -> int:
        cap = self.working(bucket_id)
        return max(0, cap.available - self.taken.get(bucket_id, 0)) if cap else 0

    def limit_of(self, unit: Unit) -> int:
        """What counters with a limit still allow of a unit."""
        if not self.asks or not self.candidates.counters:
            return INFINITE
        return min(
            (
                max(0, counter.available - self.taken.get(counter.bucket.id, 0))
                for counter in self.candidates.counters
                if counter.bucket.terms.limits and counter.bucket.unit is unit
            ),
            default=INFINITE,
        )

    def take(self, working: Working, amount: int) -> None:
        key = working.bucket.id
        self.taken[key] = self.taken.get(key, 0) + amount
        if working.bucket.capped_by:
            cap = working.bucket.capped_by
            self.taken[cap] = self.taken.get(cap, 0) + amount

    def total(self, rate: Rate) -> LineTotal:
        key = pricing.total_key(self.rating_group.number, rate)
        return self.totals.get(key) or LineTotal()

    def due_fee(self, rate: Rate) -> int:
        return 0 if self.has_paid_fee else rate.connect_fee

    # ── covering ─────────────────────────────────────────────────────────────────────────────

    def cover(self, wanted: int, at: datetime, *, room: int = INFINITE) -> Cover:
        """What would pay for `wanted` units used at `at`; limits leave room for so many more."""
        cover = Cover()
        found = self.find_rate(self.account.tariffs, at)
        stages: list[Stage] = [self._from_units, self._from_money]
        if found is not None:
            cover.rate = found.rate
            if found.tariff.money_first:
                stages.reverse()
        for stage in stages:
            if cover.units < wanted and not cover.is_blocked:
                stage(cover, wanted, at)
        if not room or not self.asks or cover.units < wanted:
            cover.has_more = False
        elif self.candidates.counters or not cover.has_more:
            cover.has_more = self._could_pay_more(cover, stages, at)
        return cover

    def cover_with_units(self, wanted: int, at: datetime) -> Cover:
        """What buckets of units would pay, at their own prices where they have some."""
        cover = Cover()
        self._from_units(cover, wanted, at)
        return cover

    def find_rate(self, tariffs: Sequence[Tariff], at: datetime) -> rates.Found | None:
        if self.rating_group.unit is Unit.NANO_MONEY:
            return pricing.DIRECT
        return rates.find_rate(
            tariffs,
            self.rating_group,
            at=at,
            situation=self.situation,
            almanac=self.account.almanac,
            nearest_start=self.profile.nearest_start_wins,
        )

    def add(self, cover: Cover, charge: Charge) -> None:
        cover.charges.append(charge)
        cover.units += charge.units
        if charge.payer is not None:
            self.take(charge.payer, charge.amount)
        for working, amount in charge.money:
            self.take(working, amount)
        for counter in self.candidates.counters:
            if counter.bucket.unit is Unit.NANO_MONEY:
                self.take(counter, charge.cost)
        if charge.rate is not None and charge.priced.units:
            key = pricing.total_key(self.rating_group.number, charge.rate)
            self.totals[key] = pricing.add(self.total(charge.rate), charge.priced)
            self.has_paid_fee = True
        elif charge.rate is None and self.profile.units_waive_connect_fee:
            self.has_paid_fee = True
        if charge.rate is not None or self.profile.slots_count_all_usage:
            self.position += charge.units

    # ── buckets of units ─────────────────────────────────────────────────────────────────────

    def _from_units(self, cover: Cover, wanted: int, at: datetime) -> None:
        used = []
        for candidate in self.candidates.units:
            working = candidate.working
            if reason := unusable_now(working, self.account, at):
                self.steps.append(reason)
                continue
            left = self.left_in(working)
            if left < candidate.per_step:
                self.steps.append((trace.SKIPPED, working.bucket.id, trace.EMPTY))
            else:
                used.append(working.bucket.id)
                self._take_units(cover, candidate, wanted - cover.units, left, at)
            if cover.units >= wanted:
                break
            if working.bucket.terms.is_blocker and self.asks:
                cover.is_blocked = True
                self.steps.append((trace.BLOCKED, working.bucket.id))
                break
        if len(used) > 1:
            self.steps.append((trace.ORDER, *used))

    def _take_units(
        self, cover: Cover, candidate: Candidate, wanted: int, left: int, at: datetime
    ) -> None:
        if candidate.working.bucket.terms.tariffs:
            self._take_priced_units(cover, candidate, wanted, left, at)
        elif charge := self.charge_units(candidate, wanted, left):
            self.add(cover, charge)
            cover.has_more = left - charge.amount >= candidate.per_step

    def charge_units(self, candidate: Candidate, wanted: int, left: int) -> Charge | None:
        """The most whole steps up to `wanted` that the `left` of a bucket of free units pays;
        None when it pays none."""
        step, per_step = candidate.step, candidate.per_step
        steps = -(-wanted // step)
        if per_step:
            steps = min(steps, left // per_step)
        return Charge(steps * step, candidate.working, steps * per_step) if steps > 0 else None

    def _take_priced_units(
        self, cover: Cover, candidate: Candidate, wanted: int, left: int, at: datetime
    ) -> None:
        """Units that cost money too, at the bucket's own prices."""
        working = candidate.working
        found = self.find_rate(working.bucket.terms.tariffs, at)
        if found is None:
            self.steps.append((trace.SKIPPED, working.bucket.id, trace.NO_RATE))
            return
        rate = found.rate
        while wanted > 0:
            slot, border = pricing.slot_at(rate, self.position)
            per_step = ceil(slot.increment * candidate.times)
            steps = -(-min(wanted, border) // slot.increment)
            if per_step:
                steps = min(steps, left // per_step)
            if steps <= 0:
                return
            charge = self.charge_money(self.open_money(at), rate, steps * slot.increment, cover)
            if charge is None:
                return
            charge.payer, charge.amount = working, charge.units // slot.increment * per_step
            self.add(cover, charge)
            wanted -= charge.units
            left -= charge.amount
        cover.has_more = False  # money that is left says nothing of the bucket: it is asked anew

    # ── money ────────────────────────────────────────────────────────────────────────────────

    def open_money(self, at: datetime) -> list[Working]:
        purses = []
        for candidate in self.candidates.money:
            if reason := unusable_now(candidate.working, self.account, at):
                self.steps.append(reason)
            else:
                purses.append(candidate.working)
        return purses

    def _from_money(self, cover: Cover, wanted: int, at: datetime) -> None:
        purses = self.open_money(at)
        if not purses and cover.rate is not None and pricing.is_free(cover.rate):
            self.add(cover, Charge(wanted - cover.units, rate=cover.rate))
            return
        for pot in self._pots(purses):
            tariffs = pot[0].bucket.terms.tariffs
            found = self.find_rate(tariffs, at) if tariffs else None
            rate = found.rate if found else cover.rate if not tariffs else None
            if rate is None:
                continue
            charge = self.charge_money(pot, rate, wanted - cover.units, cover)
            if charge is not None:
                self.add(cover, charge)
            if cover.units >= wanted or cover.is_at_maximum:
                return
            if pot[-1].bucket.terms.is_blocker and self.asks:
                cover.is_blocked = True
                self.steps.append((trace.BLOCKED, pot[-1].bucket.id))
                return

    def _pots(self, purses: list[Working]) -> list[list[Working]]:
        """Purses that pay together: up to a blocker, and priced alike."""
        pots: list[list[Working]] = []
        for purse in purses:
            if (
                not pots
                or pots[-1][-1].bucket.terms.is_blocker
                or pots[-1][-1].bucket.terms.tariffs != purse.bucket.terms.tariffs
            ):
                pots.append([])
            pots[-1].append(purse)
        return pots

    def charge_money(
        self,
        purses: list[Working],
        rate: Rate,
        wanted: int,
        cover: Cover,
        *,
        only: Working | None = None,
    ) -> Charge | None:
        """The most whole steps up to `wanted` that `purses`, or the `only` one, can pay; None
        when they can pay none."""
        total, fee = self.total(rate), self.due_fee(rate)
        payers = [only] if only else purses
        budget = self._budget(payers)
        fee_payer = None
        if fee and self.profile.one_pays_connect_fee:
            fee_payer = self.fee_payer(purses, fee)
            if fee_payer is None and any(purse.bucket.terms.is_blocker for purse in purses):
                cover.is_blocked = True
                return None
            budget -= fee if fee_payer in payers else 0
        else:
            budget -= fee
        budget = min(budget, self.limit_of(Unit.NANO_MONEY) - fee)
        priced = self._afford(rate, total, wanted, budget, cover)
        if not priced.units:
            return None
        cover.has_more = budget - priced.cost >= pricing.next_step_costs_at_most(
            rate, self.position + priced.units
        )
        cover.fee_unpaid |= bool(fee and self.profile.one_pays_connect_fee and not fee_payer)
        return Charge(
            priced.units,
            rate=rate,
            position=self.position,
            units_before=total.units,
            priced=priced,
            fee=fee,
            money=self._spread(payers, priced.cost, fee, fee_payer),
        )

    def _afford(
        self, rate: Rate, total: LineTotal, wanted: int, budget: int, cover: Cover
    ) -> Priced:
        if budget < 0 or (budget == 0 and not self._costs_nothing(rate, total)):
            return pricing.NOTHING
        priced = pricing.affordable(rate, total, self.position, wanted, budget)
        if (
            priced.units < wanted
            and rate.at_maximum is AtMaximum.STOP
            and rate.maximum is not None
            and rate.maximum - total.cost <= budget
        ):
            cover.is_at_maximum = True
        # What other lines were promised may have been dearer than it will be: that is held already.
        return priced if priced.cost >= 0 else priced._replace(cost=0)

    def _costs_nothing(self, rate: Rate, total: LineTotal) -> bool:
        """Money that is spent buys nothing, not even usage that would round to nothing."""
        slot, _ = pricing.slot_at(rate, self.position)
        is_past_maximum = rate.at_maximum is AtMaximum.FREE and pricing.is_at_maximum(rate, total)
        return is_past_maximum or (not slot.price and not rate.is_volume and not rate.minimum)

    def _budget(self, purses: Sequence[Working]) -> int:
        return sum(self.spendable_in(purse) for purse in purses)

    def fee_payer(self, purses: Sequence[Working], fee: int) -> Working | None:
        """The first purse that can pay the whole connect fee; none behind a blocker."""
        for purse in purses:
            if self.left_in(purse) >= fee:
                return purse
            if purse.bucket.terms.is_blocker:
                return None
        return None

    def _spread(
        self, purses: Sequence[Working], cost: int, fee: int, fee_payer: Working | None
    ) -> list[Payment]:
        """Who pays: what is there is spent first, in paying order, then credit."""
        if not purses or not cost + fee:
            assert not cost + fee or fee_payer is not None, "what costs something has a payer"
        elif not self.profile.one_pays_connect_fee and self.left_in(purses[0]) >= cost + fee:
            return [(purses[0], cost + fee)]
        shares: dict[int, int] = {}
        if fee_payer is not None:
            shares[fee_payer.bucket.id] = fee
        elif not self.profile.one_pays_connect_fee:
            cost += fee
        for has in (self.left_in, self.spendable_in):
            for purse in purses:
                if not cost:
                    break
                key = purse.bucket.id
                share = min(cost, max(0, has(purse) - shares.get(key, 0)))
                shares[key] = shares.get(key, 0) + share
                cost -= share
        assert not cost, "what is affordable is paid"
        payers = purses if fee_payer is None or fee_payer in purses else [fee_payer, *purses]
        return [(purse, shares[purse.bucket.id]) for purse in payers if shares.get(purse.bucket.id)]

    # ── is there more? ───────────────────────────────────────────────────────────────────────

    def _could_pay_more(self, cover: Cover, stages: list[Stage], at: datetime) -> bool:
        """Whether one more unit could be paid after all that was taken."""
        more = Cover(rate=cover.rate)
        kept = (dict(self.taken), dict(self.totals), self.position, self.has_paid_fee)
        known = len(self.steps)
        for stage in stages:
            if not more.units and not more.is_blocked:
                stage(more, 1, at)
        self.taken, self.totals, self.position, self.has_paid_fee = kept
        del self.steps[known:]
        return more.units > 0
