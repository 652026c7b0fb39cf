"""The terms of allowances, rates and versions in plain words, one part at a time.

Each part is empty where the version says nothing unusual, so that a plan without terms is
described in as few words as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from plans.conventions import Conventions, noun_of
from plans.models import Allowance, PlanVersion, Rate, Service, Threshold, Unit
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    ThresholdSpec,
    VersionSpec,
    own_rate_of,
    plain_decimal,
    service_of,
    unit_of,
)
from plans.terms import (
    UNTIL_THE_PERIOD_ENDS,
    SlotSpec,
)
from plans.wording_conditions import (
    MONTHS,
    BandNames,
    ordinal,
    say_band,
    say_conditions,
)

_SPANS: Final = {
    "hours": "hour", "days": "day", "weeks": "week", "months": "month", "years": "year",
}  # fmt: skip
_ENDS: Final = {
    "end_of_day": "day", "end_of_week": "week", "end_of_month": "month", "end_of_year": "year",
}  # fmt: skip


def band_names(spec: VersionSpec) -> BandNames:
    return {band.code: band.name for band in spec.bands}


# ── allowances ───────────────────────────────────────────────────────────────────────────────


def allowance_terms(
    allowance: AllowanceSpec, version: VersionSpec, by: Conventions
) -> dict[str, str]:
    """What is unusual about an allowance, by what it is about."""
    bands = band_names(version)
    said = {
        "where and when": say_conditions(allowance.conditions, bands, by),
        "counting": _say_counting(allowance, by),
        "unlimited": _say_fair_use(allowance, by),
        "order": "nothing after it is used" if allowance.is_blocker else "",
        "sharing": "shared with the group and children" if allowance.is_shared else "",
        "steps": f"taken in steps of {_amount(allowance.step, allowance, by)}"
        if allowance.step > 1
        else "",
        "factors": _say_factors(allowance, bands, by),
        "own price": _say_own_rate(allowance, version, by),
        "renewal": _say_renewal(allowance, by),
        "actions": _say_actions(allowance, version, by),
    }
    return {about: words for about, words in said.items() if words}


def say_validity(allowance: AllowanceSpec) -> str:
    """7 days; until the period ends; 2 weeks from its first use."""
    life = allowance.lifetime
    if allowance.validity_days is not None:
        text = _counted(allowance.validity_days, "day")
    elif life.span in _SPANS:
        text = _counted(life.count, _SPANS[life.span])
    elif life.span in _ENDS:
        unit = _ENDS[life.span]
        text = (
            f"until the {unit} ends"
            if life.count == 1
            else f"until the {ordinal(life.count)} {unit} ends"
        )
    elif life.span == Allowance.Span.UNTIL:
        text = f"until {say_date(life.until)}"
    elif life.span == Allowance.Span.UNLIMITED:
        text = "without end"
    else:
        text = "until the period ends"
    return f"{text} from its first use" if life.from_first_use else text


def _say_counting(allowance: AllowanceSpec, by: Conventions) -> str:
    if allowance.role != Allowance.Role.COUNTS:
        return ""
    is_money = unit_of(allowance, by.metered) == Unit.NANO_MONEY
    what = "counts what is spent" if is_money else "counts what is used"
    if allowance.limits:
        return f"{what}, and no more is granted"
    return what


def _say_fair_use(allowance: AllowanceSpec, by: Conventions) -> str:
    if not allowance.is_unlimited or not allowance.amount:
        return ""
    return f"fair use {_amount(allowance.amount, allowance, by)}"


def _say_factors(allowance: AllowanceSpec, bands: BandNames, by: Conventions) -> str:
    said = []
    for factor in allowance.factors:
        where = f"as “{factor.key}”" if factor.key else say_conditions(factor.conditions, bands, by)
        said.append(f"{factor.times} for one {where}".rstrip())
    return "; ".join(said)


def _say_own_rate(allowance: AllowanceSpec, version: VersionSpec, by: Conventions) -> str:
    if allowance.own_rate is None:
        return ""
    spent_on = "spent at" if unit_of(allowance, by.metered) == Unit.NANO_MONEY else "costs"
    rate = own_rate_of(allowance, by.metered)
    return f"{spent_on} {say_whole_rate(rate, version, by)}"


def _say_renewal(allowance: AllowanceSpec, by: Conventions) -> str:
    kind = Allowance.Renewal
    if allowance.renewal == kind.EXTEND:
        return "what is left is added to the next period’s"
    if allowance.renewal == kind.REPLACE:
        return "what is left is lost when the next period begins"
    if allowance.renewal != kind.ROLL_OVER:
        return ""
    most, periods = allowance.roll_over_amount_max, allowance.roll_over_periods_max
    text = "what is left rolls over"
    if most is not None:
        text += f", at most {_amount(most, allowance, by)}"
    if periods is not None:
        text += f", for {_counted(periods, 'period')}"
    is_newest = allowance.roll_over_order == Allowance.RollOverOrder.NEWEST
    return f"{text}, used after the new" if is_newest else text


def _say_actions(allowance: AllowanceSpec, version: VersionSpec, by: Conventions) -> str:
    names = {part.key: part.name for part in version.allowances if part.key}
    said = (say_action(mark, allowance, names, by) for mark in allowance.thresholds)
    return "; ".join(filter(None, said))


def say_action(
    mark: ThresholdSpec, allowance: AllowanceSpec, names: Mapping[UUID, str], by: Conventions
) -> str:
    """What a mark does besides warning: “low” blocks Data, quiet 22:00–07:30."""
    action = Threshold.Action
    target = names.get(mark.target, "another allowance") if mark.target else "it"
    acts = {
        action.BLOCK: f"blocks {target}",
        action.UNBLOCK: f"unblocks {target}",
        action.THROTTLE: "slows down",
        action.SUSPEND: "suspends the account",
    }
    parts = [acts[action(mark.action)]] if mark.action in acts else []
    if mark.state:
        parts.append(f"is called “{mark.state}”")
    if mark.quiet_from is not None and mark.quiet_until is not None:
        parts.append(f"quiet {mark.quiet_from:%H:%M}–{mark.quiet_until:%H:%M}")
    if mark.is_paused:
        parts.append("paused")
    return f"“{mark.label}” {', '.join(parts)}" if parts else ""


def _amount(amount: int, allowance: AllowanceSpec, by: Conventions) -> str:
    unit = unit_of(allowance, by.metered)
    service = service_of(allowance, by.metered)
    return by.quantity(amount, unit, label=allowance.display_unit, service=service)


# ── rates ────────────────────────────────────────────────────────────────────────────────────


def say_rate(rate: RateSpec, by: Conventions) -> str:
    """€0.09 per min, in started steps of 1 min, plus €0.10 a call; from 10 min €0.05 per min."""
    if not rate.price and not rate.connect_fee and not rate.slots:
        return "free"
    service = service_of(rate, by.metered)
    text = _say_slot(rate.all_slots[0], rate, by)
    if rate.connect_fee:
        each = {Service.VOICE: "call", Service.SMS: "SMS"}.get(Service(service), "session")
        text += f", plus {by.money(rate.connect_fee)} a {each}"
    unit = unit_of(rate, by.metered)
    whole = " for all of it" if rate.pricing == Rate.Pricing.VOLUME else ""
    for slot in rate.slots:
        start = by.quantity(slot.start, unit, service=service)
        text += f"; from {start} {_say_slot(slot, rate, by)}{whole}"
    return text


def say_whole_rate(rate: RateSpec, version: VersionSpec, by: Conventions) -> str:
    """The price and every term: €0.09 per min, to Spain, weekday evenings, at most €2.00."""
    return ", ".join([say_rate(rate, by), *rate_terms(rate, version, by).values()])


def _say_slot(slot: SlotSpec, rate: RateSpec, by: Conventions) -> str:
    unit, service = unit_of(rate, by.metered), service_of(rate, by.metered)
    one = _one(slot.per, unit, service, by)
    if rate.pricing == Rate.Pricing.PACKAGE:
        return f"{by.money(slot.price)} for each started {one}"
    text = f"{by.money(slot.price)} per {one}"
    if slot.increment > 1:
        text += f", in started steps of {by.quantity(slot.increment, unit, service=service)}"
    return text


def _one(amount: int, unit: str, service: str, by: Conventions) -> str:
    """min for 60 seconds, MB for one of them, else 30 s."""
    if unit == Unit.EVENTS and amount == 1:
        return noun_of(service, amount)
    return by.quantity(amount, unit, service=service).removeprefix("1 ")


def rate_terms(rate: RateSpec, version: VersionSpec, by: Conventions) -> dict[str, str]:
    """What is unusual about a rate besides its prices, by what it is about."""
    said = {
        "where and when": say_conditions(rate.conditions, band_names(version), by),
        "minimum": f"at least {by.money(rate.minimum)}" if rate.minimum else "",
        "maximum": _say_maximum(rate, by),
        "rounding": _say_rounding(rate),
        "beginning": f"from {say_date(rate.active_from)}" if rate.active_from else "",
        "tax": f"{plain_decimal(rate.tax_percent)} % tax included" if rate.tax_percent else "",
        "weight": f"weight {rate.weight}" if rate.weight else "",
    }
    return {about: words for about, words in said.items() if words}


def _say_maximum(rate: RateSpec, by: Conventions) -> str:
    if rate.maximum is None:
        return ""
    stops = rate.at_maximum == Rate.AtMaximum.STOP
    return f"at most {by.money(rate.maximum)}, then {'no more' if stops else 'free'}"


def _say_rounding(rate: RateSpec) -> str:
    ways = {Rate.Rounding.UP: "rounded up", Rate.Rounding.DOWN: "rounded down"}
    way = ways.get(Rate.Rounding(rate.rounding), "") if rate.rounding in Rate.Rounding else ""
    if rate.decimals is None:
        return way
    return f"{way or 'rounded'} to {_counted(rate.decimals, 'decimal')}"


# ── what the designer does not edit ──────────────────────────────────────────────────────────


def other_allowance_terms(allowance: AllowanceSpec, version: VersionSpec, by: Conventions) -> str:
    """For a row of the designer: abroad, shared with the group and children."""
    parts = list(allowance_terms(allowance, version, by).values())
    if allowance.lifetime != UNTIL_THE_PERIOD_ENDS:
        parts.insert(0, f"valid {say_validity(allowance)}")
    return ", ".join(parts)


def other_rate_terms(rate: RateSpec, version: VersionSpec, by: Conventions) -> str:
    """For a row of the designer: weekday evenings, to Spain, at most €2.00, then free."""
    parts = [rate.label] if rate.label else []
    if rate.pricing == Rate.Pricing.PACKAGE:
        parts.append("sold in whole packages")
    if rate.slots:
        parts.append(say_rate(rate, by).partition("; ")[2])
    return ", ".join([*parts, *rate_terms(rate, version, by).values()])


# ── versions ─────────────────────────────────────────────────────────────────────────────────


def version_terms(spec: VersionSpec, by: Conventions) -> dict[str, str]:
    """What is unusual about a version besides price and period, by what it is about."""
    said = {
        "Kind": _say_kind(spec),
        "Purchase fee": by.money(spec.purchase_fee) if spec.purchase_fee else "",
        "First-use fee": by.money(spec.first_use_fee) if spec.first_use_fee else "",
        "Start": "with its first use" if spec.start == PlanVersion.Start.FIRST_USE else "",
        "Periods": "" if spec.auto_renews or spec.renewal == "none" else "ends with the first",
        "Anchor": f"periods begin on the {ordinal(spec.anchor_day)}" if spec.anchor_day else "",
        "First period": _say_proration(spec),
        "When money is short": _say_patience(spec),
        "Order": "money is used before allowances" if spec.money_first else "",
        "Free of charge": ", ".join(_group_name(number, by) for number in spec.zero_rated),
        "Falls back on": ", then ".join(spec.fallback_plans),
    }
    said |= {f"Time band {band.name}": say_band(band) for band in spec.bands}
    return {about: words for about, words in said.items() if words}


def _say_kind(spec: VersionSpec) -> str:
    if not spec.is_add_on:
        return ""
    if spec.quantity_max is None:
        return "add-on"
    return f"add-on, at most {spec.quantity_max} at once"


def _say_proration(spec: VersionSpec) -> str:
    kind = PlanVersion.Proration
    return {kind.DAY: "charged by the day", kind.SECOND: "charged by the second"}.get(
        kind(spec.proration) if spec.proration in kind else kind.NONE, ""
    )


def _say_patience(spec: VersionSpec) -> str:
    parts = []
    if spec.grace_hours:
        parts.append(f"goes on for {_counted(spec.grace_hours, 'hour')}")
    if spec.retries_max:
        parts.append(
            f"tries again {_counted(spec.retries_max, 'time')}, "
            f"every {_counted(spec.retry_hours, 'hour')}"
        )
    return "; ".join(parts)


def _group_name(number: int, by: Conventions) -> str:
    group = by.rating_groups.get(number)
    return group.name if group else str(number)


# ── words ────────────────────────────────────────────────────────────────────────────────────


def say_date(at: datetime | None) -> str:
    """1 January 2027, and the time unless it is midnight; UTC."""
    if at is None:
        return ""
    day = f"{at.day} {MONTHS[at.month - 1]} {at.year}"
    return day if (at.hour, at.minute) == (0, 0) else f"{day} {at:%H:%M} UTC"


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
