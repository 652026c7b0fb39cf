"""What usage costs: which rate covers it, its exact price, and how much a sum of money buys.

Every figure is closed-form on integers, so a terabyte in one-octet steps costs as little time as
one SMS. Prices are nano-units (10⁻⁹) of the account's currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from charging.engine.values import LineTotal, Rate, RatingGroup, Tariff, Unit

UNLIMITED = 2**63 - 1
"""More units than any counter of ours holds: what a price of nothing buys."""

DIRECT_MONEY = Rate(key="money", service="money", price=1, per=1, decimals=9)
"""A rating group that counts money (an event charged by amount) needs no price: it is one."""

_ROUNDING_STEPS: tuple[int, ...] = tuple(10 ** (9 - decimals) for decimals in range(10))


def find_rate(
    tariffs: Iterable[Tariff], rating_group: RatingGroup, *, at: datetime, destination: str = ""
) -> Rate | None:
    """The first rate that covers the rating group, or None when nothing has a price for it.

    Tariffs in force at `at` and their rates are tried in the order given. `at` and `destination`
    are the event's own; a rate without time bands and destination groups covers them all.
    """
    if rating_group.unit == Unit.NANO_MONEY:
        return DIRECT_MONEY
    for tariff in tariffs:
        if tariff.is_in_force(at):
            for rate in tariff.rates:
                if rate.covers(rating_group):
                    return rate
    return None


def is_free(rate: Rate) -> bool:
    """A price of nothing: usage is granted freely and never touches money."""
    return not rate.price and not rate.connect_fee


def billed_units(rate: Rate, units: int) -> int:
    """Units rounded up to whole steps of the rate."""
    return -(-units // rate.increment) * rate.increment


def line_cost(rate: Rate, units: int) -> int:
    """Price of a line's total usage, nano-units, rounded once half-up; without connect fee."""
    if units <= 0 or not rate.price:
        return 0
    step = _ROUNDING_STEPS[rate.decimals]
    divisor = rate.per * step
    return (2 * billed_units(rate, units) * rate.price + divisor) // (2 * divisor) * step


def added_cost(rate: Rate, total_units: int, units: int) -> int:
    """Price of `units` more on a line that already counts `total_units`.

    The difference of two rounded totals, so any number of reports costs the same as one, and the
    rest of a started step is used up by the next report.
    """
    return line_cost(rate, total_units + units) - line_cost(rate, total_units)


def affordable_units(rate: Rate, total_units: int, money: int) -> int:
    """Most units whose added cost is within `money` nano-units; `UNLIMITED` when the price is 0."""
    if money < 0:
        return 0
    if not rate.price:
        return UNLIMITED
    step = _ROUNDING_STEPS[rate.decimals]
    whole_steps = (money + line_cost(rate, total_units)) // step
    # Half-up keeps the total within `whole_steps` while it is below `whole_steps` and a half.
    most_exact = (rate.per * step * (2 * whole_steps + 1) - 1) // 2
    increments = most_exact // (rate.increment * rate.price)
    return max(0, increments * rate.increment - total_units)


def total_key(rating_group: int, rate: Rate) -> str:
    """Under what a session keeps the running total of one rate line."""
    return f"{rating_group}:{rate.key}"


def due_connect_fee(rate: Rate, totals: Iterable[LineTotal]) -> int:
    """The connect fee if no priced unit of the session has been charged yet, else 0."""
    if not rate.connect_fee or any(total.units for total in totals):
        return 0
    return rate.connect_fee
