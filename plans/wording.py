"""A plan in plain words: what the subscriber gets, pays and is charged afterwards.

Exact, and the same text wherever a plan is described.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plans.conventions import Conventions
from plans.models import GENERIC_SERVICE, Allowance, PlanVersion, Service
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    ThresholdSpec,
    VersionSpec,
    plain_decimal,
    service_of,
    unit_of,
)
from plans.terms import ALWAYS
from plans.wording_terms import (
    allowance_terms,
    rate_terms,
    say_rate,
    say_validity,
    version_terms,
)

_USUAL = AllowanceSpec(name="", amount=0)


@dataclass(frozen=True, slots=True)
class Given:
    """One allowance in words."""

    name: str
    service: str
    amount: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What use of a service costs once no allowance pays for it."""

    service: str
    what: str
    price: str
    is_refused: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the subscriber gets."""

    price: str
    period: str
    given: tuple[Given, ...]
    afterwards: tuple[Afterwards, ...]
    notes: tuple[str, ...] = ()
    """What else it says: "Purchase fee: €5.00"."""


def describe(spec: VersionSpec, by: Conventions) -> Offer:
    """The whole version in words."""
    return Offer(
        price=by.money(spec.price) if spec.price else "Free",
        period=say_period(spec),
        given=tuple(_given(allowance, spec, by) for allowance in spec.allowances),
        afterwards=(*_priced(spec, by), *_refused(spec, by)),
        notes=tuple(f"{about}: {words}" for about, words in version_terms(spec, by).items()),
    )


def summary(spec: VersionSpec, by: Conventions) -> str:
    """The allowances in one line: 20 GB · 300 min · 500 SMS; counters give nothing."""
    given = (part for part in spec.allowances if part.role != Allowance.Role.COUNTS)
    return " · ".join(say_amount(allowance, by) for allowance in given)


def say_period(spec: VersionSpec) -> str:
    """every 30 days, every month, once."""
    if spec.renewal == PlanVersion.Renewal.NONE:
        return "once"
    period = spec.renewal
    return f"every {period}" if spec.renewal_count == 1 else f"every {spec.renewal_count} {period}s"


# ── allowances ───────────────────────────────────────────────────────────────────────────────


def say_amount(allowance: AllowanceSpec, by: Conventions) -> str:
    """20 GB, 300 min, 500 SMS, €5.00, in the unit in which it was typed; unlimited data."""
    service = service_of(allowance, by.metered)
    if allowance.is_unlimited:
        return f"unlimited {service_name(service, sentence=True)}"
    if allowance.role == Allowance.Role.COUNTS and not allowance.amount:
        return "counted"
    unit = unit_of(allowance, by.metered)
    return by.quantity(allowance.amount, unit, label=allowance.display_unit, service=service)


def say_coverage(part: AllowanceSpec | RateSpec, by: Conventions) -> str:
    """All data; Data: content."""
    if not part.rating_groups:
        return f"All {service_name(part.service, sentence=True)}"
    return ", ".join(
        by.rating_groups[number].name if number in by.rating_groups else str(number)
        for number in part.rating_groups
    )


def say_thresholds(allowance: AllowanceSpec, by: Conventions) -> str:
    """50 %, 20 %, 500 MB."""
    return ", ".join(say_threshold(mark, allowance, by) for mark in allowance.thresholds)


def say_threshold(mark: ThresholdSpec, allowance: AllowanceSpec, by: Conventions) -> str:
    """20 %, or “Nearly gone” at 500 MB."""
    if mark.percent is not None:
        return f"{plain_decimal(mark.percent)} %"
    unit = unit_of(allowance, by.metered)
    service = service_of(allowance, by.metered)
    return by.quantity(mark.amount or 0, unit, label=allowance.display_unit, service=service)


def _given(allowance: AllowanceSpec, version: VersionSpec, by: Conventions) -> Given:
    notes = []
    if allowance.rating_groups:
        notes.append(f"only for {say_coverage(allowance, by)}")
    if say_validity(allowance) != say_validity(_USUAL):
        notes.append(f"valid {say_validity(allowance)}")
    notes += allowance_terms(allowance, version, by).values()
    if allowance.thresholds:
        notes.append(f"warning at {say_thresholds(allowance, by)}")
    return Given(
        name=allowance.name,
        service=service_of(allowance, by.metered),
        amount=say_amount(allowance, by),
        notes=tuple(notes),
    )


# ── rates ────────────────────────────────────────────────────────────────────────────────────


def service_name(service: str, *, sentence: bool = False) -> str:
    """Voice, SMS, Data; in a sentence voice, SMS, data."""
    if service == GENERIC_SERVICE:
        return "units of any service" if sentence else "Any service"
    if service not in Service.values:
        return service
    name = str(Service(service).label)
    return name if service == Service.SMS or not sentence else name.lower()


def _priced(spec: VersionSpec, by: Conventions) -> list[Afterwards]:
    return [
        Afterwards(
            service=service_of(rate, by.metered),
            what=rate.label or say_what(rate, by),
            price=say_rate(rate, by),
            notes=tuple(rate_terms(rate, spec, by).values()),
        )
        for rate in spec.rates
    ]


def say_what(rate: RateSpec, by: Conventions) -> str:
    """Voice; Data: content."""
    if rate.rating_groups:
        return say_coverage(rate, by)
    return service_name(service_of(rate, by.metered))


def _refused(spec: VersionSpec, by: Conventions) -> list[Afterwards]:
    """What nothing is said about; with plans to fall back on, they say it."""
    restricted = {service_of(rate, by.metered) for rate in spec.rates}
    further = f"as in {', then '.join(spec.fallback_plans)}" if spec.fallback_plans else ""
    return [
        Afterwards(
            service=service,
            what=f"Other {service_name(service, sentence=True)}"
            if service in restricted
            else service_name(service),
            price=further or "refused",
            is_refused=not further,
        )
        for service in unpriced_services(spec, by)
    ]


def unpriced_services(spec: VersionSpec, by: Conventions) -> list[str]:
    """Services the tenant meters and the version has no rate for, or only for some of it."""
    always = [rate for rate in spec.rates if rate.conditions == ALWAYS and not rate.active_from]
    priced = {rate.service for rate in always if not rate.rating_groups}
    named = {number for rate in always for number in rate.rating_groups} | {*spec.zero_rated}
    return [
        service
        for service in (Service.VOICE, Service.SMS, Service.DATA)
        if service not in priced
        and any(group.number not in named for group in by.groups_of(service))
    ]


def join_words(words: Sequence[str]) -> str:
    """voice, SMS and data."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
