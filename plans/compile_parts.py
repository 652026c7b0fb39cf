"""From plain values to the engine's: conditions, bands, rates, factors, lifetimes, thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from decimal import Decimal
from fractions import Fraction

from charging.engine import conditions as when
from charging.engine import tariff as engine
from charging.engine.calendar import Band, Window
from charging.engine.lifetimes import Lifetime, Span
from plans.models import Rate
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    RatingGroups,
    ThresholdSpec,
    own_rate_of,
    service_of,
)
from plans.terms import ALWAYS, BandSpec, ConditionsSpec, FactorSpec, LifetimeSpec, WindowSpec

Bands = Mapping[str, Band]
"""The version's time bands by code."""


def compile_bands(specs: Iterable[BandSpec]) -> Bands:
    return {
        spec.code: Band(key=spec.code, windows=_windows(spec.windows), closed=_windows(spec.closed))
        for spec in specs
    }


def _windows(specs: Iterable[WindowSpec]) -> tuple[Window, ...]:
    return tuple(
        Window(
            years=frozenset(spec.years),
            months=frozenset(spec.months),
            month_days=frozenset(spec.month_days),
            weekdays=frozenset(spec.weekdays),
            start=spec.start,
            end=spec.end,
            holidays=spec.holidays,
        )
        for spec in specs
    )


def compile_conditions(spec: ConditionsSpec, bands: Bands) -> when.Conditions:
    """None at all is the engine's own ALWAYS, which it looks for."""
    if spec == ALWAYS:
        return when.ALWAYS
    return when.Conditions(
        destinations=None
        if spec.destinations is None
        else when.Destinations(
            included=frozenset(spec.destinations.included),
            excluded=frozenset(spec.destinations.excluded),
        ),
        zones=frozenset(spec.zones),
        networks=frozenset(spec.networks),
        rats=frozenset(spec.rats),
        dnns=frozenset(dnn.lower() for dnn in spec.dnns),
        slices=frozenset(spec.slices),
        number_classes=frozenset(spec.number_classes),
        categories=frozenset(spec.categories),
        characteristics_mask=spec.characteristics_mask,
        characteristics_value=spec.characteristics_value,
        on_net=spec.on_net,
        band=bands[spec.band] if spec.band else None,
    )


def compile_rate_spec(
    rate: RateSpec,
    *,
    key: str,
    decimals: int,
    rating_groups: RatingGroups,
    bands: Bands | None = None,
) -> engine.Rate:
    """One described rate; money is rounded to `decimals` places a session unless it says else.

    A package is a slot whose step is its size.
    """
    return engine.Rate(
        key=key,
        service=service_of(rate, rating_groups),
        rating_groups=frozenset(rate.rating_groups),
        slots=tuple(
            engine.Slot(start=slot.start, price=slot.price, per=slot.per, increment=slot.increment)
            for slot in rate.all_slots
        ),
        is_volume=rate.pricing == Rate.Pricing.VOLUME,
        connect_fee=rate.connect_fee,
        decimals=decimals if rate.decimals is None else rate.decimals,
        rounding=engine.Rounding(rate.rounding),
        minimum=rate.minimum,
        maximum=rate.maximum,
        at_maximum=engine.AtMaximum(rate.at_maximum),
        when=compile_conditions(rate.conditions, bands or {}),
        weight=rate.weight,
        active_from=rate.active_from,
        tax_hundredths=int(rate.tax_percent * 100),
        label=rate.label,
    )


def compile_terms_spec(
    spec: AllowanceSpec,
    *,
    key: str,
    version_id: int,
    decimals: int,
    rating_groups: RatingGroups,
    bands: Bands,
) -> engine.Terms:
    """What a bucket of a described allowance may be used for, and how."""
    return engine.Terms(
        when=compile_conditions(spec.conditions, bands),
        role=engine.Role(spec.role),
        is_blocker=spec.is_blocker,
        step=spec.step,
        factors=tuple(_compile_factor(factor, bands) for factor in spec.factors),
        tariffs=_own_tariffs(spec, key, version_id, decimals, rating_groups, bands),
        is_unlimited=spec.is_unlimited,
        limits=spec.limits,
        lifetime=compile_lifetime(spec) if spec.lifetime.from_first_use else None,
    )


def _compile_factor(spec: FactorSpec, bands: Bands) -> engine.Factor:
    return engine.Factor(
        times=Fraction(spec.times),
        key=spec.key,
        when=compile_conditions(spec.conditions, bands),
    )


def _own_tariffs(
    spec: AllowanceSpec,
    key: str,
    version_id: int,
    decimals: int,
    rating_groups: RatingGroups,
    bands: Bands,
) -> tuple[engine.Tariff, ...]:
    """The allowance's own rate as a tariff of one; under the allowance's key."""
    if spec.own_rate is None:
        return ()
    rate = compile_rate_spec(
        own_rate_of(spec, rating_groups),
        key=key,
        decimals=decimals,
        rating_groups=rating_groups,
        bands=bands,
    )
    return (engine.Tariff(version_id=version_id, label=spec.name, rates=engine.Rates((rate,))),)


def compile_lifetime(spec: AllowanceSpec) -> Lifetime:
    """How long what is given lives; a number of days is the usual short form."""
    life: LifetimeSpec = spec.lifetime
    if spec.validity_days is not None:
        return Lifetime(
            span=Span.DAYS, count=spec.validity_days, from_first_use=life.from_first_use
        )
    return Lifetime(
        span=Span(life.span),
        count=life.count,
        from_first_use=life.from_first_use,
        until=life.until,
    )


def compile_threshold_spec(spec: ThresholdSpec) -> engine.Threshold:
    """One mark; a percentage of two decimals becomes whole hundredths."""
    assert (spec.amount is None) != (spec.percent is None)
    return engine.Threshold(
        name=spec.label,
        percent_hundredths=_hundredths(spec.percent),
        amount=spec.amount,
        state=spec.state,
        action=engine.Action(spec.action),
        target=str(spec.target) if spec.target else "",
        quiet=_quiet_hours(spec.quiet_from, spec.quiet_until),
        is_paused=spec.is_paused,
    )


def _hundredths(percent: Decimal | None) -> int | None:
    return None if percent is None else int(percent * 100)


def _quiet_hours(start: time | None, end: time | None) -> Window | None:
    if start is None or end is None:
        return None
    return Window(start=_seconds(start), end=_seconds(end))


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second
