"""One subscription's own terms over those of its version: prices, amounts, marks, validity.

Stored as JSON with the plan subscription: money in nano-units, amounts in the allowance's unit.
Rates and allowances are named by their keys, so that overrides hold across versions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.stored import plain, read
from plans.terms import UNTIL_THE_PERIOD_ENDS, LifetimeSpec
from plans.validation.allowances import VALIDITY_DAYS_MAX, check_lifetime, check_thresholds
from plans.validation.fields import check_amount, check_money
from portal.formatting import NANO, currency_decimals
from portal.tenancy.validation import FieldError

OVERRIDDEN_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOverride:
    """Another price for the first slot, another connect fee; None: the version's."""

    price: int | None = None
    connect_fee: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceOverride:
    """None: the version's. `thresholds` replace all of the allowance's."""

    amount: int | None = None
    validity_days: int | None = None
    lifetime: LifetimeSpec | None = None
    thresholds: tuple[ThresholdSpec, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What differs for one plan subscription; nothing at all is the usual case."""

    price: int | None = None
    purchase_fee: int | None = None
    first_use_fee: int | None = None
    rates: Mapping[UUID, RateOverride] = field(default_factory=dict)
    allowances: Mapping[UUID, AllowanceOverride] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Names what is said, whatever the order; empty when nothing is."""
        stored = stored_overrides(self)
        if not stored:
            return ""
        return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()

    def __bool__(self) -> bool:
        return bool(self.digest)


NO_OVERRIDES: Final = Overrides()


def stored_overrides(overrides: Overrides) -> dict[str, Any]:
    """As JSON for the plan subscription's row."""
    stored: dict[str, Any] = {
        name: value
        for name in ("price", "purchase_fee", "first_use_fee")
        if (value := getattr(overrides, name)) is not None
    }
    for name in ("rates", "allowances"):
        parts = {str(key): plain(part) for key, part in getattr(overrides, name).items()}
        if said := {key: part for key, part in parts.items() if part}:
            stored[name] = said
    return stored


def read_overrides(stored: Mapping[str, Any]) -> Overrides:
    """What `stored_overrides` wrote."""
    return read(Overrides, stored) if stored else NO_OVERRIDES


# ── what they make of a version ──────────────────────────────────────────────────────────────


def apply_overrides(spec: VersionSpec, overrides: Overrides) -> VersionSpec:
    """The version as this subscription has it."""
    if not overrides:
        return spec
    return replace(
        spec,
        price=_said(overrides.price, spec.price),
        purchase_fee=_said(overrides.purchase_fee, spec.purchase_fee),
        first_use_fee=_said(overrides.first_use_fee, spec.first_use_fee),
        allowances=tuple(override_allowance(part, overrides) for part in spec.allowances),
        rates=tuple(override_rate(part, overrides) for part in spec.rates),
    )


def override_rate(spec: RateSpec, overrides: Overrides) -> RateSpec:
    own = overrides.rates.get(spec.key) if spec.key else None
    if own is None:
        return spec
    return replace(
        spec,
        price=_said(own.price, spec.price),
        connect_fee=_said(own.connect_fee, spec.connect_fee),
    )


def override_allowance(spec: AllowanceSpec, overrides: Overrides) -> AllowanceSpec:
    own = overrides.allowances.get(spec.key) if spec.key else None
    if own is None:
        return spec
    lifetime, days = spec.lifetime, spec.validity_days
    if own.lifetime is not None:
        lifetime, days = own.lifetime, None
    if own.validity_days is not None:
        from_first_use = lifetime.from_first_use
        lifetime = replace(UNTIL_THE_PERIOD_ENDS, from_first_use=from_first_use)
        days = own.validity_days
    return replace(
        spec,
        amount=_said(own.amount, spec.amount),
        lifetime=lifetime,
        validity_days=days,
        thresholds=spec.thresholds if own.thresholds is None else own.thresholds,
    )


def _said(own: int | None, usual: int) -> int:
    return usual if own is None else own


# ── checks ───────────────────────────────────────────────────────────────────────────────────


def validate_overrides(overrides: Overrides, spec: VersionSpec) -> list[FieldError]:
    """What keeps them from being given to a subscriber of a version that says `spec`."""
    return [
        *_check_fees(overrides, spec.currency),
        *_check_rates(overrides, spec),
        *_check_allowances(overrides, spec),
    ]


def _check_fees(overrides: Overrides, currency: str) -> Iterator[FieldError]:
    step = NANO // 10 ** currency_decimals(currency)
    for path in ("price", "purchase_fee", "first_use_fee"):
        amount: int | None = getattr(overrides, path)
        if amount is None:
            continue
        yield from check_money(path, amount, path.replace("_", " "))
        if amount % step:
            yield FieldError(path, f"{currency} has no such small coin.")


def _check_rates(overrides: Overrides, spec: VersionSpec) -> Iterator[FieldError]:
    if len(overrides.rates) > OVERRIDDEN_MAX:
        yield FieldError("rates", f"At most {OVERRIDDEN_MAX:,} rates.")
        return
    known = {rate.key for rate in spec.rates}
    for key, own in overrides.rates.items():
        path = f"rates/{key}"
        if key not in known:
            yield FieldError(path, "The version has no rate of this key.")
            continue
        if own.price is not None:
            yield from check_money(f"{path}/price", own.price)
        if own.connect_fee is not None:
            yield from check_money(f"{path}/connect_fee", own.connect_fee, "fee")


def _check_allowances(overrides: Overrides, spec: VersionSpec) -> Iterator[FieldError]:
    known = {allowance.key: allowance for allowance in spec.allowances if allowance.key}
    for key, own in overrides.allowances.items():
        if key not in known:
            yield FieldError(f"allowances/{key}", "The version has no allowance of this key.")
            continue
        for error in _check_allowance(own, known[key], overrides, set(known)):
            yield error.below(f"allowances/{key}")


def _check_allowance(
    own: AllowanceOverride, usual: AllowanceSpec, overrides: Overrides, keys: set[UUID]
) -> Iterator[FieldError]:
    if own.amount is not None:
        zero = usual.may_be_zero and not usual.limits
        yield from check_amount("amount", own.amount, allows_zero=zero)
    if own.validity_days is not None and own.lifetime is not None:
        yield FieldError("lifetime", "Give a number of days or another lifetime, not both.")
    elif own.validity_days is not None and not 1 <= own.validity_days <= VALIDITY_DAYS_MAX:
        yield FieldError("validity_days", f"Enter 1 to {VALIDITY_DAYS_MAX:,} days.")
    elif own.lifetime is not None:
        yield from check_lifetime(override_allowance(usual, overrides))
    if own.thresholds is not None:
        yield from check_thresholds(own.thresholds, keys)
