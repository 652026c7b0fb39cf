"""Settling reported usage: it is never refused, whatever the account still has.

What a started step has paid for comes first, then the line's own reservation (units, then money),
then free units, then money at the rate; what nothing covers takes money below zero, and what
nothing prices is stored unrated. Usage that lasts is split where a price, a time window or the
life of a bucket changes; data and events are priced at the time of their report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from charging.engine import counters, horizons, pricing, purses, trace
from charging.engine.candidates import Candidates, Working, unusable_now
from charging.engine.conditions import Situation
from charging.engine.overlay import COUNTED, Overlay
from charging.engine.pricing import Priced
from charging.engine.tariff import Mode, Rate, RatingGroup, Unit
from charging.engine.values import Line, LineRequest, Meter, ReservedPart, UsedUnits
from charging.engine.waterfall import Charge


def settle_line(overlay: Overlay, request: LineRequest) -> None:
    """Charge every container one line reports, and count the line's usage and cost."""
    if not request.used:
        return
    line = overlay.line(request.rating_group, request.upf_id)
    rating_group = overlay.account.rating_groups.get(request.rating_group)
    used = cost = 0
    for container in request.used:
        used += container.amount
        cost += _settle(overlay, rating_group, line, container)
    record_usage(overlay, line, used, cost)


def record_usage(overlay: Overlay, line: Line, used: int, cost: int) -> None:
    line.used += used
    line.cost += cost
    overlay.outcome.cost += cost
    overlay.outcome.usage.append((line.rating_group, line.upf_id, used, cost))


def is_free_of_charge(overlay: Overlay, number: int, situation: Situation, at: datetime) -> str:
    """Why the use is free whatever rates say: an emergency, or a zero-rated rating group."""
    if situation.is_emergency:
        return trace.EMERGENCY
    for tariff in overlay.account.tariffs:
        if number in tariff.zero_rated and tariff.is_in_force(at):
            return trace.ZERO_RATED
    return ""


def _settle(
    overlay: Overlay, rating_group: RatingGroup | None, line: Line, container: UsedUnits
) -> int:
    amount, number = container.amount, line.rating_group
    if not amount:
        return 0
    if container.offline or (rating_group is not None and rating_group.mode == Mode.OFFLINE):
        overlay.trace.append((trace.RECORDED, number, amount))
        return 0
    overlay.trace.append((trace.USED, number, amount))
    situation = container.situation or overlay.request.situation
    if reason := is_free_of_charge(overlay, number, situation, container.at):
        overlay.trace.append((trace.FREE, number, amount, reason))
        return 0
    if rating_group is None:
        overlay.leave_unrated(number, amount, trace.UNKNOWN_RATING_GROUP, situation)
        return 0
    settling = Settling(overlay, rating_group, line, situation)
    cost = settling.settle(amount, container.started_at or container.at, container.at)
    counters.count_used(overlay, settling.candidates, line, rating_group.unit, amount)
    counters.count_used(overlay, settling.candidates, line, Unit.NANO_MONEY, cost)
    return cost


@dataclass(slots=True)
class Settling:
    """One container of one line while it is being charged."""

    overlay: Overlay
    rating_group: RatingGroup
    line: Line
    situation: Situation

    @property
    def candidates(self) -> Candidates:
        return self.overlay.candidates(self.rating_group, self.situation)

    @property
    def meter(self) -> Meter:
        return self.overlay.meter(self.rating_group.number)

    def settle(self, amount: int, started_at: datetime, ended_at: datetime) -> int:
        """Charge `amount` units used between two instants; returns the nano-units charged."""
        left = amount - self._use_covered(amount)
        is_money_first = self._is_money_first(started_at)
        if is_money_first:
            in_money = self._take_held_money_units(left)
            paid, cost = self._pay_from_held_units(left - in_money)
        else:
            paid, cost = self._pay_from_held_units(left)
            in_money = self._take_held_money_units(left - paid)
        left -= paid
        lasts = self.rating_group.unit is Unit.SECONDS
        ahead = amount - paid if is_money_first else amount
        while left:
            begins = started_at + timedelta(seconds=ahead - left) if lasts else ended_at
            stretch = self._stretch(begins, left) if begins < ended_at else left
            held = min(stretch, in_money)
            in_money -= held
            cost += self._settle_stretch(stretch, held, min(begins, ended_at))
            left -= stretch
            left -= self._use_covered(left)
        return cost

    def _stretch(self, begins: datetime, left: int) -> int:
        """Seconds for which one set of buckets and one price hold."""
        change = horizons.next_change(
            self.overlay.account,
            self.rating_group,
            self.situation,
            self.candidates,
            at=begins,
            until=begins + timedelta(seconds=left),
        )
        return left if change is None else min(left, horizons.whole_seconds(begins, change))

    def _settle_stretch(self, units: int, held: int, at: datetime) -> int:
        """Charge one stretch, `held` units of which were granted against reserved money."""
        if self._is_money_first(at):
            return self._settle_money_first(units, held, at)
        paid, cost = self._pay_from_free_units(units - held, at)
        owed = units - paid
        if owed > 0:
            cost += self._pay_in_money(owed, at)
        elif owed < 0:
            self._cover(-owed)
        return cost

    def _settle_money_first(self, units: int, held: int, at: datetime) -> int:
        """Reserved money, then free money and credit, then free units; what is left is debt."""
        cost = self._pay_in_money(held, at) if held else 0
        left = units - held
        left -= self._use_covered(left)
        if not left:
            return cost
        ground = self.overlay.ground(self.rating_group, self.situation, asks=False)
        cover = ground.cover(left, at)
        for charge in cover.charges:
            post(self.overlay, self.rating_group, self.line, charge)
            cost += charge.cost
        if cover.units < left:
            return cost + self._pay_in_money(left - cover.units, at)
        self._cover(cover.units - left)
        return cost

    def _is_money_first(self, at: datetime) -> bool:
        tariffs = self.overlay.account.tariffs
        if not any(tariff.money_first for tariff in tariffs):
            return False
        ground = self.overlay.ground(self.rating_group, self.situation, asks=False)
        found = ground.find_rate(tariffs, at)
        return found is not None and found.tariff.money_first

    def _use_covered(self, left: int) -> int:
        """The rest of a started step is used up first."""
        used = min(left, self.meter.covered)
        if used:
            self.meter.covered -= used
            self.overlay.trace.append((trace.COVERED, self.rating_group.number, used))
        return used

    def _cover(self, units: int) -> None:
        self.meter.covered += units

    # ── units ────────────────────────────────────────────────────────────────────────────────

    def _pay_from_held_units(self, left: int) -> tuple[int, int]:
        """Use up the line's reserved units: how many, and what they cost besides.

        They were reserved while their bucket was valid, so they pay for the usage they were
        granted for even when its report comes after the expiry.
        """
        paid = cost = 0
        for part in self.line.parts:
            working = None if part.rate_key else self.overlay.working(part.bucket_id)
            if working is None:
                continue
            rate = self._own_rate(working)
            while paid < left and part.units:
                units = self._take_steps(working, part, rate, left - paid)
                paid += units
                if rate is not None:
                    cost += self._charge_at(rate, units, self.overlay.request.at)
        if paid > left:
            self._cover(paid - left)
        return min(paid, left), cost

    def _take_steps(
        self, working: Working, part: ReservedPart, rate: Rate | None, wanted: int
    ) -> int:
        """Use up the started steps of a hold that the wanted usage needs, in one slot of the
        bucket's own price if it has one."""
        step = working.bucket.terms.step
        if rate is not None:
            slot, border = pricing.slot_at(rate, self.meter.position)
            step, wanted = slot.increment, min(wanted, border)
        units = min(part.units, -(-wanted // step) * step)
        amount = part.amount if units == part.units else part.amount * units // part.units
        part.units -= units
        part.amount -= amount
        self.overlay.post_reserved(working, amount, self.line.rating_group)
        counters.count_drawn(self.overlay, self.line, working, amount)
        self.overlay.trace.append((trace.PAID_HELD, part.bucket_id, amount))
        return units

    def _own_rate(self, working: Working) -> Rate | None:
        """At which the bucket's units cost money too, where there is money to take it from."""
        tariffs, at = working.bucket.terms.tariffs, self.overlay.request.at
        if not tariffs or not (self._purses(at) or money_holds(self.line)):
            return None
        ground = self.overlay.ground(self.rating_group, self.situation, asks=False)
        found = ground.find_rate(tariffs, at)
        return found.rate if found else None

    def _take_held_money_units(self, left: int) -> int:
        """How much of the usage was granted against reserved money."""
        taken = 0
        for part in self.line.parts:
            if part.rate_key and taken < left:
                take = min(left - taken, part.units)
                part.units -= take
                taken += take
        return taken

    def _pay_from_free_units(self, wanted: int, at: datetime) -> tuple[int, int]:
        if wanted <= 0:
            return 0, 0
        ground = self.overlay.ground(self.rating_group, self.situation, asks=False)
        cover = ground.cover_with_units(wanted, at)
        for charge in cover.charges:
            post(self.overlay, self.rating_group, self.line, charge)
        return cover.units, sum(charge.cost for charge in cover.charges)

    # ── money ────────────────────────────────────────────────────────────────────────────────

    def _pay_in_money(self, units: int, at: datetime) -> int:
        """Charge `units` at the rate of their own time; returns the nano-units charged."""
        overlay, number = self.overlay, self.rating_group.number
        # What was used before there was a plan is priced by the present one rather than not at all.
        rate = self._find_rate(at) or self._find_rate(overlay.request.at)
        if rate is None:
            overlay.leave_unrated(number, units, trace.NO_RATE, self.situation)
            return 0
        if pricing.is_free(rate):
            self.meter.position += units
            overlay.trace.append((trace.FREE, number, units, ""))
            return 0
        if not self._purses(at) and not money_holds(self.line):
            overlay.leave_unrated(number, units, trace.NO_MONEY, self.situation)
            return 0
        return self._charge_at(rate, units, at)

    def _charge_at(self, rate: Rate, units: int, at: datetime) -> int:
        """Price units, take the money, keep what a started step covers beyond them."""
        overlay, line = self.overlay, self.line
        held_in = [overlay.working(part.bucket_id) for part in money_holds(line)]
        cost, charged = price_usage(overlay, self.rating_group, rate, units)
        self._cover(charged - units)
        owed = _draw_holds(overlay, line, cost)
        if owed:
            money = self._purses(at) or [working for working in held_in if working]
            assert money, "priced usage has somebody to pay it"
            _draw_free_money(overlay, line, money, owed)
        return cost

    def _purses(self, at: datetime) -> list[Working]:
        """Money that pays for usage of `at`; a bucket made since then pays rather than none."""
        return self._open_money(at) or self._open_money(self.overlay.request.at)

    def _open_money(self, at: datetime) -> list[Working]:
        account = self.overlay.account
        return [
            candidate.working
            for candidate in self.candidates.money
            if unusable_now(candidate.working, account, at) is None
        ]

    def _find_rate(self, at: datetime) -> Rate | None:
        ground = self.overlay.ground(self.rating_group, self.situation, asks=False)
        found = ground.find_rate(self.overlay.account.tariffs, at)
        return found.rate if found else None


def post(overlay: Overlay, rating_group: RatingGroup, line: Line, charge: Charge) -> None:
    """Take from free amounts what a charge says, and count what it prices."""
    if charge.payer is not None:
        _post_free(overlay, line, charge.payer, charge.amount)
    if charge.rate is not None:
        _count_priced(overlay, rating_group, charge.rate, charge.priced, charge.fee)
    for working, amount in charge.money:
        _post_free(overlay, line, working, amount)


def _post_free(overlay: Overlay, line: Line, working: Working, amount: int) -> None:
    overlay.post_free(working, amount, line.rating_group)
    overlay.trace.append((trace.PAID, working.bucket.id, amount))
    counters.count_drawn(overlay, line, working, amount)


def price_usage(
    overlay: Overlay, rating_group: RatingGroup, rate: Rate, units: int
) -> tuple[int, int]:
    """Add usage to the session's running total: what it costs more, fee included, and how many
    units its whole steps charge."""
    fee = 0 if not rate.connect_fee or overlay.has_paid_fee else rate.connect_fee
    total = overlay.total(pricing.total_key(rating_group.number, rate))
    position = overlay.meter(rating_group.number).position
    priced = pricing.price(rate, total, position, units)
    _count_priced(overlay, rating_group, rate, priced, fee)
    return priced.cost + fee, priced.units


def _count_priced(
    overlay: Overlay, rating_group: RatingGroup, rate: Rate, priced: Priced, fee: int
) -> None:
    number = rating_group.number
    meter = overlay.meter(number)
    key = pricing.total_key(number, rate)
    total = overlay.total(key)
    overlay.trace.extend(trace.of_price(number, rate, meter.position, total, priced))
    overlay.session.totals[key] = pricing.add(total, priced)
    meter.position += priced.units
    if fee:
        overlay.trace.append((trace.CONNECT_FEE, fee))


def _draw_holds(overlay: Overlay, line: Line, cost: int) -> int:
    """Pay from the money the line has reserved; returns what it does not cover."""
    for part in money_holds(line):
        working = overlay.working(part.bucket_id)
        if working is None or not cost:
            continue
        take = min(cost, part.amount)
        part.amount -= take
        cost -= take
        overlay.post_reserved(working, take, line.rating_group)
        overlay.trace.append((trace.PAID_HELD, part.bucket_id, take))
        counters.count_drawn(overlay, line, working, take)
    return cost


def money_holds(line: Line) -> list[ReservedPart]:
    return [
        part for part in line.parts if part.rate_key and part.amount and part.rate_key != COUNTED
    ]


def _draw_free_money(overlay: Overlay, line: Line, money: list[Working], owed: int) -> None:
    payments, unpaid = purses.spread(money, owed)
    for working, amount in payments:
        _post_free(overlay, line, working, amount)
    if unpaid:
        working = purses.debtor(money)
        working.indebted = True
        overlay.post_free(working, unpaid, line.rating_group)
        overlay.trace.append((trace.DEBT, working.bucket.id, unpaid))
