"""Rates: slots, package sizes, minimum and maximum, and what they apply to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from plans.models import Rate, Service
from plans.references import References
from plans.specs import RateSpec, RatingGroups
from plans.terms import SlotSpec
from plans.validation.conditions import check_conditions
from plans.validation.fields import (
    check_amount,
    check_choice,
    check_coverage,
    check_keys,
    check_money,
    check_percent,
    check_text,
    check_weight,
)
from portal.tenancy.validation import FieldError

RATES_MAX: Final = 2_000
SLOTS_MAX: Final = 20
DECIMALS_MAX: Final = 9


def check_rates(
    rates: Sequence[RateSpec],
    rating_groups: RatingGroups,
    bands: Collection[str],
    references: References,
) -> Iterator[FieldError]:
    if len(rates) > RATES_MAX:
        yield FieldError("rates", f"A version has at most {RATES_MAX:,} rates.")
        return
    yield from check_keys("rates", [rate.key for rate in rates])
    for place, rate in enumerate(rates):
        for error in check_rate(rate, rating_groups, bands, references):
            yield error.below(f"rates/{place}")


def check_rate(
    rate: RateSpec, rating_groups: RatingGroups, bands: Collection[str], references: References
) -> Iterator[FieldError]:
    yield from check_coverage(rate, rating_groups, Service.values)
    yield from check_money("price", rate.price)
    yield from check_amount("per", rate.per)
    yield from check_amount("increment", rate.increment)
    yield from check_money("connect_fee", rate.connect_fee, "fee")
    yield from check_choice("pricing", rate.pricing, Rate.Pricing.values)
    yield from _check_slots(rate)
    yield from _check_packages(rate)
    yield from _check_rounding(rate)
    yield from _check_limits(rate)
    yield from check_conditions(rate.conditions, bands, references)
    yield from check_weight(rate.weight)
    yield from check_percent("tax_percent", rate.tax_percent)
    yield from check_text("label", rate.label)


def _check_slots(rate: RateSpec) -> Iterator[FieldError]:
    if len(rate.slots) >= SLOTS_MAX:
        yield FieldError("slots", f"A rate has at most {SLOTS_MAX} slots, the first included.")
        return
    before = 0
    for place, slot in enumerate(rate.slots):
        for error in _check_slot(slot, before):
            yield error.below(f"slots/{place}")
        before = slot.start


def _check_slot(slot: SlotSpec, before: int) -> Iterator[FieldError]:
    if slot.start <= before:
        least = "above zero: the rate itself begins there" if before == 0 else f"above {before:,}"
        yield FieldError("start", f"Enter a number {least}.")
    else:
        yield from check_amount("start", slot.start)
    yield from check_money("price", slot.price)
    yield from check_amount("per", slot.per)
    yield from check_amount("increment", slot.increment)


def _check_packages(rate: RateSpec) -> Iterator[FieldError]:
    """A package is sold whole, and a slot begins where one ends."""
    if rate.pricing != Rate.Pricing.PACKAGE:
        return
    if rate.increment != rate.per:
        yield FieldError("increment", f"A package is sold whole: enter {rate.per} or nothing.")
    before = rate.all_slots[0]
    for place, slot in enumerate(rate.slots):
        if slot.increment != slot.per:
            yield FieldError(
                f"slots/{place}/increment", f"A package is sold whole: enter {slot.per} or nothing."
            )
        if before.per > 0 and (slot.start - before.start) % before.per:
            yield FieldError(
                f"slots/{place}/start", f"Begin where a package of {before.per:,} ends."
            )
        before = slot


def _check_rounding(rate: RateSpec) -> Iterator[FieldError]:
    yield from check_choice("rounding", rate.rounding, Rate.Rounding.values)
    if rate.decimals is not None and not 0 <= rate.decimals <= DECIMALS_MAX:
        yield FieldError("decimals", f"Enter 0 to {DECIMALS_MAX} places.")


def _check_limits(rate: RateSpec) -> Iterator[FieldError]:
    yield from check_money("minimum", rate.minimum, "charge")
    yield from check_choice("at_maximum", rate.at_maximum, Rate.AtMaximum.values)
    if rate.maximum is None:
        return
    yield from check_money("maximum", rate.maximum, "charge")
    if rate.maximum < rate.minimum:
        yield FieldError("maximum", "The most a session costs cannot be below the least.")
