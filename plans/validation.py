"""What makes a plan version or a rating group acceptable, one message a field.

The rules here are the only ones: the designer's fields, the API and the import all ask them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from plans.models import UINT32_MAX, PlanVersion, RatingGroup, Service, Unit
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    RatingGroups,
    RatingGroupSpec,
    ThresholdSpec,
    VersionSpec,
    service_of,
    unit_of,
)
from portal.formatting import NANO, currency_decimals
from portal.tenancy.validation import FieldError

AMOUNT_MAX = 10**18
"""An exabyte, or a thousand million of a currency: sums of many still fit 63 bits."""
VALIDITY_DAYS_MAX = 3_650
RENEWAL_COUNT_MAX = 366
ALLOWANCES_MAX = 200
RATES_MAX = 2_000
THRESHOLDS_MAX = 20
WEIGHT_MAX = 1_000_000
NAME_MAX = 80
THRESHOLD_NAME_MAX = 60

RESERVED_CODES = frozenset({"new", "rating-groups", "rows", "destinations", "zones", "holidays"})
"""Plan codes whose page would be another page of the portal."""

_HUNDREDTH = Decimal("0.01")


# ── a plan version ───────────────────────────────────────────────────────────────────────────


def validate_spec(
    spec: VersionSpec, *, rating_groups: RatingGroups, currency: str | None = None
) -> list[FieldError]:
    """Everything that keeps the version from being saved, in the order of the form.

    `rating_groups` are the tenant's by number; `currency`, when given, is the one it must be in.
    """
    return [
        *_check_basics(spec, currency),
        *_check_allowances(spec.allowances, rating_groups),
        *_check_rates(spec.rates, rating_groups),
    ]


def validate_for_publishing(
    spec: VersionSpec, *, rating_groups: RatingGroups, currency: str
) -> list[FieldError]:
    """What keeps it from being published: the same, and it has to offer something."""
    errors = validate_spec(spec, rating_groups=rating_groups, currency=currency)
    if spec.is_blank:
        errors.append(FieldError("allowances", "Add at least one allowance or one rate."))
    return errors


def _check_basics(spec: VersionSpec, currency: str | None) -> Iterator[FieldError]:
    if currency is not None and spec.currency != currency:
        yield FieldError("currency", f"Plans here are priced in {currency}.")
    yield from _check_price(spec.price, spec.currency)
    if spec.renewal not in PlanVersion.Renewal.values:
        yield FieldError("renewal", f"Choose one of {', '.join(PlanVersion.Renewal.values)}.")
    if not 1 <= spec.renewal_count <= RENEWAL_COUNT_MAX:
        yield FieldError("renewal_count", f"Enter a whole number from 1 to {RENEWAL_COUNT_MAX}.")


def _check_price(price: int, currency: str) -> Iterator[FieldError]:
    decimals = currency_decimals(currency)
    if price < 0:
        yield FieldError("price", "The price cannot be below zero.")
    elif price > AMOUNT_MAX:
        yield FieldError("price", "The price is too high.")
    elif price % (NANO // 10**decimals):
        kept = f"at most {decimals} decimals" if decimals else "no decimals"
        yield FieldError("price", f"A price in {currency} has {kept}.")


def _check_allowances(
    allowances: Sequence[AllowanceSpec], rating_groups: RatingGroups
) -> Iterator[FieldError]:
    if len(allowances) > ALLOWANCES_MAX:
        yield FieldError("allowances", f"A version has at most {ALLOWANCES_MAX} allowances.")
        return
    yield from _check_keys("allowances", [allowance.key for allowance in allowances])
    for place, allowance in enumerate(allowances):
        for error in _check_allowance(allowance, rating_groups):
            yield error.below(f"allowances/{place}")


def _check_allowance(allowance: AllowanceSpec, rating_groups: RatingGroups) -> Iterator[FieldError]:
    yield from _check_name(allowance.name, "Give the allowance a name.")
    yield from _check_coverage(allowance, rating_groups)
    yield from _check_amount("amount", allowance.amount)
    if allowance.validity_days is not None and not (
        1 <= allowance.validity_days <= VALIDITY_DAYS_MAX
    ):
        yield FieldError("validity_days", f"Enter 1 to {VALIDITY_DAYS_MAX:,} days.")
    if allowance.weight is not None and abs(allowance.weight) > WEIGHT_MAX:
        yield FieldError("weight", f"Enter a weight up to {WEIGHT_MAX:,}.")
    yield from _check_thresholds(allowance.thresholds)


def _check_thresholds(thresholds: Sequence[ThresholdSpec]) -> Iterator[FieldError]:
    if len(thresholds) > THRESHOLDS_MAX:
        yield FieldError("thresholds", f"An allowance has at most {THRESHOLDS_MAX} thresholds.")
        return
    names = Counter(threshold.label.casefold() for threshold in thresholds)
    for place, threshold in enumerate(thresholds):
        for error in _check_threshold(threshold):
            yield error.below(f"thresholds/{place}")
        if threshold.label and names[threshold.label.casefold()] > 1:
            yield FieldError(
                f"thresholds/{place}/name", "Another threshold here has the same name."
            )


def _check_threshold(threshold: ThresholdSpec) -> Iterator[FieldError]:
    if len(threshold.name) > THRESHOLD_NAME_MAX:
        yield FieldError("name", f"At most {THRESHOLD_NAME_MAX} characters.")
    if (threshold.percent is None) == (threshold.amount is None):
        yield FieldError("percent", "Give either a percentage or an amount.")
    elif threshold.percent is not None:
        yield from _check_percent(threshold.percent)
    else:
        assert threshold.amount is not None
        if not threshold.name:
            yield FieldError("name", "Give the threshold a name.")
        if not 0 <= threshold.amount <= AMOUNT_MAX:
            yield FieldError("amount", "Enter an amount of zero or more.")


def _check_percent(percent: Decimal) -> Iterator[FieldError]:
    if not percent.is_finite() or not 0 <= percent <= 100:
        yield FieldError("percent", "Enter a percentage from 0 to 100.")
    elif percent != percent.quantize(_HUNDREDTH):
        yield FieldError("percent", "A percentage has at most two decimals.")


def _check_rates(rates: Sequence[RateSpec], rating_groups: RatingGroups) -> Iterator[FieldError]:
    if len(rates) > RATES_MAX:
        yield FieldError("rates", f"A version has at most {RATES_MAX:,} rates.")
        return
    yield from _check_keys("rates", [rate.key for rate in rates])
    for place, rate in enumerate(rates):
        for error in _check_rate(rate, rating_groups):
            yield error.below(f"rates/{place}")


def _check_rate(rate: RateSpec, rating_groups: RatingGroups) -> Iterator[FieldError]:
    yield from _check_coverage(rate, rating_groups)
    if not 0 <= rate.price <= AMOUNT_MAX:
        yield FieldError("price", "Enter a price of zero or more.")
    yield from _check_amount("per", rate.per)
    yield from _check_amount("increment", rate.increment)
    if not 0 <= rate.connect_fee <= AMOUNT_MAX:
        yield FieldError("connect_fee", "Enter a fee of zero or more.")


def _check_coverage(
    part: AllowanceSpec | RateSpec, rating_groups: RatingGroups
) -> Iterator[FieldError]:
    """That it says what it is for, and that all of it is counted in one unit."""
    unknown = [number for number in part.rating_groups if number not in rating_groups]
    if unknown:
        listed = ", ".join(str(number) for number in unknown)
        yield FieldError("rating_groups", f"There is no rating group {listed}.")
        return
    if part.service and part.service not in Service.values:
        yield FieldError("service", f"Choose one of {', '.join(Service.values)}.")
        return
    if not service_of(part, rating_groups):
        yield FieldError("service", "Choose a service or name rating groups.")
        return
    if len(set(part.rating_groups)) < len(part.rating_groups):
        yield FieldError("rating_groups", "A rating group is named twice.")
    units = {rating_groups[number].unit for number in part.rating_groups}
    if len(units) > 1 and unit_of(part, rating_groups) != Unit.NANO_MONEY:
        yield FieldError("rating_groups", "These rating groups do not count the same unit.")


def _check_amount(path: str, amount: int) -> Iterator[FieldError]:
    if amount < 1:
        yield FieldError(path, "Enter an amount above zero.")
    elif amount > AMOUNT_MAX:
        yield FieldError(path, "The amount is too large.")


def _check_name(name: str, missing: str) -> Iterator[FieldError]:
    if not name.strip():
        yield FieldError("name", missing)
    elif "\x00" in name:
        yield FieldError("name", "A name cannot contain a NUL character.")
    elif len(name) > NAME_MAX:
        yield FieldError("name", f"At most {NAME_MAX} characters.")


def _check_keys(path: str, keys: Sequence[UUID | None]) -> Iterator[FieldError]:
    counts = Counter(key for key in keys if key is not None)
    for place, key in enumerate(keys):
        if key is not None and counts[key] > 1:
            yield FieldError(f"{path}/{place}/key", "Another row has the same key.")


# ── a rating group ───────────────────────────────────────────────────────────────────────────


def validate_rating_group(spec: RatingGroupSpec) -> list[FieldError]:
    """Everything that keeps the rating group from being saved."""
    return [*_check_identity(spec), *_check_metering(spec), *_check_final_units(spec)]


def _check_identity(spec: RatingGroupSpec) -> Iterator[FieldError]:
    if not 0 <= spec.number <= UINT32_MAX:
        yield FieldError("number", f"Enter a number from 0 to {UINT32_MAX}.")
    yield from _check_name(spec.name, "Give the rating group a name.")
    if spec.service not in Service.values:
        yield FieldError("service", f"Choose one of {', '.join(Service.values)}.")
    if spec.unit not in (Unit.OCTETS, Unit.SECONDS, Unit.EVENTS):
        yield FieldError("unit", "Choose octets, seconds or events.")
    if spec.mode not in RatingGroup.Mode.values:
        yield FieldError("mode", "Choose online or offline.")


def _check_metering(spec: RatingGroupSpec) -> Iterator[FieldError]:
    yield from _check_amount("grant", spec.grant)
    for path, seconds in (
        ("validity_time", spec.validity_time),
        ("holding_time", spec.holding_time),
    ):
        if not 0 <= seconds <= 7 * 86_400:
            yield FieldError(path, "Enter 0 to 604800 seconds (a week).")
    if not 0 <= spec.threshold_percent <= 99:
        yield FieldError("threshold_percent", "Enter a percentage from 0 to 99.")


def _check_final_units(spec: RatingGroupSpec) -> Iterator[FieldError]:
    if spec.final_unit_action not in RatingGroup.FinalUnitAction.values:
        yield FieldError("final_unit_action", "Choose what happens after the last units.")
        return
    if spec.final_unit_action == RatingGroup.FinalUnitAction.REDIRECT and not spec.redirect_address:
        yield FieldError("redirect_address", "Enter the address to redirect to.")
    if spec.redirect_address:
        try:
            URLValidator(schemes=["http", "https"])(spec.redirect_address)
        except ValidationError:
            yield FieldError("redirect_address", "Enter a web address, https://…")
