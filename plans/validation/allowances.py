"""Allowances: amounts, lifetimes, terms, what renewals do with the rest, and thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final
from uuid import UUID

from plans.models import GENERIC_SERVICE, Allowance, Rate, Service, Threshold, Unit
from plans.references import References
from plans.specs import AllowanceSpec, RatingGroups, ThresholdSpec, own_rate_of, unit_of
from plans.validation.conditions import check_conditions
from plans.validation.fields import (
    AMOUNT_MAX,
    check_amount,
    check_choice,
    check_coverage,
    check_keys,
    check_name,
    check_percent,
    check_text,
    check_weight,
)
from plans.validation.rates import check_rate
from portal.tenancy.validation import FieldError

VALIDITY_DAYS_MAX: Final = 3_650
LIFETIME_COUNT_MAX: Final = 10_000
ALLOWANCES_MAX: Final = 200
THRESHOLDS_MAX: Final = 20
THRESHOLD_NAME_MAX: Final = 60
FACTORS_MAX: Final = 50
FACTOR_MAX: Final = 1_000
STEP_MAX: Final = 10**12
ROLL_OVER_PERIODS_MAX: Final = 366

_Span = Allowance.Span
_ENDLESS: Final = (_Span.PERIOD, _Span.UNLIMITED, _Span.UNTIL)
"""Spans of which there is only one."""


def check_allowances(
    allowances: Sequence[AllowanceSpec],
    rating_groups: RatingGroups,
    bands: Collection[str],
    references: References,
) -> Iterator[FieldError]:
    if len(allowances) > ALLOWANCES_MAX:
        yield FieldError("allowances", f"A version has at most {ALLOWANCES_MAX} allowances.")
        return
    keys = [allowance.key for allowance in allowances]
    yield from check_keys("allowances", keys)
    for place, allowance in enumerate(allowances):
        for error in _check_allowance(allowance, rating_groups, bands, references, set(keys)):
            yield error.below(f"allowances/{place}")


def _check_allowance(
    allowance: AllowanceSpec,
    rating_groups: RatingGroups,
    bands: Collection[str],
    references: References,
    keys: Collection[UUID | None],
) -> Iterator[FieldError]:
    yield from check_name(allowance.name, "Give the allowance a name.")
    yield from check_coverage(allowance, rating_groups, [*Service.values, GENERIC_SERVICE])
    yield from check_amount("amount", allowance.amount, allows_zero=allowance.may_be_zero)
    yield from check_lifetime(allowance)
    yield from check_weight(allowance.weight)
    yield from check_conditions(allowance.conditions, bands, references)
    yield from _check_role(allowance)
    yield from _check_taking(allowance, rating_groups, bands, references)
    yield from _check_own_rate(allowance, rating_groups, bands, references)
    yield from _check_renewal(allowance)
    yield from check_thresholds(allowance.thresholds, keys)


def check_lifetime(allowance: AllowanceSpec) -> Iterator[FieldError]:
    life, days = allowance.lifetime, allowance.validity_days
    if days is not None and not 1 <= days <= VALIDITY_DAYS_MAX:
        yield FieldError("validity_days", f"Enter 1 to {VALIDITY_DAYS_MAX:,} days.")
    yield from check_choice("lifetime/span", life.span, _Span.values)
    if days is not None and life.span != _Span.PERIOD:
        yield FieldError("lifetime/span", "Give a number of days or another lifetime, not both.")
    if not 1 <= life.count <= LIFETIME_COUNT_MAX:
        yield FieldError("lifetime/count", f"Enter 1 to {LIFETIME_COUNT_MAX:,}.")
    elif life.count > 1 and life.span in _ENDLESS:
        yield FieldError("lifetime/count", "This lifetime is not counted.")
    if (life.until is None) == (life.span == _Span.UNTIL):
        missing = "Say until when." if life.until is None else "Only “until” has a date."
        yield FieldError("lifetime/until", missing)
    if life.from_first_use and days is None and life.span in _ENDLESS:
        yield FieldError("lifetime/from_first_use", "It ends at a time that use does not move.")


def _check_role(allowance: AllowanceSpec) -> Iterator[FieldError]:
    yield from check_choice("role", allowance.role, Allowance.Role.values)
    counts = allowance.role == Allowance.Role.COUNTS
    if counts and allowance.is_blocker:
        yield FieldError("is_blocker", "A counter pays for nothing, so it cannot block.")
    if counts and allowance.is_unlimited:
        yield FieldError("is_unlimited", "A counter without a limit has the amount 0.")
    if counts and allowance.own_rate is not None:
        yield FieldError("own_rate", "A counter pays for nothing, so it has no price.")
    if allowance.limits and not counts:
        yield FieldError("limits", "Only a counter is a cap.")
    elif allowance.limits and allowance.amount == 0:
        yield FieldError("amount", "Enter the cap.")


def _check_taking(
    allowance: AllowanceSpec,
    rating_groups: RatingGroups,
    bands: Collection[str],
    references: References,
) -> Iterator[FieldError]:
    is_money = unit_of(allowance, rating_groups) == Unit.NANO_MONEY
    if not 1 <= allowance.step <= STEP_MAX:
        yield FieldError("step", "Enter a step of 1 or more.")
    elif allowance.step > 1 and is_money:
        yield FieldError("step", "Money is taken as it is priced; give the rate a step.")
    if len(allowance.factors) > FACTORS_MAX:
        yield FieldError("factors", f"An allowance has at most {FACTORS_MAX} factors.")
        return
    if allowance.factors and is_money:
        yield FieldError("factors", "Money is taken as it is priced; it has no factors.")
    for place, factor in enumerate(allowance.factors):
        path = f"factors/{place}"
        if not 1 <= factor.times <= FACTOR_MAX:
            yield FieldError(f"{path}/times", f"Enter a whole number from 1 to {FACTOR_MAX:,}.")
        yield from check_text(f"{path}/key", factor.key)
        for error in check_conditions(factor.conditions, bands, references):
            yield error.below(path)


def _check_own_rate(
    allowance: AllowanceSpec,
    rating_groups: RatingGroups,
    bands: Collection[str],
    references: References,
) -> Iterator[FieldError]:
    if allowance.own_rate is None:
        return
    rate = own_rate_of(allowance, rating_groups)
    if rate.key is not None:
        yield FieldError("own_rate/key", "An allowance's own rate needs no key.")
    if rate.pricing == Rate.Pricing.VOLUME:
        yield FieldError("own_rate/pricing", "An allowance's own price cannot be a volume price.")
    if unit_of(allowance, rating_groups) == Unit.NANO_MONEY:
        yield FieldError("own_rate", "Money has no price of its own; give the plan a rate.")
    for error in check_rate(rate, rating_groups, bands, references):
        yield error.below("own_rate")


def _check_renewal(allowance: AllowanceSpec) -> Iterator[FieldError]:
    yield from check_choice("renewal", allowance.renewal, Allowance.Renewal.values)
    yield from check_choice(
        "roll_over_order", allowance.roll_over_order, Allowance.RollOverOrder.values
    )
    rolls = allowance.renewal == Allowance.Renewal.ROLL_OVER
    most, periods = allowance.roll_over_amount_max, allowance.roll_over_periods_max
    for path, limit, limit_max in (
        ("roll_over_amount_max", most, AMOUNT_MAX),
        ("roll_over_periods_max", periods, ROLL_OVER_PERIODS_MAX),
    ):
        if limit is None:
            continue
        if not rolls:
            yield FieldError(path, "Only what rolls over has such a limit.")
        elif not 1 <= limit <= limit_max:
            yield FieldError(path, f"Enter a whole number from 1 to {limit_max:,}.")


# ── thresholds ───────────────────────────────────────────────────────────────────────────────


def check_thresholds(
    thresholds: Sequence[ThresholdSpec], keys: Collection[UUID | None]
) -> Iterator[FieldError]:
    if len(thresholds) > THRESHOLDS_MAX:
        yield FieldError("thresholds", f"An allowance has at most {THRESHOLDS_MAX} thresholds.")
        return
    names = Counter(threshold.label.casefold() for threshold in thresholds)
    for place, threshold in enumerate(thresholds):
        for error in check_threshold(threshold, keys):
            yield error.below(f"thresholds/{place}")
        if threshold.label and names[threshold.label.casefold()] > 1:
            yield FieldError(
                f"thresholds/{place}/name", "Another threshold here has the same name."
            )


def check_threshold(
    threshold: ThresholdSpec, keys: Collection[UUID | None]
) -> Iterator[FieldError]:
    """`keys` are those of the version's allowances."""
    if len(threshold.name) > THRESHOLD_NAME_MAX:
        yield FieldError("name", f"At most {THRESHOLD_NAME_MAX} characters.")
    if (threshold.percent is None) == (threshold.amount is None):
        yield FieldError("percent", "Give either a percentage or an amount.")
    elif threshold.percent is not None:
        yield from check_percent("percent", threshold.percent)
    else:
        assert threshold.amount is not None
        if not threshold.name:
            yield FieldError("name", "Give the threshold a name.")
        if not 0 <= threshold.amount <= AMOUNT_MAX:
            yield FieldError("amount", "Enter an amount of zero or more.")
    yield from check_text("state", threshold.state, length_max=THRESHOLD_NAME_MAX)
    yield from _check_action(threshold, keys)
    if (threshold.quiet_from is None) != (threshold.quiet_until is None):
        missing = "quiet_from" if threshold.quiet_from is None else "quiet_until"
        yield FieldError(missing, "Quiet hours have a beginning and an end.")
    elif threshold.quiet_from is not None and threshold.quiet_from == threshold.quiet_until:
        yield FieldError("quiet_until", "Nobody would ever be told: pause the threshold instead.")


def _check_action(threshold: ThresholdSpec, keys: Collection[UUID | None]) -> Iterator[FieldError]:
    action = Threshold.Action
    yield from check_choice("action", threshold.action, action.values)
    if threshold.target is None:
        return
    if threshold.action not in (action.BLOCK, action.UNBLOCK):
        yield FieldError("target", "Only blocking and unblocking act on an allowance.")
    elif threshold.target not in keys:
        yield FieldError("target", "There is no allowance with this key in the version.")
