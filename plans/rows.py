"""A version's rows and its plain values: one the image of the other, field by field."""

from __future__ import annotations

import uuid
from typing import Any, Final

from plans.models import Allowance, PlanExample, PlanVersion, Rate, Threshold, TimeBand
from plans.specs import (
    AllowanceSpec,
    ExampleSpec,
    RateSpec,
    RatingGroups,
    ThresholdSpec,
    VersionSpec,
    service_of,
    unit_of,
)
from plans.stored import plain, read
from plans.terms import (
    ALWAYS,
    BandSpec,
    ConditionsSpec,
    FactorSpec,
    LifetimeSpec,
    SlotSpec,
    WindowSpec,
)

_VERSION: Final = (
    "currency", "price", "renewal", "renewal_count", "auto_renews", "anchor_day", "start",
    "proration", "purchase_fee", "first_use_fee", "grace_hours", "retry_hours", "retries_max",
    "is_add_on", "quantity_max", "money_first",
)  # fmt: skip
_ALLOWANCE: Final = (
    "amount", "display_unit", "validity_days", "role", "limits", "is_blocker", "is_unlimited",
    "is_shared", "step", "renewal", "roll_over_amount_max", "roll_over_periods_max",
    "roll_over_order",
)  # fmt: skip
_THRESHOLD: Final = (
    "percent", "amount", "state", "action", "target", "quiet_from", "quiet_until", "is_paused",
)  # fmt: skip
_RATE: Final = (
    "price", "per", "increment", "connect_fee", "pricing", "rounding", "decimals", "minimum",
    "maximum", "at_maximum", "weight", "active_from", "tax_percent", "label",
)  # fmt: skip


# ── from values to rows ──────────────────────────────────────────────────────────────────────


def version_fields(spec: VersionSpec) -> dict[str, Any]:
    """What the version's own row says."""
    return {
        **_same(_VERSION, spec),
        "zero_rated": list(spec.zero_rated),
        "fallback_plans": list(spec.fallback_plans),
    }


def allowance_row(
    version: PlanVersion, spec: AllowanceSpec, weight: int, groups: RatingGroups
) -> Allowance:
    return Allowance(
        version=version,
        key=spec.key or uuid.uuid4(),
        name=spec.name.strip(),
        service=service_of(spec, groups),
        rating_groups=list(spec.rating_groups),
        unit=unit_of(spec, groups),
        weight=weight,
        lifetime_span=spec.lifetime.span,
        lifetime_count=spec.lifetime.count,
        lifetime_until=spec.lifetime.until,
        from_first_use=spec.lifetime.from_first_use,
        conditions=plain(spec.conditions),
        factors=plain(spec.factors),
        own_rate=None if spec.own_rate is None else plain(spec.own_rate),
        **_same(_ALLOWANCE, spec),
    )


def threshold_row(allowance: Allowance, spec: ThresholdSpec) -> Threshold:
    return Threshold(allowance=allowance, name=spec.label, **_same(_THRESHOLD, spec))


def rate_row(version: PlanVersion, spec: RateSpec, place: int, groups: RatingGroups) -> Rate:
    return Rate(
        version=version,
        key=spec.key or uuid.uuid4(),
        position=place,
        service=service_of(spec, groups),
        rating_groups=list(spec.rating_groups),
        slots=plain(spec.slots),
        conditions=plain(spec.conditions),
        **_same(_RATE, spec),
    )


def band_row(version: PlanVersion, spec: BandSpec) -> TimeBand:
    return TimeBand(
        version=version,
        code=spec.code,
        name=spec.name.strip(),
        windows=plain(spec.windows),
        closed=plain(spec.closed),
    )


def example_row(version: PlanVersion, spec: ExampleSpec) -> PlanExample:
    return PlanExample(version=version, title=spec.title.strip(), case=dict(spec.case))


# ── from rows to values ──────────────────────────────────────────────────────────────────────


def version_spec(row: PlanVersion, *, keeps_weights: bool = True) -> VersionSpec:
    """What a version says, with its prefetched parts."""
    return VersionSpec(
        zero_rated=tuple(row.zero_rated),
        fallback_plans=tuple(row.fallback_plans),
        allowances=tuple(
            allowance_spec(part, keeps_weights=keeps_weights) for part in row.allowances.all()
        ),
        rates=tuple(rate_spec(part) for part in row.rates.all()),
        bands=tuple(band_spec(part) for part in row.bands.all()),
        examples=tuple(
            ExampleSpec(title=part.title, case=part.case) for part in row.examples.all()
        ),
        **_same(_VERSION, row),
    )


def allowance_spec(row: Allowance, *, keeps_weights: bool = True) -> AllowanceSpec:
    return AllowanceSpec(
        key=row.key,
        name=row.name,
        service=row.service,
        rating_groups=tuple(row.rating_groups),
        weight=row.weight if keeps_weights else None,
        thresholds=tuple(_threshold_spec(mark) for mark in row.thresholds.all()),
        lifetime=LifetimeSpec(
            span=row.lifetime_span,
            count=row.lifetime_count,
            until=row.lifetime_until,
            from_first_use=row.from_first_use,
        ),
        conditions=conditions_of(row.conditions),
        factors=factors_of(row),
        own_rate=own_rate_of(row),
        **_same(_ALLOWANCE, row),
    )


def _threshold_spec(row: Threshold) -> ThresholdSpec:
    return ThresholdSpec(name=row.name, **_same(_THRESHOLD, row))


def rate_spec(row: Rate) -> RateSpec:
    return RateSpec(
        key=row.key,
        service=row.service,
        rating_groups=tuple(row.rating_groups),
        slots=read(tuple[SlotSpec, ...], row.slots) if row.slots else (),
        conditions=conditions_of(row.conditions),
        **_same(_RATE, row),
    )


def band_spec(row: TimeBand) -> BandSpec:
    return BandSpec(
        code=row.code,
        name=row.name,
        windows=read(tuple[WindowSpec, ...], row.windows),
        closed=read(tuple[WindowSpec, ...], row.closed),
    )


def conditions_of(stored: dict[str, Any]) -> ConditionsSpec:
    return read(ConditionsSpec, stored) if stored else ALWAYS


def factors_of(row: Allowance) -> tuple[FactorSpec, ...]:
    return read(tuple[FactorSpec, ...], row.factors) if row.factors else ()


def own_rate_of(row: Allowance) -> RateSpec | None:
    return None if row.own_rate is None else read(RateSpec, row.own_rate)


def _same(names: tuple[str, ...], source: object) -> dict[str, Any]:
    """The fields that are called and kept alike on both sides."""
    return {name: getattr(source, name) for name in names}
