"""What differs between two versions, in words, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from plans.conventions import Conventions
from plans.specs import AllowanceSpec, RateSpec, VersionSpec
from plans.wording import (
    say_amount,
    say_coverage,
    say_period,
    say_rate,
    say_thresholds,
    say_validity,
    service_name,
)

Part = TypeVar("Part", AllowanceSpec, RateSpec)


@dataclass(frozen=True, slots=True)
class Change:
    """One field; an empty side means that it was added or taken away."""

    field: str
    old: str
    new: str


def changes_between(before: VersionSpec, after: VersionSpec, by: Conventions) -> list[Change]:
    """From price to rates, in the order of the designer."""
    return [
        *_differing("Price", by.money(before.price), by.money(after.price)),
        *_differing("Renewal", say_period(before), say_period(after)),
        *_allowance_changes(before.allowances, after.allowances, by),
        *_order_change(before.allowances, after.allowances),
        *_rate_changes(before.rates, after.rates, by),
    ]


def _differing(field: str, old: str, new: str) -> Iterator[Change]:
    if old != new:
        yield Change(field, old, new)


def _allowance_changes(
    before: Sequence[AllowanceSpec], after: Sequence[AllowanceSpec], by: Conventions
) -> Iterator[Change]:
    for old, new in _pairs(before, after, lambda part: part.name.casefold()):
        if old is None and new is not None:
            yield Change(new.name, "", say_amount(new, by))
        elif new is None and old is not None:
            yield Change(old.name, say_amount(old, by), "")
        elif old is not None and new is not None:
            yield from _differing("Name", old.name, new.name)
            name = new.name
            yield from _differing(f"{name} · amount", say_amount(old, by), say_amount(new, by))
            yield from _differing(
                f"{name} · applies to", say_coverage(old, by), say_coverage(new, by)
            )
            yield from _differing(f"{name} · valid", say_validity(old), say_validity(new))
            yield from _differing(
                f"{name} · warnings", say_thresholds(old, by), say_thresholds(new, by)
            )


def _order_change(
    before: Sequence[AllowanceSpec], after: Sequence[AllowanceSpec]
) -> Iterator[Change]:
    """Only among those that are in both: what was added is told already."""
    kept = {part.key for part in before} & {part.key for part in after}
    old = [part.key for part in before if part.key in kept]
    new = [part.key for part in after if part.key in kept]
    if old != new:
        yield Change(
            "Used in this order",
            " → ".join(part.name for part in before if part.key in kept),
            " → ".join(part.name for part in after if part.key in kept),
        )


def _rate_changes(
    before: Sequence[RateSpec], after: Sequence[RateSpec], by: Conventions
) -> Iterator[Change]:
    for old, new in _pairs(before, after, lambda part: (part.service, part.rating_groups)):
        if old is None and new is not None:
            yield Change(_rate_field(new, by), "", say_rate(new, by))
        elif new is None and old is not None:
            yield Change(_rate_field(old, by), say_rate(old, by), "")
        elif old is not None and new is not None:
            yield from _differing(_rate_field(new, by), say_rate(old, by), say_rate(new, by))


def _rate_field(rate: RateSpec, by: Conventions) -> str:
    covered = say_coverage(rate, by) if rate.rating_groups else service_name(rate.service)
    return f"{covered} · rate"


def _pairs(
    before: Sequence[Part], after: Sequence[Part], alike: Callable[[Part], object]
) -> Iterator[tuple[Part | None, Part | None]]:
    """Each part with its counterpart: of the same key, else alike; then what was taken away."""
    rest = list(before)
    by_key: dict[UUID | None, Part] = {part.key: part for part in before if part.key}
    for new in after:
        old = by_key.get(new.key) if new.key else None
        if old is None or old not in rest:
            old = next((part for part in rest if alike(part) == alike(new)), None)
        if old is not None:
            rest.remove(old)
        yield old, new
    for old in rest:
        yield old, None
