"""From rows to the engine's values: tariff, rating groups, thresholds."""

from __future__ import annotations

from typing import cast

from charging.engine import tariff as engine
from plans.models import Allowance, PlanVersion, Rate, RatingGroup, Threshold
from plans.specs import RateSpec, RatingGroups, VersionSpec, service_of
from portal.formatting import currency_decimals
from portal.tenancy.models import Tenant

_FROZEN = {PlanVersion.State.PUBLISHED, PlanVersion.State.RETIRED}
_CACHE_SIZE_MAX = 4_096
_rates_of_frozen: dict[tuple[object, ...], engine.Rates] = {}


def compile_tariff(version: PlanVersion) -> engine.Tariff:
    """The version's rates as the engine tries them.

    Frozen versions never change, so their rates are kept; the label follows the plan's name.
    """
    return engine.Tariff(version_id=version.pk, label=str(version), rates=_compiled_rates(version))


def compile_spec(spec: VersionSpec, *, label: str, rating_groups: RatingGroups) -> engine.Tariff:
    """The same for a version that is only described: previews and simulation run on it."""
    decimals = currency_decimals(spec.currency)
    return engine.Tariff(
        version_id=0,
        label=label,
        rates=engine.Rates(
            compile_rate_spec(
                rate, key=f"row-{place}", decimals=decimals, rating_groups=rating_groups
            )
            for place, rate in enumerate(spec.rates)
        ),
    )


def compile_rate_spec(
    rate: RateSpec, *, key: str, decimals: int, rating_groups: RatingGroups
) -> engine.Rate:
    """One described rate; money is rounded to `decimals` places a session."""
    return engine.Rate.flat(
        key=key,
        service=service_of(rate, rating_groups),
        rating_groups=frozenset(rate.rating_groups),
        price=rate.price,
        per=rate.per,
        increment=rate.increment,
        connect_fee=rate.connect_fee,
        decimals=decimals,
    )


def bucket_thresholds(allowance: Allowance) -> tuple[engine.Threshold, ...]:
    """The marks that a bucket of this allowance is watched by."""
    return tuple(
        compile_threshold(mark.name, mark.percent, mark.amount)
        for mark in cast("list[Threshold]", allowance.thresholds.all())
    )


def compile_threshold(name: str, percent: object, amount: int | None) -> engine.Threshold:
    """One mark; a percentage of two decimals becomes whole hundredths."""
    if amount is not None:
        return engine.Threshold(name=name, amount=amount)
    return engine.Threshold(name=name, percent_hundredths=int(percent * 100))  # type: ignore[operator]


def engine_rating_groups(tenant: Tenant) -> dict[int, engine.RatingGroup]:
    """The tenant's rating groups by number. Callers cache it by `tenant.settings_revision`."""
    rows = RatingGroup.unscoped.filter(tenant=tenant).order_by("number")
    return {row.number: engine_rating_group(row) for row in rows}


def engine_rating_group(row: RatingGroup) -> engine.RatingGroup:
    return engine.RatingGroup(
        number=row.number,
        name=row.name,
        service=row.service,
        unit=engine.Unit(row.unit),
        mode=engine.Mode(row.mode),
        grant=row.grant,
        validity_time=row.validity_time,
        holding_time=row.holding_time,
        threshold_percent=row.threshold_percent,
        final_unit_action=row.final_unit_action,
        redirect_address=row.redirect_address,
    )


def _compiled_rates(version: PlanVersion) -> engine.Rates:
    if version.state not in _FROZEN:
        return _compile_rates(version)
    key = (version.pk, version.tenant_id, version.created_at, version.published_at)
    found = _rates_of_frozen.get(key)
    if found is None:
        if len(_rates_of_frozen) >= _CACHE_SIZE_MAX:
            _rates_of_frozen.clear()
        found = _rates_of_frozen[key] = _compile_rates(version)
    return found


def _compile_rates(version: PlanVersion) -> engine.Rates:
    decimals = currency_decimals(version.currency)
    return engine.Rates(
        engine.Rate.flat(
            key=str(rate.key),
            service=rate.service,
            rating_groups=frozenset(rate.rating_groups),
            price=rate.price,
            per=rate.per,
            increment=rate.increment,
            connect_fee=rate.connect_fee,
            decimals=decimals,
        )
        for rate in Rate.unscoped.filter(tenant_id=version.tenant_id, version=version)
    )
