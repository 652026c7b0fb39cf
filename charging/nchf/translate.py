"""From the words of N40 to those of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from charging.engine.conditions import Situation
from charging.engine.numbers import NumberingPlan
from charging.engine.tariff import RatingGroup, Unit
from charging.engine.values import ChargingRequest, Kind, LineRequest, UsedUnits, line_key
from charging.nchf import reading
from charging.nchf.messages import (
    OFFLINE_CHARGING,
    ChargingDataRequest,
    MultipleUnitUsage,
    Operation,
    RequestedUnit,
    UsedUnitContainer,
)
from charging.nchf.told import Told, told_of_container
from charging.nchf.told import told as told_by

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a network's clock may be before its times are cut back."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""No usage is older."""


Judge = Callable[[Told], Situation]


def bare_situation(told: Told) -> Situation:
    """What is told, where no operator's reference data is at hand."""
    return Situation(
        destination=NumberingPlan().digits(told.called),
        rat=told.rat,
        dnn=told.dnn,
        slice=told.slice,
        characteristics=told.flags,
        category=told.category,
    )


def kind_of(request: ChargingDataRequest, operation: Operation) -> Kind:
    """SCUR/ECUR by operation; a one-time event is IEC or PEC as it says (TS 32.290 §5.1-5.3).

    An event that does not say which one is post-event if it only reports usage.
    """
    if operation is Operation.UPDATE:
        return Kind.UPDATE
    if operation is Operation.RELEASE:
        return Kind.RELEASE
    if not request.one_time_event:
        return Kind.START
    if request.one_time_event_type in ("IEC", "PEC"):
        is_immediate = request.one_time_event_type == "IEC"
    else:
        usages = request.multiple_unit_usage or ()
        is_immediate = any(usage.requested_unit is not None for usage in usages)
    return Kind.IMMEDIATE_EVENT if is_immediate else Kind.POST_EVENT


def to_charging_request(
    request: ChargingDataRequest,
    *,
    operation: Operation,
    rating_groups: Mapping[int, RatingGroup],
    now: datetime,
    session_started_at: datetime | None = None,
    clock_offset: timedelta = timedelta(0),
    told: Told | None = None,
    judge: Judge = bare_situation,
) -> ChargingRequest:
    """What the engine is asked, amounts in the unit each rating group meters.

    `told` is what the request tells of where and how, its gaps filled (by itself unless given);
    `judge` what the operator makes of that. A container used elsewhere is judged by itself.

    `now` is the account's, `clock_offset` what that differs from the network's time. Usage is
    rated at the time its container was closed, kept within [session start, now + 5 min]; a
    post-event may lie in the past, any other create starts at `now`.
    """
    kind = kind_of(request, operation)
    here = told_by(request) if told is None else told
    if session_started_at is None and kind is not Kind.POST_EVENT:
        session_started_at = now

    def used_at(container: UsedUnitContainer) -> datetime:
        reported = reading.container_time(container, request)
        return _clamp(reported, clock_offset, earliest=session_started_at, now=now)

    def used_in(container: UsedUnitContainer) -> Situation | None:
        there = told_of_container(container, here)
        return None if there is here else judge(there)

    lines: dict[str, LineRequest] = {}
    for usage in request.multiple_unit_usage or ():
        unit = group.unit if (group := rating_groups.get(usage.rating_group)) else None
        used = tuple(
            _used(container, unit, used_at(container), session_started_at, used_in(container))
            for container in usage.used_unit_container or ()
        )
        line = _line(usage, unit=unit, kind=kind, used=used)
        key = line_key(line.rating_group, line.upf_id)
        lines[key] = _merge(lines[key], line) if key in lines else line
    return ChargingRequest(
        kind=kind,
        at=now,
        lines=tuple(lines.values()),
        situation=judge(here),
    )


def _used(
    container: UsedUnitContainer,
    unit: Unit | None,
    at: datetime,
    earliest: datetime | None,
    situation: Situation | None,
) -> UsedUnits:
    """One container; use that lasts began so many seconds before it was closed."""
    amount = _amount(unit, container) or 0
    started_at = None
    if unit is Unit.SECONDS and amount:
        length = min(amount, int((at - _EPOCH).total_seconds()))
        started_at = max(earliest or _EPOCH, at - timedelta(seconds=length))
    return UsedUnits(
        amount=amount,
        at=at,
        started_at=started_at,
        offline=container.quota_management_indicator == OFFLINE_CHARGING,
        closes_quota=reading.closes_quota(container),
        situation=situation,
    )


def _line(
    usage: MultipleUnitUsage, *, unit: Unit | None, kind: Kind, used: tuple[UsedUnits, ...]
) -> LineRequest:
    asked = usage.requested_unit
    wants_quota = asked is not None and kind is not Kind.POST_EVENT
    requested = _amount(unit, asked) if asked is not None and wants_quota else None
    if asked == RequestedUnit() and used and all(container.offline for container in used):
        # free5GC asks for "{}" with the usage of its offline rating groups as well.
        wants_quota = False
    if kind is Kind.IMMEDIATE_EVENT:
        # The event is debited once: what was asked, or, of a peer that reports instead, used.
        if asked is None:
            wants_quota, requested = True, sum(container.amount for container in used)
        used = ()
    return LineRequest(
        rating_group=usage.rating_group,
        upf_id=usage.upf_id or "",
        wants_quota=wants_quota,
        requested=requested,
        used=used,
    )


def _amount(unit: Unit | None, units: reading.Units) -> int | None:
    return reading.amount_in(unit, units) if unit else reading.amount_in_any_unit(units)


def _merge(first: LineRequest, second: LineRequest) -> LineRequest:
    """Two entries for one rating group and UPF (say, per service) are one line."""
    amounts = [line.requested for line in (first, second) if line.wants_quota]
    known = [amount for amount in amounts if amount is not None]
    return LineRequest(
        rating_group=first.rating_group,
        upf_id=first.upf_id,
        wants_quota=first.wants_quota or second.wants_quota,
        requested=sum(known) if known and len(known) == len(amounts) else None,
        used=first.used + second.used,
    )


def _clamp(
    reported: datetime, clock_offset: timedelta, *, earliest: datetime | None, now: datetime
) -> datetime:
    latest, earliest = now + CLOCK_TOLERANCE, earliest or _EPOCH
    # Compare before shifting: a time at either end of the calendar cannot be moved.
    if reported >= latest - clock_offset:
        return latest
    if reported <= earliest - clock_offset:
        return earliest
    return reported.astimezone(UTC) + clock_offset
