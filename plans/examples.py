"""A version's examples: rating cases (docs/rating-cases.md) that its tariff must pass.

A case that gives no prices of its own is priced by the version, by the rules of live charging.
Its balances are what it gives; its destinations are the operator's unless it gives some. An
event's `category` may be a rating group's number; without one the first of its type is used. Bands
are open in the operator's own wall time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from charging.engine.calendar import UTC_DAYS, Almanac
from charging.engine.cases.case import Case
from charging.engine.cases.nodes import NotACase
from charging.engine.cases.reading import read_case
from charging.engine.cases.reporting import differences
from charging.engine.cases.running import run_case
from charging.engine.prefixes import PrefixTable
from charging.engine.tariff import RatingGroup, Tariff
from plans.compile import compile_tariff, engine_rating_groups
from plans.models import PlanVersion
from plans.reference import selectors as reference
from plans.selectors import spec_of
from plans.specs import ExampleSpec
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError

__all__ = ["Ground", "NotACase", "case_of", "failures", "failures_of"]

TOLD_MAX: Final = 3
"""Figures of one example that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the cases run on."""

    tariff: Tariff
    rating_groups: Mapping[str, RatingGroup]
    """By number and by type of use."""
    prefixes: PrefixTable | None = None
    almanac: Almanac = UTC_DAYS


def failures_of(version: PlanVersion) -> list[FieldError]:
    """What the examples of a version, with its parts, expect and do not get of its tariff."""
    examples = spec_of(version).examples
    if not examples:
        return []
    tenant = current_tenant()
    ground = Ground(
        tariff=compile_tariff(version),
        rating_groups=_by_use(engine_rating_groups(tenant).values()),
        prefixes=_prefixes_of(examples),
        almanac=_almanac_of(tenant),
    )
    return failures(examples, ground)


def failures(examples: Sequence[ExampleSpec], ground: Ground) -> list[FieldError]:
    """One message for each example that goes wrong."""
    return [
        FieldError(f"examples/{place}", f"“{example.title}”: {problem}.")
        for place, example in enumerate(examples)
        if (problem := _problem_of(example, ground))
    ]


def case_of(example: ExampleSpec) -> Case:
    """The example as the engine runs it. Raises NotACase."""
    return read_case({"id": "example", **example.case, "title": example.title})


def _problem_of(example: ExampleSpec, ground: Ground) -> str:
    try:
        case = case_of(example)
    except NotACase as error:
        return str(error)
    outcomes = run_case(
        case,
        tariff=ground.tariff,
        rating_groups=ground.rating_groups,
        prefixes=ground.prefixes,
        almanac=ground.almanac,
    )
    wrong = [str(difference) for difference in differences(case, outcomes)]
    more = f" and {len(wrong) - TOLD_MAX} more" if len(wrong) > TOLD_MAX else ""
    return "; ".join(wrong[:TOLD_MAX]) + more


def _by_use(groups: Iterable[RatingGroup]) -> dict[str, RatingGroup]:
    by_use: dict[str, RatingGroup] = {}
    for group in groups:
        by_use[str(group.number)] = group
        by_use.setdefault(group.service, group)
    return by_use


def _prefixes_of(examples: Sequence[ExampleSpec]) -> PrefixTable:
    """The known prefixes of the numbers that are called, and no others."""
    numbers = sorted({number for example in examples for number in _numbers_of(example)})
    return PrefixTable(
        (row.prefix, row.group.code) for number in numbers for row in reference.prefixes_of(number)
    )


def _numbers_of(example: ExampleSpec) -> Iterator[str]:
    for event in example.case.get("events", ()):
        if isinstance(number := event.get("destination"), str) and number.isdecimal():
            yield number


def _almanac_of(tenant: Tenant) -> Almanac:
    days = reference.holidays().values_list("date", flat=True)
    return Almanac(zone=tenant.zone, holidays=frozenset(days))
