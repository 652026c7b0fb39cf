"""Checks that several kinds of rows share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from plans.models import Unit
from plans.specs import AllowanceSpec, RateSpec, RatingGroups, service_of, unit_of
from portal.tenancy.validation import FieldError

AMOUNT_MAX: Final = 10**18
"""An exabyte, or a thousand million of a currency: sums of many still fit 63 bits."""
WEIGHT_MAX: Final = 1_000_000
NAME_MAX: Final = 80
_HUNDREDTH: Final = Decimal("0.01")


def check_amount(path: str, amount: int, *, allows_zero: bool = False) -> Iterator[FieldError]:
    if amount < 0 or (amount == 0 and not allows_zero):
        missing = "of zero or more" if allows_zero else "above zero"
        yield FieldError(path, f"Enter an amount {missing}.")
    elif amount > AMOUNT_MAX:
        yield FieldError(path, "The amount is too large.")


def check_money(path: str, amount: int, what: str = "price") -> Iterator[FieldError]:
    if not 0 <= amount <= AMOUNT_MAX:
        yield FieldError(path, f"Enter a {what} of zero or more.")


def check_name(name: str, missing: str, *, path: str = "name") -> Iterator[FieldError]:
    if not name.strip():
        yield FieldError(path, missing)
    else:
        yield from check_text(path, name)


def check_text(path: str, text: str, *, length_max: int = NAME_MAX) -> Iterator[FieldError]:
    """A text that may be empty."""
    if "\x00" in text:
        what = "name" if path == "name" else "text"
        yield FieldError(path, f"A {what} cannot contain a NUL character.")
    elif len(text) > length_max:
        yield FieldError(path, f"At most {length_max} characters.")


def check_choice(path: str, value: str, choices: Sequence[str]) -> Iterator[FieldError]:
    if value not in choices:
        yield FieldError(path, f"Choose one of {', '.join(choices)}.")


def check_range(path: str, number: int, least: int, most: int) -> Iterator[FieldError]:
    if not least <= number <= most:
        yield FieldError(path, f"Enter a whole number from {least} to {most:,}.")


def check_weight(weight: int | None) -> Iterator[FieldError]:
    if weight is not None and abs(weight) > WEIGHT_MAX:
        yield FieldError("weight", f"Enter a weight up to {WEIGHT_MAX:,}.")


def check_percent(path: str, percent: Decimal) -> Iterator[FieldError]:
    if not percent.is_finite() or not 0 <= percent <= 100:
        yield FieldError(path, "Enter a percentage from 0 to 100.")
    elif percent != percent.quantize(_HUNDREDTH):
        yield FieldError(path, "A percentage has at most two decimals.")


def check_keys(path: str, keys: Sequence[UUID | None]) -> Iterator[FieldError]:
    counts = Counter(key for key in keys if key is not None)
    for place, key in enumerate(keys):
        if key is not None and counts[key] > 1:
            yield FieldError(f"{path}/{place}/key", "Another row has the same key.")


def check_coverage(
    part: AllowanceSpec | RateSpec, rating_groups: RatingGroups, services: Sequence[str]
) -> Iterator[FieldError]:
    """That it says what it is for, and that all of it is counted in one unit."""
    unknown = [number for number in part.rating_groups if number not in rating_groups]
    if unknown:
        listed = ", ".join(str(number) for number in unknown)
        yield FieldError("rating_groups", f"There is no rating group {listed}.")
        return
    if part.service and part.service not in services:
        yield FieldError("service", f"Choose one of {', '.join(services)}.")
        return
    if not service_of(part, rating_groups):
        yield FieldError("service", "Choose a service or name rating groups.")
        return
    if len(set(part.rating_groups)) < len(part.rating_groups):
        yield FieldError("rating_groups", "A rating group is named twice.")
    units = {rating_groups[number].unit for number in part.rating_groups}
    if len(units) > 1 and unit_of(part, rating_groups) not in (Unit.NANO_MONEY, Unit.GENERIC):
        yield FieldError("rating_groups", "These rating groups do not count the same unit.")
