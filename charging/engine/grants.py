"""Deciding quota: what the account can pay of what is asked, and holding it for the session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from charging.engine import counters, horizons, thresholds, trace
from charging.engine.candidates import Candidates
from charging.engine.overlay import COUNTED, Overlay
from charging.engine.settlement import is_free_of_charge
from charging.engine.tariff import Mode, RatingGroup, Unit
from charging.engine.values import (
    Line,
    LineAnswer,
    LineRequest,
    LineTotal,
    ReservedPart,
    Result,
)
from charging.engine.waterfall import Charge, Cover, Ground

MOST_OCTETS = 2_147_483_647
"""The most one grant of octets gives: session managers in the field read volumes as int32."""

NOBODY = 0
"""No bucket: what was promised costs nothing so far."""

REFUSALS = frozenset(
    {Result.QUOTA_LIMIT_REACHED, Result.RATING_FAILED, Result.END_USER_SERVICE_DENIED}
)


@dataclass(slots=True)
class Offer:
    """How much of a wanted amount the account can pay now, and from what; nothing is moved."""

    wanted: int
    cover: Cover
    covered: int = 0
    """Units that a started step has paid for already."""
    change: datetime | None = None
    """When another price applies or a bucket begins or ends to be usable: it ends the grant."""
    is_free: bool = False
    is_capped: bool = False
    """A counter's limit allows no more than this."""

    @property
    def units(self) -> int:
        """Units in all that can be used."""
        return min(self.wanted, self.covered + self.cover.units)

    @property
    def has_more(self) -> bool:
        if self.is_capped:
            return False
        is_begun = self.covered + self.cover.units > self.wanted  # a step reaches beyond
        return self.is_free or is_begun or self.cover.has_more or self._ends_at_a_border

    @property
    def _ends_at_a_border(self) -> bool:
        return self.change is not None and self.units >= self.wanted


def make_offer(overlay: Overlay, rating_group: RatingGroup, wanted: int) -> Offer:
    """Cover `wanted` units: buckets of units in paying order, then money at the present rate."""
    situation, at = overlay.request.situation, overlay.request.at
    if is_free_of_charge(overlay, rating_group.number, situation, at):
        return Offer(wanted, Cover(units=wanted), is_free=True)
    candidates = overlay.candidates(rating_group, situation)
    lasts = rating_group.unit is Unit.SECONDS
    change = _next_change(overlay, rating_group, candidates, wanted if lasts else None)
    if lasts and change is not None:
        seconds = horizons.whole_seconds(at, change)
        if seconds < wanted:
            overlay.trace.append((trace.LIMITED, rating_group.number, seconds, _epoch(change)))
            wanted = seconds
        else:
            change = None
    ground = overlay.ground(rating_group, situation, asks=True)
    covered = _promise(overlay, rating_group, ground)
    limit = ground.limit_of(rating_group.unit)
    most = min(wanted, limit)
    cover = ground.cover(max(0, most - covered), at, room=limit - most)
    return Offer(most, cover, covered, change, is_capped=limit <= wanted)


def _next_change(
    overlay: Overlay, rating_group: RatingGroup, candidates: Candidates, seconds: int | None
) -> datetime | None:
    """What ends a grant early: for usage that lasts any change within it, else the next price
    within the grant's validity."""
    situation, at = overlay.request.situation, overlay.request.at
    if seconds is not None:
        until = at + timedelta(seconds=seconds)
        return horizons.next_change(
            overlay.account, rating_group, situation, candidates, at=at, until=until
        )
    until = at + timedelta(seconds=rating_group.validity_time or 86_400)
    return horizons.price_change(overlay.account, rating_group, situation, at=at, until=until)


def _promise(overlay: Overlay, rating_group: RatingGroup, ground: Ground) -> int:
    """Move the ground past what other lines of the session have been promised.

    Returns what a started step still covers, unless another line may use it up.
    """
    covered = overlay.meter(rating_group.number).covered
    for line in overlay.session.lines.values():
        if line.rating_group != rating_group.number:
            continue
        for part in line.parts:
            if part.rate_key and part.rate_key != COUNTED:
                _promise_part(rating_group, ground, part)
            if part.units:
                covered = 0
    return covered


def _promise_part(rating_group: RatingGroup, ground: Ground, part: ReservedPart) -> None:
    key = f"{rating_group.number}:{part.rate_key}"
    total = ground.totals.get(key) or LineTotal()
    ground.totals[key] = replace(
        total,
        units=total.units + part.units,
        cost=total.cost + part.cost,
        exact=total.exact + part.exact,
    )
    ground.position += part.units
    if part.units:
        ground.has_paid_fee = True


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
    account, situation = overlay.account, overlay.request.situation
    rating_group = account.rating_groups.get(request.rating_group)
    if situation.is_emergency and rating_group is None:
        return refusal(overlay, request, Result.QUOTA_MANAGEMENT_NOT_APPLICABLE)
    if not situation.is_emergency and not _may_use(overlay, rating_group):
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


def _may_use(overlay: Overlay, rating_group: RatingGroup | None) -> bool:
    account = overlay.account
    if not account.may_use or overlay.is_suspended:
        return False
    services = account.services
    return services is None or rating_group is None or rating_group.service in services


def _is_reported_offline(request: LineRequest) -> bool:
    """Some networks ask for quota on lines that they report as offline (TS 32.291 quirk of
    free5GC): these are not granted any."""
    return bool(request.used) and all(container.offline for container in request.used)


def refusal(overlay: Overlay, request: LineRequest, result: Result) -> LineAnswer:
    overlay.trace.append((trace.REFUSED, request.rating_group, str(result)))
    return LineAnswer(rating_group=request.rating_group, upf_id=request.upf_id, result=result)


def unpayable(overlay: Overlay, rating_group: RatingGroup, offer: Offer) -> Result:
    """Why an offer came out too small: nothing left, or never anything to pay with."""
    candidates = overlay.candidates(rating_group, overlay.request.situation)
    if offer.cover.rate is None and not candidates.has_units:
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
    _explain_limits(overlay, rating_group, offer)
    if not offer.units:
        line.refused = True
        return refusal(overlay, request, unpayable(overlay, rating_group, offer))
    _hold(overlay, rating_group, line, offer)
    line.refused = not offer.has_more
    return _answer(overlay, request, rating_group, offer, wanted)


def _answer(
    overlay: Overlay, request: LineRequest, rating_group: RatingGroup, offer: Offer, wanted: int
) -> LineAnswer:
    is_final = not offer.has_more
    validity_time = _validity_time(rating_group, offer, overlay.request.at)
    # The last units are used to the end: there is nothing more to ask for at a threshold.
    threshold = 0 if is_final else offer.units * rating_group.threshold_percent // 100
    number = rating_group.number
    overlay.trace.append((trace.GRANTED, number, offer.units, wanted, validity_time, threshold))
    if is_final:
        overlay.trace.append((trace.FINAL, number, rating_group.final_unit_action))
    return LineAnswer(
        rating_group=number,
        upf_id=request.upf_id,
        result=Result.SUCCESS,
        unit=rating_group.unit,
        granted=offer.units,
        validity_time=validity_time,
        holding_time=rating_group.holding_time,
        threshold=threshold,
        is_final=is_final,
        final_unit_action=rating_group.final_unit_action if is_final else "",
        redirect_address=rating_group.redirect_address if is_final else "",
        is_throttled=_is_throttled(overlay, rating_group, offer),
    )


def _is_throttled(overlay: Overlay, rating_group: RatingGroup, offer: Offer) -> bool:
    counted = overlay.candidates(rating_group, overlay.request.situation).counters
    payers = [payer for payer, _ in offer.cover.payments()]
    throttled = thresholds.is_throttled([*counted, *payers])
    if throttled:
        overlay.trace.append((trace.THROTTLED, rating_group.number))
    return throttled


def _explain_limits(overlay: Overlay, rating_group: RatingGroup, offer: Offer) -> None:
    if offer.is_free:
        overlay.trace.append((trace.FREE, rating_group.number, offer.wanted, trace.NO_PAYER))
    if offer.is_capped and offer.units == offer.wanted:
        overlay.trace.append((trace.LIMITED, rating_group.number, offer.units, 0))
    if offer.cover.is_at_maximum:
        overlay.trace.append((trace.STOPPED, rating_group.number))


def _hold(overlay: Overlay, rating_group: RatingGroup, line: Line, offer: Offer) -> None:
    """Reserve the offer for the line."""
    for charge in offer.cover.charges:
        if charge.payer is not None:
            _hold_part(overlay, line, charge.payer.bucket.id, charge.units, charge.amount)
        if charge.rate is not None and charge.priced.units:
            _hold_money(overlay, rating_group, line, charge)
    counters.hold(overlay, rating_group, line, offer.units, offer.cover)


def _hold_part(overlay: Overlay, line: Line, bucket_id: int, units: int, amount: int) -> None:
    overlay.reserve(overlay.require(bucket_id), amount, line.rating_group)
    line.parts.append(ReservedPart(bucket_id=bucket_id, units=units, amount=amount))
    overlay.trace.append((trace.HELD, bucket_id, amount))


def _hold_money(overlay: Overlay, rating_group: RatingGroup, line: Line, charge: Charge) -> None:
    """The first payer's part carries the units and what they add to their rate's line; where that
    rounds to nothing, a part that holds nothing does."""
    assert charge.rate is not None
    before = LineTotal(units=charge.units_before)
    overlay.trace.extend(
        trace.of_price(rating_group.number, charge.rate, charge.position, before, charge.priced)
    )
    units = 0 if charge.payer is not None else charge.units
    promised = (charge.priced.cost, charge.priced.exact)
    payments = [(working.bucket.id, amount) for working, amount in charge.money]
    for bucket_id, amount in payments or [(NOBODY, 0)]:
        line.parts.append(
            ReservedPart(
                bucket_id=bucket_id,
                units=units,
                amount=amount,
                rate_key=charge.rate.key,
                cost=promised[0],
                exact=promised[1],
            )
        )
        units, promised = 0, (0, 0)
        if amount:
            overlay.reserve(overlay.require(bucket_id), amount, line.rating_group)
            overlay.trace.append((trace.HELD, bucket_id, amount))


def _validity_time(rating_group: RatingGroup, offer: Offer, at: datetime) -> int:
    """Seconds the grant lives: the rating group's, or less when a paying bucket expires sooner or
    another price begins."""
    seconds = rating_group.validity_time
    borders = [payer.bucket.expires_at for payer, _ in offer.cover.payments()]
    borders.append(offer.change)
    for border in borders:
        if border is not None:
            left = max(1, int((border - at).total_seconds()))
            seconds = min(seconds, left) if seconds else left
    return seconds


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
