"""From rows to the engine's values: tariff, allowance terms, thresholds, rating groups.

Rows of frozen versions never change, so what they compile to is kept, by the subscription's
overrides too. A draft is compiled as it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from charging.engine import tariff as engine
from charging.engine.lifetimes import Lifetime
from plans import selectors
from plans.compile_parts import (
    Bands,
    compile_bands,
    compile_lifetime,
    compile_rate_spec,
    compile_terms_spec,
    compile_threshold_spec,
)
from plans.models import Allowance, PlanVersion, Rate, RatingGroup, TimeBand
from plans.overrides import NO_OVERRIDES, Overrides, override_allowance, override_rate
from plans.rows import allowance_spec, band_spec, rate_spec
from plans.specs import AllowanceSpec, RatingGroups, VersionSpec
from portal.formatting import currency_decimals
from portal.tenancy.models import Tenant

__all__ = [
    "allowance_amount",
    "allowance_lifetime",
    "allowance_terms",
    "bucket_thresholds",
    "compile_rate_spec",
    "compile_spec",
    "compile_tariff",
    "compile_threshold_spec",
    "engine_rating_group",
    "engine_rating_groups",
    "spec_terms",
]

_FROZEN: Final = {PlanVersion.State.PUBLISHED, PlanVersion.State.RETIRED}
_CACHE_SIZE_MAX: Final = 8_192
_NONE: Final[RatingGroups] = {}
"""Saved rates and allowances name their service."""

Compiled = TypeVar("Compiled")


# ── tariffs ──────────────────────────────────────────────────────────────────────────────────


def compile_tariff(version: PlanVersion, overrides: Overrides = NO_OVERRIDES) -> engine.Tariff:
    """The version's rates as the engine tries them, under a subscription's own terms.

    Frozen versions never change, so their rates are kept; the label follows the plan's name.
    """
    return engine.Tariff(
        version_id=version.pk,
        label=str(version),
        rates=_rates_of(version, overrides),
        fallbacks=_fallbacks_of(version),
        zero_rated=frozenset(version.zero_rated),
        money_first=version.money_first,
    )


def compile_spec(
    spec: VersionSpec,
    *,
    label: str,
    rating_groups: RatingGroups,
    fallbacks: tuple[engine.Rates, ...] = (),
) -> engine.Tariff:
    """The same for a version that is only described: previews and simulation run on it."""
    decimals = currency_decimals(spec.currency)
    bands = compile_bands(spec.bands)
    return engine.Tariff(
        version_id=0,
        label=label,
        rates=engine.Rates(
            compile_rate_spec(
                rate,
                key=str(rate.key or f"row-{place}"),
                decimals=decimals,
                rating_groups=rating_groups,
                bands=bands,
            )
            for place, rate in enumerate(spec.rates)
        ),
        fallbacks=fallbacks,
        zero_rated=frozenset(spec.zero_rated),
        money_first=spec.money_first,
    )


def _rates_of(version: PlanVersion, overrides: Overrides) -> engine.Rates:
    key = (*_key_of(version), "rates", overrides.digest)
    return _kept(key, _is_frozen(version), lambda: _compile_rates(version, overrides))


def _fallbacks_of(version: PlanVersion) -> tuple[engine.Rates, ...]:
    """The rates of the plans it falls back on, as noted when it was published."""
    if not version.fallback_plans:
        return ()
    return _kept(
        (*_key_of(version), "fallbacks"), _is_frozen(version), lambda: _compile_fallbacks(version)
    )


def _compile_fallbacks(version: PlanVersion) -> tuple[engine.Rates, ...]:
    keys = version.fallback_versions or selectors.fallback_versions(version.fallback_plans)
    found = PlanVersion.unscoped.in_bulk(keys)
    return tuple(_rates_of(found[key], NO_OVERRIDES) for key in keys)


def _compile_rates(version: PlanVersion, overrides: Overrides) -> engine.Rates:
    decimals = currency_decimals(version.currency)
    bands = _bands_of(version)
    rows = Rate.unscoped.filter(tenant_id=version.tenant_id, version=version)
    return engine.Rates(
        compile_rate_spec(
            override_rate(rate_spec(row), overrides),
            key=str(row.key),
            decimals=decimals,
            rating_groups=_NONE,
            bands=bands,
        )
        for row in rows
    )


def _bands_of(version: PlanVersion) -> Bands:
    rows = TimeBand.unscoped.filter(tenant_id=version.tenant_id, version=version)
    return compile_bands(band_spec(row) for row in rows)


# ── allowances ───────────────────────────────────────────────────────────────────────────────


def allowance_terms(allowance: Allowance, overrides: Overrides = NO_OVERRIDES) -> engine.Terms:
    """What a bucket of this allowance may be used for, and how.

    `lifetime` is set where it begins with the first use: terms of a bucket that still waits.
    """
    return _of_allowance(
        allowance, "terms", overrides, lambda: _compile_terms(allowance, overrides)
    )


def bucket_thresholds(
    allowance: Allowance, overrides: Overrides = NO_OVERRIDES
) -> tuple[engine.Threshold, ...]:
    """The marks that a bucket of this allowance is watched by."""
    return _of_allowance(
        allowance,
        "thresholds",
        overrides,
        lambda: tuple(
            compile_threshold_spec(mark) for mark in _spec_of(allowance, overrides).thresholds
        ),
    )


def allowance_lifetime(allowance: Allowance, overrides: Overrides = NO_OVERRIDES) -> Lifetime:
    """How long what is given lives, from purchase or from first use."""
    return _of_allowance(
        allowance, "lifetime", overrides, lambda: compile_lifetime(_spec_of(allowance, overrides))
    )


def allowance_amount(allowance: Allowance, overrides: Overrides = NO_OVERRIDES) -> int:
    """How much is given for a period, in the allowance's unit."""
    own = overrides.allowances.get(allowance.key)
    return allowance.amount if own is None or own.amount is None else own.amount


def spec_terms(
    spec: AllowanceSpec, *, version: VersionSpec, place: int, rating_groups: RatingGroups
) -> engine.Terms:
    """The terms of an allowance that is only described."""
    return compile_terms_spec(
        spec,
        key=str(spec.key or f"allowance-{place}"),
        version_id=0,
        decimals=currency_decimals(version.currency),
        rating_groups=rating_groups,
        bands=compile_bands(version.bands),
    )


def _compile_terms(allowance: Allowance, overrides: Overrides) -> engine.Terms:
    version = allowance.version
    names_a_band = allowance.conditions or allowance.factors or allowance.own_rate
    return compile_terms_spec(
        _spec_of(allowance, overrides),
        key=str(allowance.key),
        version_id=version.pk,
        decimals=currency_decimals(version.currency),
        rating_groups=_NONE,
        bands=_bands_of(version) if names_a_band else {},
    )


def _spec_of(allowance: Allowance, overrides: Overrides) -> AllowanceSpec:
    return override_allowance(allowance_spec(allowance), overrides)


def _of_allowance(
    allowance: Allowance, what: str, overrides: Overrides, build: Callable[[], Compiled]
) -> Compiled:
    key = (allowance.pk, allowance.key, allowance.version_id, what, overrides.digest)
    found = _cache.get(key)
    if found is not None:
        return found  # type: ignore[return-value]  # of the kind that `what` names
    return _kept(key, _is_frozen(allowance.version), build)


# ── what is kept ─────────────────────────────────────────────────────────────────────────────

_cache: dict[tuple[object, ...], object] = {}


def _kept(key: tuple[object, ...], is_frozen: bool, build: Callable[[], Compiled]) -> Compiled:
    """What `build` makes, made once where the rows behind it are frozen."""
    if not is_frozen:
        return build()
    found = _cache.get(key)
    if found is None:
        if len(_cache) >= _CACHE_SIZE_MAX:
            _cache.clear()
        found = _cache[key] = build()
    return found  # type: ignore[return-value]  # of the kind that the key names


def _key_of(version: PlanVersion) -> tuple[object, ...]:
    return (version.pk, version.tenant_id, version.created_at, version.published_at)


def _is_frozen(version: PlanVersion) -> bool:
    return version.state in _FROZEN


# ── rating groups ────────────────────────────────────────────────────────────────────────────


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
