"""What usage costs at one rate: exact prices over slots, one rounding a line, closed form.

Costs are exact integers, counted in 1/`rate.denominator` nano-units, until a line's total is
rounded. A terabyte in one-octet steps costs as little time as one SMS: steps are counted by
division, slot by slot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from charging.engine import rates
from charging.engine.tariff import (
    AtMaximum,
    Rate,
    Rates,
    RatingGroup,
    Rounding,
    Slot,
    Tariff,
    Unit,
)
from charging.engine.values import LineTotal

UNLIMITED = 2**63 - 1
"""More units than any counter of ours holds."""

DIRECT_MONEY = Rate.flat(key="money", service="money", price=1, per=1, decimals=9)
"""A rating group that counts money (an event charged by amount) needs no price: it is one."""

DIRECT = rates.Found(DIRECT_MONEY, Tariff(version_id=0, label="", rates=Rates((DIRECT_MONEY,))))

NANO_PLACES = 9
"""Decimal places of money. Where whole numbers stand for finer places (case files), `decimals` of
their rates count from there, and may be below zero."""


class Priced(NamedTuple):
    """Whole steps of usage and what they add to a line."""

    units: int
    """Units charged: whole steps, so as many as were asked or a few more."""
    exact: int
    """Added to the line's exact cost, 1/denominator nano-units."""
    cost: int
    """Added to what the line has been charged, nano-units, rounding and limits applied."""


NOTHING = Priced(0, 0, 0)
"""No usage at all."""


def _rounding_step(rate: Rate) -> int:
    """The smallest amount of money that a line of the rate may cost, in whole numbers."""
    assert rate.decimals <= NANO_PLACES, "no finer than money is counted"
    step: int = 10 ** (NANO_PLACES - rate.decimals)
    return step


def is_free(rate: Rate) -> bool:
    """Usage is granted freely and never touches money."""
    return not rate.connect_fee and not rate.minimum and not any(slot.price for slot in rate.slots)


def rounded(amount: int, divisor: int, rounding: Rounding) -> int:
    """`amount / divisor` as a whole number."""
    if rounding is Rounding.HALF_UP:
        return (2 * amount + divisor) // (2 * divisor)
    if rounding is Rounding.UP:
        return -(-amount // divisor)
    return amount // divisor


def line_cost(rate: Rate, exact: int) -> int:
    """What a line with priced units costs in all, nano-units: rounded once, then limited."""
    step = _rounding_step(rate)
    cost = rounded(exact, step * rate.denominator, rate.rounding) * step
    if cost < rate.minimum:
        cost = rate.minimum
    if rate.maximum is not None and cost > rate.maximum and rate.at_maximum is AtMaximum.FREE:
        cost = rate.maximum
    return cost


def price(rate: Rate, total: LineTotal, position: int, units: int) -> Priced:
    """Charge `units` more, in whole steps from `position` on, on a line that stands at `total`.

    The cost is the difference of two line costs, so any number of reports costs the same as one.
    """
    if units <= 0:
        return NOTHING
    if rate.is_volume:
        charged = _whole_steps(rate, total.units, units)
        exact = _volume_exact(rate, total.units + charged) - total.exact
    else:
        exact, charged = _walk(rate, position, units)
    return Priced(charged, exact, line_cost(rate, total.exact + exact) - total.cost)


def affordable(rate: Rate, total: LineTotal, position: int, units: int, money: int) -> Priced:
    """The most whole steps, up to those that cover `units`, that cost at most `money` nano-units.

    A rate that stops at its maximum buys no more than costs that.
    """
    wanted = price(rate, total, position, units)
    limit = _most_exact(rate, total.cost + money)
    if limit is None or (limit >= 0 and total.exact + wanted.exact <= limit):
        return wanted
    if limit < 0:
        return NOTHING
    if rate.is_volume:
        return _affordable_volume(rate, total, wanted.units, limit)
    exact, charged = _walk_within(rate, position, units, limit - total.exact)
    if not charged:
        return NOTHING
    return Priced(charged, exact, line_cost(rate, total.exact + exact) - total.cost)


def contained_tax(rate: Rate, cost: int) -> int:
    """Nano-units of tax in a cost at the rate's price, which contains it; rounded half up."""
    hundredths = rate.tax_hundredths
    return rounded(cost * hundredths, 10_000 + hundredths, Rounding.HALF_UP)


def next_step_costs_at_most(rate: Rate, position: int) -> int:
    """Nano-units that surely buy one more step from `position` on; generous, never too few."""
    if rate.is_volume or rate.at_maximum is AtMaximum.STOP:
        return UNLIMITED
    slot, _ = slot_at(rate, position)
    step = -(-slot.increment * slot.price // slot.per)
    return max(step + _rounding_step(rate), rate.minimum, 1)


def is_at_maximum(rate: Rate, total: LineTotal) -> bool:
    return rate.maximum is not None and total.cost >= rate.maximum


def add(total: LineTotal, priced: Priced) -> LineTotal:
    """The line's total with what was priced."""
    return LineTotal(
        units=total.units + priced.units,
        cost=total.cost + priced.cost,
        exact=total.exact + priced.exact,
    )


def total_key(rating_group: int, rate: Rate) -> str:
    """Under what a session keeps the running total of one rate line."""
    return f"{rating_group}:{rate.key}"


def due_connect_fee(rate: Rate, totals: Iterable[LineTotal]) -> int:
    """The connect fee if no priced unit of the session has been charged yet, else 0."""
    if not rate.connect_fee or any(total.units for total in totals):
        return 0
    return rate.connect_fee


def counts_money(rating_group: RatingGroup) -> bool:
    return rating_group.unit is Unit.NANO_MONEY


# ── walking over slots ───────────────────────────────────────────────────────────────────────


def _walk(rate: Rate, position: int, units: int) -> tuple[int, int]:
    """Exact cost and length of the whole steps that cover `units` from `position` on.

    A step belongs to the slot that it begins in; what it reaches beyond is paid with it.
    """
    slots, denominator = rate.slots, rate.denominator
    if len(slots) == 1:
        slot = slots[0]
        charged = -(-units // slot.increment) * slot.increment
        return charged * slot.price * (denominator // slot.per), charged
    exact, at, end = 0, position, position + units
    for number, slot in enumerate(slots):
        border = slots[number + 1].start if number + 1 < len(slots) else end
        if at >= border and number + 1 < len(slots):
            continue
        stop = min(end, border)
        length = -(-(stop - at) // slot.increment) * slot.increment
        exact += length * slot.price * (denominator // slot.per)
        at += length
        if at >= end:
            break
    return exact, at - position


def _walk_within(rate: Rate, position: int, units: int, budget: int) -> tuple[int, int]:
    """The same, as far as an exact budget goes."""
    slots, denominator = rate.slots, rate.denominator
    exact, at, end = 0, position, position + units
    for number, slot in enumerate(slots):
        is_last = number + 1 == len(slots)
        border = end if is_last else slots[number + 1].start
        if at >= border and not is_last:
            continue
        steps = -(-(min(end, border) - at) // slot.increment)
        step_cost = slot.increment * slot.price * (denominator // slot.per)
        paid = steps if not step_cost else min(steps, (budget - exact) // step_cost)
        exact += paid * step_cost
        at += paid * slot.increment
        if paid < steps or at >= end:
            break
    return exact, at - position


# ── volume prices ────────────────────────────────────────────────────────────────────────────


def _whole_steps(rate: Rate, units_before: int, units: int) -> int:
    """Units up to the end of the started step of the slot that the total then reaches."""
    total = units_before + units
    increment = _slot_at(rate, total).increment
    return -(-total // increment) * increment - units_before


def _volume_exact(rate: Rate, total: int) -> int:
    """All `total` units at the price of their slot, or what reaching a later slot would cost."""
    reached = _slot_at(rate, total).start
    return min(
        _whole(max(total, slot.start), slot.increment) * slot.price * (rate.denominator // slot.per)
        for slot in rate.slots
        if slot.start >= reached
    )


def _affordable_volume(rate: Rate, total: LineTotal, most: int, limit: int) -> Priced:
    """By halving, since a line's cost never falls as it grows."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if _volume_exact(rate, total.units + middle) <= limit:
            low = middle
        else:
            high = middle - 1
    increment = _slot_at(rate, total.units + low).increment
    units = max(0, (total.units + low) // increment * increment - total.units)
    if not units:
        return NOTHING
    exact = _volume_exact(rate, total.units + units) - total.exact
    return Priced(units, exact, line_cost(rate, total.exact + exact) - total.cost)


def slot_at(rate: Rate, position: int) -> tuple[Slot, int]:
    """The slot that a unit at `position` begins in, and how many units there are up to the next."""
    found, border = rate.slots[0], UNLIMITED
    for slot in rate.slots:
        if slot.start > position:
            border = slot.start - position
            break
        found = slot
    return found, border


def _slot_at(rate: Rate, total: int) -> Slot:
    found = rate.slots[0]
    for slot in rate.slots:
        if slot.start >= total:
            break
        found = slot
    return found


def _whole(units: int, increment: int) -> int:
    return -(-units // increment) * increment


# ── what money buys ──────────────────────────────────────────────────────────────────────────


def _most_exact(rate: Rate, money: int) -> int | None:
    """The largest exact cost of a line that is charged at most `money`; None: any, -1: none."""
    if rate.maximum is not None:
        if rate.at_maximum is AtMaximum.FREE and rate.maximum <= money:
            return None
        if rate.at_maximum is AtMaximum.STOP:
            money = min(money, rate.maximum)
    if money < 0 or money < rate.minimum:
        return -1
    step = _rounding_step(rate)
    whole, size = money // step, step * rate.denominator
    if rate.rounding is Rounding.HALF_UP:
        return ((2 * whole + 1) * size - 1) // 2
    if rate.rounding is Rounding.UP:
        return whole * size
    return (whole + 1) * size - 1
