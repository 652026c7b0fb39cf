"""What is worth a second look before publishing: allowed, but perhaps not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plans.conventions import Conventions
from plans.models import GENERIC_SERVICE, Allowance, Service
from plans.specs import VersionSpec, service_of, unit_of
from plans.terms import ALWAYS
from plans.wording import join_words, service_name, unpriced_services


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `tone` is good, warn or bad, `path` the field it is about."""

    tone: str
    text: str
    path: str = ""


def findings(spec: VersionSpec, by: Conventions) -> list[Check]:
    """All findings, or one good one when there are none."""
    found = [
        *_emptiness(spec),
        *_unpriced(spec, by),
        *_unused_allowances(spec, by),
        *_loud_thresholds(spec),
        *_shadowed_rates(spec, by),
        *_validity(spec),
    ]
    return found or [Check("good", "Every service has a price, every warning can be reached.")]


def _emptiness(spec: VersionSpec) -> Iterator[Check]:
    if spec.is_blank:
        yield Check("bad", "Nothing in it yet: add an allowance or a rate.", "allowances")
    elif not spec.allowances:
        yield Check("warn", "No allowances: everything is paid from money.", "allowances")


def _unpriced(spec: VersionSpec, by: Conventions) -> Iterator[Check]:
    services = unpriced_services(spec, by)
    if not services or spec.is_blank or spec.fallback_plans:
        return
    held = {service_of(allowance, by.metered) for allowance in spec.allowances}
    ending = [service_name(service, sentence=True) for service in services if service in held]
    never = [service_name(service, sentence=True) for service in services if service not in held]
    if ending:
        yield Check(
            "warn",
            f"No rate for {join_words(ending)}: refused once the allowance is used up.",
            "rates",
        )
    if never:
        yield Check(
            "warn", f"Neither allowance nor rate for {join_words(never)}: refused.", "rates"
        )


def _unused_allowances(spec: VersionSpec, by: Conventions) -> Iterator[Check]:
    """An allowance that no rating group of the tenant could ever draw from."""
    for place, allowance in enumerate(spec.allowances):
        service = service_of(allowance, by.metered)
        unit = unit_of(allowance, by.metered)
        if allowance.rating_groups or service in (Service.MONEY, GENERIC_SERVICE):
            continue
        if not any(group.unit == unit for group in by.groups_of(service)):
            yield Check(
                "bad",
                f"{allowance.name}: no rating group counts {service_name(service, sentence=True)} "
                "this way, so nothing uses it.",
                f"allowances/{place}/amount",
            )


def _loud_thresholds(spec: VersionSpec) -> Iterator[Check]:
    for place, allowance in enumerate(spec.allowances):
        if allowance.role == Allowance.Role.COUNTS:
            continue  # its marks are reached from below
        for number, mark in enumerate(allowance.thresholds):
            whole = mark.percent is not None and mark.percent >= 100
            above = mark.amount is not None and mark.amount >= allowance.amount
            if whole or above:
                yield Check(
                    "warn",
                    f"{allowance.name}: the warning “{mark.label}” is reached from the start.",
                    f"allowances/{place}/thresholds/{number}/percent",
                )


def _shadowed_rates(spec: VersionSpec, by: Conventions) -> Iterator[Check]:
    """A rate below one that already covers everything it covers, always and as heavily."""
    seen: set[int] = set()
    for place, rate in enumerate(spec.rates):
        service = service_of(rate, by.metered)
        covered = set(rate.rating_groups) or {group.number for group in by.groups_of(service)}
        if rate.conditions != ALWAYS or rate.active_from or rate.weight:
            continue
        if covered and covered <= seen:
            yield Check(
                "warn",
                f"The {service_name(service, sentence=True)} rate in row {place + 1} is never "
                "used: a rate above it covers the same.",
                f"rates/{place}/price",
            )
        seen |= covered


def _validity(spec: VersionSpec) -> Iterator[Check]:
    days = {"day": 1, "week": 7, "month": 28, "year": 365}.get(spec.renewal)
    if days is None:
        return
    for place, allowance in enumerate(spec.allowances):
        if allowance.validity_days and allowance.validity_days > days * spec.renewal_count:
            yield Check(
                "warn",
                f"{allowance.name}: what is left outlives the period and adds to the next.",
                f"allowances/{place}/validity_days",
            )
