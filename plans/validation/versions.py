"""A plan version as a whole: price, period, fees, kind, what it falls back on, examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from plans.models import PlanVersion
from plans.references import NO_REFERENCES, References, fallback_loop
from plans.specs import RatingGroups, VersionSpec
from plans.validation.allowances import check_allowances
from plans.validation.conditions import check_bands
from plans.validation.examples import check_examples
from plans.validation.fields import AMOUNT_MAX, check_choice, check_money, check_range
from plans.validation.rates import check_rates
from portal.formatting import NANO, currency_decimals
from portal.tenancy.validation import FieldError

RENEWAL_COUNT_MAX: Final = 366
HOURS_MAX: Final = 8_784
RETRIES_MAX: Final = 100
QUANTITY_MAX: Final = 1_000
FALLBACKS_MAX: Final = 10
ZERO_RATED_MAX: Final = 1_000

RESERVED_CODES: Final = frozenset(
    {"new", "rating-groups", "rows", "destinations", "zones", "holidays"}
)
"""Plan codes whose page would be another page of the portal."""

_Renewal = PlanVersion.Renewal


def validate_spec(
    spec: VersionSpec,
    *,
    rating_groups: RatingGroups,
    currency: str | None = None,
    references: References = NO_REFERENCES,
) -> list[FieldError]:
    """Everything that keeps the version from being saved, in the order of the form.

    `rating_groups` are the tenant's by number; `currency`, when given, is the one it must be in.
    """
    bands = {band.code for band in spec.bands}
    return [
        *_check_basics(spec, currency),
        *_check_period(spec),
        *_check_fees(spec),
        *_check_kind(spec),
        *_check_zero_rated(spec, rating_groups),
        *_check_fallbacks(spec, references),
        *check_bands(spec.bands),
        *check_allowances(spec.allowances, rating_groups, bands, references),
        *check_rates(spec.rates, rating_groups, bands, references),
        *check_examples(spec.examples),
    ]


def validate_for_publishing(
    spec: VersionSpec,
    *,
    rating_groups: RatingGroups,
    currency: str,
    references: References = NO_REFERENCES,
) -> list[FieldError]:
    """What keeps it from being published: the same, and it has to offer something lawful."""
    errors = validate_spec(
        spec, rating_groups=rating_groups, currency=currency, references=references
    )
    if spec.is_blank:
        errors.append(FieldError("allowances", "Add at least one allowance or one rate."))
    if spec.zero_rated and not references.allows_zero_rating:
        errors.append(
            FieldError("zero_rated", "This operator may not make chosen services free of charge.")
        )
    for place, code in enumerate(spec.fallback_plans):
        if references.fallbacks is not None and code not in references.published:
            errors.append(FieldError(f"fallback_plans/{place}", f"“{code}” is not published."))
    return errors


def _check_basics(spec: VersionSpec, currency: str | None) -> Iterator[FieldError]:
    if currency is not None and spec.currency != currency:
        yield FieldError("currency", f"Plans here are priced in {currency}.")
    yield from _check_price(spec.price, spec.currency)


def _check_price(price: int, currency: str) -> Iterator[FieldError]:
    decimals = currency_decimals(currency)
    if price < 0:
        yield FieldError("price", "The price cannot be below zero.")
    elif price > AMOUNT_MAX:
        yield FieldError("price", "The price is too high.")
    elif price % (NANO // 10**decimals):
        kept = f"at most {decimals} decimals" if decimals else "no decimals"
        yield FieldError("price", f"A price in {currency} has {kept}.")


def _check_period(spec: VersionSpec) -> Iterator[FieldError]:
    yield from check_choice("renewal", spec.renewal, _Renewal.values)
    yield from check_range("renewal_count", spec.renewal_count, 1, RENEWAL_COUNT_MAX)
    if spec.anchor_day is not None:
        if spec.renewal not in (_Renewal.MONTH, _Renewal.YEAR):
            yield FieldError("anchor_day", "Only periods of months or years begin on a day of one.")
        else:
            yield from check_range("anchor_day", spec.anchor_day, 1, 31)
    yield from check_choice("start", spec.start, PlanVersion.Start.values)
    yield from check_choice("proration", spec.proration, PlanVersion.Proration.values)
    if spec.proration != PlanVersion.Proration.NONE and spec.anchor_day is None:
        yield FieldError("proration", "Without an anchor day the first period is whole.")


def _check_fees(spec: VersionSpec) -> Iterator[FieldError]:
    step = NANO // 10 ** currency_decimals(spec.currency)
    for path, fee in (
        ("purchase_fee", spec.purchase_fee),
        ("first_use_fee", spec.first_use_fee),
    ):
        yield from check_money(path, fee, "fee")
        if fee % step:
            yield FieldError(path, f"{spec.currency} has no such small coin.")
    yield from check_range("grace_hours", spec.grace_hours, 0, HOURS_MAX)
    yield from check_range("retry_hours", spec.retry_hours, 0, HOURS_MAX)
    yield from check_range("retries_max", spec.retries_max, 0, RETRIES_MAX)
    if spec.retries_max and not spec.retry_hours:
        yield FieldError("retry_hours", "Say how many hours apart the attempts are.")


def _check_kind(spec: VersionSpec) -> Iterator[FieldError]:
    if spec.quantity_max is None:
        return
    if not spec.is_add_on:
        yield FieldError("quantity_max", "Only an add-on is held several times.")
    else:
        yield from check_range("quantity_max", spec.quantity_max, 1, QUANTITY_MAX)


def _check_zero_rated(spec: VersionSpec, rating_groups: RatingGroups) -> Iterator[FieldError]:
    unknown = [number for number in spec.zero_rated if number not in rating_groups]
    if unknown:
        listed = ", ".join(str(number) for number in unknown)
        yield FieldError("zero_rated", f"There is no rating group {listed}.")
    if len(set(spec.zero_rated)) < len(spec.zero_rated):
        yield FieldError("zero_rated", "A rating group is named twice.")


def _check_fallbacks(spec: VersionSpec, references: References) -> Iterator[FieldError]:
    codes = spec.fallback_plans
    if len(codes) > FALLBACKS_MAX:
        yield FieldError("fallback_plans", f"At most {FALLBACKS_MAX} plans.")
        return
    if len(set(codes)) < len(codes):
        yield FieldError("fallback_plans", "A plan is named twice.")
        return
    if references.fallbacks is None:
        return
    for place, code in enumerate(codes):
        if code != references.plan and code not in references.fallbacks:
            yield FieldError(f"fallback_plans/{place}", f"There is no plan “{code}”.")
        elif way := fallback_loop(references, (code,)):
            yield FieldError(
                f"fallback_plans/{place}", f"This goes round in a circle: {' → '.join(way)}."
            )
