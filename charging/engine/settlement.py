"""Settling reported usage: it is never refused, whatever the account still has.

The line's own reservation pays first (units, then money), then free units, then money at the
rate; what nothing covers takes money below zero, and what nothing prices is stored unrated.
"""

from __future__ import annotations

from datetime import datetime

from charging.engine import purses, rating, trace
from charging.engine.overlay import Overlay, Working
from charging.engine.values import (
    Line,
    LineRequest,
    LineTotal,
    Mode,
    Rate,
    RatingGroup,
    ReservedPart,
    UsedUnits,
)


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


def _settle(
    overlay: Overlay, rating_group: RatingGroup | None, line: Line, container: UsedUnits
) -> int:
    amount = container.amount
    if not amount:
        return 0
    if container.offline or (rating_group is not None and rating_group.mode == Mode.OFFLINE):
        overlay.trace.append((trace.RECORDED, line.rating_group, amount))
        return 0
    overlay.trace.append((trace.USED, line.rating_group, amount))
    if rating_group is None:
        overlay.leave_unrated(line.rating_group, amount, trace.UNKNOWN_RATING_GROUP)
        return 0
    left = _pay_from_held_units(overlay, line, amount)
    held_in_money = _take_held_money_units(line, left)
    left -= held_in_money
    if left:
        left = _pay_from_free_units(overlay, rating_group, left, container.at)
    owed = held_in_money + left
    return _pay_in_money(overlay, rating_group, line, owed, container.at) if owed else 0


def _pay_from_held_units(overlay: Overlay, line: Line, left: int) -> int:
    """Use up the line's reserved units. They were reserved while their bucket was valid, so they
    pay for the usage they were granted for even when its report comes after the expiry."""
    for part in line.parts:
        if part.rate_key or not left:
            continue
        working = overlay.working(part.bucket_id)
        if working is None:
            continue
        take = min(left, part.units)
        part.units -= take
        part.amount -= take
        left -= take
        overlay.post_reserved(working, take, line.rating_group)
        overlay.trace.append((trace.PAID_HELD, part.bucket_id, take))
    return left


def _take_held_money_units(line: Line, left: int) -> int:
    """How much of the usage was granted against reserved money."""
    taken = 0
    for part in line.parts:
        if part.rate_key and taken < left:
            take = min(left - taken, part.units)
            part.units -= take
            taken += take
    return taken


def _pay_from_free_units(
    overlay: Overlay, rating_group: RatingGroup, left: int, at: datetime
) -> int:
    for working in overlay.open_units(rating_group, at):
        take = min(left, working.available)
        left -= take
        overlay.post_free(working, take, rating_group.number)
        overlay.trace.append((trace.PAID, working.bucket.id, take))
        if not left:
            break
    return left


def _pay_in_money(
    overlay: Overlay, rating_group: RatingGroup, line: Line, units: int, at: datetime
) -> int:
    """Charge `units` at the rate of their own time; returns the nano-units charged."""
    request, number = overlay.request, rating_group.number
    # What was used before there was a plan is priced by the present one rather than not at all.
    rate = _find_rate(overlay, rating_group, at) or _find_rate(overlay, rating_group, request.at)
    if rate is None:
        overlay.leave_unrated(number, units, trace.NO_RATE)
        return 0
    if rating.is_free(rate):
        overlay.trace.append((trace.FREE, number, units))
        return 0
    # A money bucket made between the usage and its report pays rather than none.
    money = overlay.open_money(rating_group, at) or overlay.open_money(rating_group, request.at)
    holds = [part for part in line.parts if part.rate_key and part.amount]
    if not money and not holds:
        overlay.leave_unrated(number, units, trace.NO_MONEY)
        return 0
    cost = price_usage(overlay, rating_group, rate, units)
    owed = _draw_holds(overlay, holds, cost, number)
    if owed:
        _draw_free_money(overlay, money or _held_in(overlay, holds), owed, number)
    return cost


def _find_rate(overlay: Overlay, rating_group: RatingGroup, at: datetime) -> Rate | None:
    return rating.find_rate(
        overlay.account.tariffs, rating_group, at=at, destination=overlay.request.destination
    )


def price_usage(overlay: Overlay, rating_group: RatingGroup, rate: Rate, units: int) -> int:
    """Add the usage to the session's running total; returns what it adds to the cost."""
    totals = overlay.session.totals
    fee = rating.due_connect_fee(rate, totals.values())
    key = rating.total_key(rating_group.number, rate)
    total = overlay.total(key)
    cost = rating.added_cost(rate, total.units, units)
    totals[key] = LineTotal(units=total.units + units, cost=total.cost + cost)
    overlay.trace.append(trace.of_price(rating_group.number, rate, total.units, units, cost))
    if fee:
        overlay.trace.append((trace.CONNECT_FEE, fee))
    return cost + fee


def _draw_holds(overlay: Overlay, holds: list[ReservedPart], cost: int, number: int) -> int:
    """Pay from the money the line has reserved; returns what it does not cover."""
    for part in holds:
        working = overlay.working(part.bucket_id)
        if working is None or not cost:
            continue
        take = min(cost, part.amount)
        part.amount -= take
        cost -= take
        overlay.post_reserved(working, take, number)
        overlay.trace.append((trace.PAID_HELD, part.bucket_id, take))
    return cost


def _held_in(overlay: Overlay, holds: list[ReservedPart]) -> list[Working]:
    found = (overlay.working(part.bucket_id) for part in holds)
    return [working for working in found if working is not None]


def _draw_free_money(overlay: Overlay, money: list[Working], owed: int, number: int) -> None:
    payments, unpaid = purses.spread(money, owed)
    for working, amount in payments:
        overlay.post_free(working, amount, number)
        overlay.trace.append((trace.PAID, working.bucket.id, amount))
    if unpaid:
        working = purses.debtor(money)
        working.indebted = True
        overlay.post_free(working, unpaid, number)
        overlay.trace.append((trace.DEBT, working.bucket.id, unpaid))
