"""Deciding quota: what the account can pay of what is asked, and holding it for the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from charging.engine import purses, rating, trace
from charging.engine.overlay import Overlay, Working
from charging.engine.purses import Payment
from charging.engine.values import (
    Line,
    LineAnswer,
    LineRequest,
    Mode,
    Rate,
    RatingGroup,
    ReservedPart,
    Result,
    Unit,
)

MOST_OCTETS = 2_147_483_647
"""The most one grant of octets gives: session managers in the field read volumes as int32."""

REFUSALS = frozenset(
    {Result.QUOTA_LIMIT_REACHED, Result.RATING_FAILED, Result.END_USER_SERVICE_DENIED}
)


@dataclass(slots=True)
class Offer:
    """How much of a wanted amount the account can pay now, and from what; nothing is moved."""

    from_units: list[Payment] = field(default_factory=list)
    from_money: list[Payment] = field(default_factory=list)
    rate: Rate | None = None
    units: int = 0
    """Units in all that can be paid."""
    priced_units: int = 0
    """Of these, the units that money pays for."""
    total_units: int = 0
    """Units the rate line counts before, reservations of the session's other lines included."""
    cost: int = 0
    """Nano-units for `priced_units`, the connect fee included when it is still due."""
    fee: int = 0
    has_more: bool = False
    """The account could pay for more than was wanted."""


def make_offer(overlay: Overlay, rating_group: RatingGroup, wanted: int) -> Offer:
    """Cover `wanted` units: unit buckets in paying order, then money at the present rate."""
    offer = Offer()
    at = overlay.request.at
    left = wanted
    for working in overlay.open_units(rating_group, at):
        take = min(left, working.available)
        if take:
            offer.from_units.append((working, take))
            left -= take
        if take < working.available:
            offer.has_more = True
            break
    offer.units = wanted - left
    offer.rate = rating.find_rate(
        overlay.account.tariffs, rating_group, at=at, destination=overlay.request.destination
    )
    if offer.rate is not None and (left or not offer.has_more):
        _add_money(overlay, rating_group, offer, offer.rate, left)
    return offer


def _add_money(
    overlay: Overlay, rating_group: RatingGroup, offer: Offer, rate: Rate, left: int
) -> None:
    fee = rating.due_connect_fee(rate, overlay.session.totals.values())
    if not rate.price and not fee:
        offer.units += left
        offer.has_more = True
        return
    money = overlay.open_money(rating_group, overlay.request.at)
    budget = purses.spendable(money) - fee
    if budget < 0 or (rate.price and not budget):
        return
    offer.total_units = _counted_units(overlay, rating_group, rate)
    affordable = rating.affordable_units(rate, offer.total_units, budget)
    taken = offer.priced_units = min(left, affordable)
    offer.units += taken
    if taken:
        offer.fee = fee
        offer.cost = fee + rating.added_cost(rate, offer.total_units, taken)
        offer.from_money, _ = purses.spread(money, offer.cost)
    # Money spent to the last nano-unit buys no more, even where rounding would hide the price.
    spent = taken and offer.cost - fee >= budget
    offer.has_more = offer.has_more or (affordable > taken and not (rate.price and spent))


def _counted_units(overlay: Overlay, rating_group: RatingGroup, rate: Rate) -> int:
    """Units of the rate line charged so far or promised to other lines of the session."""
    counted = overlay.total(rating.total_key(rating_group.number, rate)).units
    for line in overlay.session.lines.values():
        if line.rating_group == rating_group.number:
            counted += sum(part.units for part in line.parts if part.rate_key == rate.key)
    return counted


# ── answering a request for quota ────────────────────────────────────────────────────────────


def grant(overlay: Overlay, request: LineRequest) -> LineAnswer:
    """Reserve and grant what one line asks for, or say why not."""
    overlay.trace.append(
        (trace.ASKED, request.rating_group, -1 if request.requested is None else request.requested)
    )
    line = overlay.line(request.rating_group, request.upf_id)
    answer = without_quota(overlay, request)
    if answer is None:
        rating_group = overlay.account.rating_groups[request.rating_group]
        answer = _grant_offer(overlay, request, rating_group, line)
    elif answer.result in REFUSALS:
        line.refused = True
    return answer


def without_quota(overlay: Overlay, request: LineRequest) -> LineAnswer | None:
    """The answer where balances do not matter; None when they decide."""
    account = overlay.account
    rating_group = account.rating_groups.get(request.rating_group)
    if not account.may_use:
        return refusal(overlay, request, Result.END_USER_SERVICE_DENIED)
    if rating_group is None:
        return refusal(overlay, request, Result.RATING_FAILED)
    if rating_group.mode == Mode.OFFLINE or _is_reported_offline(request):
        return refusal(overlay, request, Result.QUOTA_MANAGEMENT_NOT_APPLICABLE)
    if request.requested is not None and request.requested <= 0:
        return LineAnswer(
            rating_group=request.rating_group, upf_id=request.upf_id, result=Result.SUCCESS
        )
    return None


def _is_reported_offline(request: LineRequest) -> bool:
    """Some networks ask for quota on lines that they report as offline (TS 32.291 quirk of
    free5GC): these are not granted any."""
    return bool(request.used) and all(container.offline for container in request.used)


def refusal(overlay: Overlay, request: LineRequest, result: Result) -> LineAnswer:
    overlay.trace.append((trace.REFUSED, request.rating_group, str(result)))
    return LineAnswer(rating_group=request.rating_group, upf_id=request.upf_id, result=result)


def unpayable(overlay: Overlay, rating_group: RatingGroup, offer: Offer) -> Result:
    """Why an offer came out too small: nothing left, or never anything to pay with."""
    if offer.rate is None and not overlay.has_units_of(rating_group):
        return Result.RATING_FAILED
    return Result.QUOTA_LIMIT_REACHED


def _grant_offer(
    overlay: Overlay, request: LineRequest, rating_group: RatingGroup, line: Line
) -> LineAnswer:
    wanted = rating_group.grant if request.requested is None else request.requested
    if rating_group.unit == Unit.OCTETS and wanted > MOST_OCTETS:
        wanted = MOST_OCTETS
        overlay.trace.append((trace.CAPPED, rating_group.number, MOST_OCTETS))
    offer = make_offer(overlay, rating_group, wanted)
    if not offer.units:
        line.refused = True
        return refusal(overlay, request, unpayable(overlay, rating_group, offer))
    _hold(overlay, rating_group, line, offer)
    line.refused = not offer.has_more
    validity_time = _validity_time(rating_group, offer, overlay.request.at)
    # The last units are used to the end: there is nothing more to ask for at a threshold.
    threshold = offer.units * rating_group.threshold_percent // 100 if offer.has_more else 0
    overlay.trace.append(
        (trace.GRANTED, rating_group.number, offer.units, wanted, validity_time, threshold)
    )
    if not offer.has_more:
        overlay.trace.append((trace.FINAL, rating_group.number, rating_group.final_unit_action))
    return LineAnswer(
        rating_group=rating_group.number,
        upf_id=request.upf_id,
        result=Result.SUCCESS,
        unit=rating_group.unit,
        granted=offer.units,
        validity_time=validity_time,
        holding_time=rating_group.holding_time,
        threshold=threshold,
        is_final=not offer.has_more,
        final_unit_action="" if offer.has_more else rating_group.final_unit_action,
        redirect_address="" if offer.has_more else rating_group.redirect_address,
    )


def _hold(overlay: Overlay, rating_group: RatingGroup, line: Line, offer: Offer) -> None:
    """Reserve the offer for the line."""
    for working, units in offer.from_units:
        overlay.reserve(working, units, rating_group.number)
        line.parts.append(ReservedPart(bucket_id=working.bucket.id, units=units, amount=units))
        overlay.trace.append((trace.HELD, working.bucket.id, units))
    if not offer.priced_units or offer.rate is None:
        return
    overlay.trace.append(
        trace.of_price(
            rating_group.number,
            offer.rate,
            offer.total_units,
            offer.priced_units,
            offer.cost - offer.fee,
        )
    )
    for part, working in _money_parts(offer, offer.rate):
        line.parts.append(part)
        if part.amount:
            overlay.reserve(working, part.amount, rating_group.number)
            overlay.trace.append((trace.HELD, part.bucket_id, part.amount))


def _money_parts(offer: Offer, rate: Rate) -> list[tuple[ReservedPart, Working]]:
    """One part per paying bucket: as many units as the money up to and with it pays for."""
    parts = []
    paid = assigned = 0
    for working, amount in offer.from_money:
        paid += amount
        upto = rating.affordable_units(rate, offer.total_units, paid - offer.fee)
        units = min(offer.priced_units, upto) - assigned
        assigned += units
        parts.append(
            (
                ReservedPart(
                    bucket_id=working.bucket.id, units=units, amount=amount, rate_key=rate.key
                ),
                working,
            )
        )
    return parts


def _validity_time(rating_group: RatingGroup, offer: Offer, at: datetime) -> int:
    """Seconds the grant lives: the rating group's, or less when a paying bucket expires sooner."""
    seconds = rating_group.validity_time
    for working, _ in (*offer.from_units, *offer.from_money):
        expires_at = working.bucket.expires_at
        if expires_at is not None:
            left = max(1, int((expires_at - at).total_seconds()))
            seconds = min(seconds, left) if seconds else left
    return seconds
