"""What differs between two versions, in words, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from plans.conventions import Conventions
from plans.specs import AllowanceSpec, ExampleSpec, RateSpec, VersionSpec
from plans.wording import (
    say_amount,
    say_coverage,
    say_period,
    say_thresholds,
    service_name,
)
from plans.wording_terms import (
    allowance_terms,
    say_validity,
    say_whole_rate,
    version_terms,
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
        *_differing_parts("", version_terms(before, by), version_terms(after, by)),
        *_allowance_changes(before, after, by),
        *_order_change(before.allowances, after.allowances),
        *_rate_changes(before, after, by),
        *_example_changes(before.examples, after.examples),
    ]


def _differing(field: str, old: str, new: str) -> Iterator[Change]:
    if old != new:
        yield Change(field, old, new)


def _differing_parts(
    prefix: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Change]:
    """Each part that differs; one that is absent says nothing unusual."""
    for about in dict.fromkeys([*old, *new]):
        yield from _differing(f"{prefix}{about}", old.get(about, ""), new.get(about, ""))


def _allowance_changes(
    before: VersionSpec, after: VersionSpec, by: Conventions
) -> Iterator[Change]:
    for old, new in _pairs(before.allowances, after.allowances, lambda part: part.name.casefold()):
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
            yield from _differing_parts(
                f"{name} · ",
                allowance_terms(old, before, by),
                allowance_terms(new, after, by),
            )
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


def _rate_changes(before: VersionSpec, after: VersionSpec, by: Conventions) -> Iterator[Change]:
    for old, new in _pairs(
        before.rates,
        after.rates,
        lambda part: (part.service, part.rating_groups, part.conditions, part.active_from),
    ):
        said_before = say_whole_rate(old, before, by) if old else ""
        said_after = say_whole_rate(new, after, by) if new else ""
        if either := new or old:
            yield from _differing(_rate_field(either, by), said_before, said_after)


def _example_changes(
    before: Sequence[ExampleSpec], after: Sequence[ExampleSpec]
) -> Iterator[Change]:
    """By their titles: what they expect is data, not words."""
    old = {example.title: example.case for example in before}
    new = {example.title: example.case for example in after}
    for title in dict.fromkeys([*old, *new]):
        if title not in new:
            yield Change("Example", title, "")
        elif title not in old:
            yield Change("Example", "", title)
        elif old[title] != new[title]:
            yield Change("Example", title, f"{title} (changed)")


def _rate_field(rate: RateSpec, by: Conventions) -> str:
    if rate.label:
        return f"{rate.label} · rate"
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
