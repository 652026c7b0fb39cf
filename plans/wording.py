"""A plan in plain words: what the subscriber gets, pays and is charged afterwards.

Exact, and the same text wherever a plan is described.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plans.conventions import Conventions, noun_of
from plans.models import PlanVersion, Service, Unit
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    ThresholdSpec,
    VersionSpec,
    plain_decimal,
    service_of,
    unit_of,
)

_PERIODS = {"day": "day", "week": "week", "month": "month"}


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


@dataclass(frozen=True, slots=True)
class Offer:
    """What the subscriber gets."""

    price: str
    period: str
    given: tuple[Given, ...]
    afterwards: tuple[Afterwards, ...]


def describe(spec: VersionSpec, by: Conventions) -> Offer:
    """The whole version in words."""
    return Offer(
        price=by.money(spec.price) if spec.price else "Free",
        period=say_period(spec),
        given=tuple(_given(allowance, by) for allowance in spec.allowances),
        afterwards=(*_priced(spec, by), *_refused(spec, by)),
    )


def summary(spec: VersionSpec, by: Conventions) -> str:
    """The allowances in one line: 20 GB · 300 min · 500 SMS."""
    return " · ".join(say_amount(allowance, by) for allowance in spec.allowances)


def say_period(spec: VersionSpec) -> str:
    """every 30 days, every month, once."""
    if spec.renewal == PlanVersion.Renewal.NONE:
        return "once"
    period = _PERIODS.get(spec.renewal, spec.renewal)
    return f"every {period}" if spec.renewal_count == 1 else f"every {spec.renewal_count} {period}s"


# ── allowances ───────────────────────────────────────────────────────────────────────────────


def say_amount(allowance: AllowanceSpec, by: Conventions) -> str:
    """20 GB, 300 min, 500 SMS, €5.00, in the unit in which it was typed."""
    service = service_of(allowance, by.metered)
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


def say_validity(allowance: AllowanceSpec) -> str:
    """7 days; until the period ends."""
    days = allowance.validity_days
    if days is None:
        return "until the period ends"
    return "1 day" if days == 1 else f"{days} days"


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


def _given(allowance: AllowanceSpec, by: Conventions) -> Given:
    notes = []
    if allowance.rating_groups:
        notes.append(f"only for {say_coverage(allowance, by)}")
    if allowance.validity_days is not None:
        notes.append(f"valid {say_validity(allowance)}")
    if allowance.thresholds:
        notes.append(f"warning at {say_thresholds(allowance, by)}")
    return Given(
        name=allowance.name,
        service=service_of(allowance, by.metered),
        amount=say_amount(allowance, by),
        notes=tuple(notes),
    )


# ── rates ────────────────────────────────────────────────────────────────────────────────────


def say_rate(rate: RateSpec, by: Conventions) -> str:
    """€0.09 per min, charged per started minute, plus €0.10 a call."""
    if not rate.price and not rate.connect_fee:
        return "free"
    unit = unit_of(rate, by.metered)
    service = service_of(rate, by.metered)
    text = f"{by.money(rate.price)} per {_one(rate.per, unit, service, by)}"
    if rate.increment > 1:
        text += f", in started steps of {by.quantity(rate.increment, unit, service=service)}"
    if rate.connect_fee:
        each = {Service.VOICE: "call", Service.SMS: "SMS"}.get(Service(service), "session")
        text += f", plus {by.money(rate.connect_fee)} a {each}"
    return text


def service_name(service: str, *, sentence: bool = False) -> str:
    """Voice, SMS, Data; in a sentence voice, SMS, data."""
    if service not in Service.values:
        return service
    name = str(Service(service).label)
    return name if service == Service.SMS or not sentence else name.lower()


def _priced(spec: VersionSpec, by: Conventions) -> list[Afterwards]:
    return [
        Afterwards(
            service=service_of(rate, by.metered),
            what=(
                say_coverage(rate, by)
                if rate.rating_groups
                else service_name(service_of(rate, by.metered))
            ),
            price=say_rate(rate, by),
        )
        for rate in spec.rates
    ]


def _refused(spec: VersionSpec, by: Conventions) -> list[Afterwards]:
    return [
        Afterwards(service=service, what=service_name(service), price="refused", is_refused=True)
        for service in unpriced_services(spec, by)
    ]


def unpriced_services(spec: VersionSpec, by: Conventions) -> list[str]:
    """Services the tenant meters and the version has no rate for, or only for some of it."""
    priced = {rate.service for rate in spec.rates if not rate.rating_groups}
    named = {number for rate in spec.rates for number in rate.rating_groups}
    return [
        service
        for service in (Service.VOICE, Service.SMS, Service.DATA)
        if service not in priced
        and any(group.number not in named for group in by.groups_of(service))
    ]


def _one(amount: int, unit: str, service: str, by: Conventions) -> str:
    """min for 60 seconds, MB for one of them, else 30 s."""
    if unit == Unit.EVENTS and amount == 1:
        return noun_of(service, amount)
    return by.quantity(amount, unit, service=service).removeprefix("1 ")


def join_words(words: Sequence[str]) -> str:
    """voice, SMS and data."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
