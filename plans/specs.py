"""What a form or an API body describes: a plan version as plain values, not yet checked or saved.

Amounts are octets, seconds, events or nano-units (10⁻⁹) of the currency. Order means something:
the first allowance is used first, the first rate that covers a rating group prices it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from plans.models import GENERIC_SERVICE, UNIT_OF_SERVICE, RatingGroup, Service, Unit
from plans.stored import plain_decimal
from plans.terms import (
    ALWAYS,
    UNTIL_THE_PERIOD_ENDS,
    BandSpec,
    ConditionsSpec,
    FactorSpec,
    LifetimeSpec,
    SlotSpec,
)

WEIGHT_STEP = 10
"""Between neighbours that were given no weight, so that one fits in between later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSpec:
    """A low-balance mark: `percent` (0 to 100) of what was granted, or an absolute `amount`."""

    name: str = ""
    percent: Decimal | None = None
    amount: int | None = None
    state: str = ""
    """What the balance is called beyond the mark; empty: the mark's name."""
    action: str = "notify"
    target: UUID | None = None
    """Key of the allowance that the action blocks or unblocks; None: its own."""
    quiet_from: time | None = None
    quiet_until: time | None = None
    is_paused: bool = False

    @property
    def label(self) -> str:
        """Its name; a percentage without one is called by its number: "20 %"."""
        if self.name or self.percent is None:
            return self.name
        return f"{plain_decimal(self.percent)} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceSpec:
    """Units of a service for each period, or of the named rating groups only."""

    name: str
    amount: int
    service: str = ""
    """May be left out where `rating_groups` are named: theirs counts."""
    rating_groups: tuple[int, ...] = ()
    key: UUID | None = None
    """None: a new allowance."""
    weight: int | None = None
    """None: by its place."""
    validity_days: int | None = None
    """None: until the period ends."""
    display_unit: str = ""
    thresholds: tuple[ThresholdSpec, ...] = ()
    lifetime: LifetimeSpec = UNTIL_THE_PERIOD_ENDS
    """Its span counts where `validity_days` is None."""
    conditions: ConditionsSpec = ALWAYS
    role: str = "pays"
    limits: bool = False
    is_blocker: bool = False
    is_unlimited: bool = False
    is_shared: bool = False
    step: int = 1
    factors: tuple[FactorSpec, ...] = ()
    own_rate: RateSpec | None = None
    renewal: str = "new"
    roll_over_amount_max: int | None = None
    roll_over_periods_max: int | None = None
    roll_over_order: str = "oldest"

    @property
    def may_be_zero(self) -> bool:
        """A counter may have no limit, an unlimited allowance no fair use."""
        return self.role == "counts" or self.is_unlimited


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSpec:
    """`price` for every `per` units, in started steps of `increment`, once nothing else pays."""

    price: int
    per: int
    service: str = ""
    rating_groups: tuple[int, ...] = ()
    key: UUID | None = None
    increment: int = 1
    connect_fee: int = 0
    pricing: str = "graduated"
    slots: tuple[SlotSpec, ...] = ()
    """Those behind the first, which `price`, `per` and `increment` are."""
    rounding: str = "half_up"
    decimals: int | None = None
    """None: the places of the currency."""
    minimum: int = 0
    maximum: int | None = None
    at_maximum: str = "free"
    conditions: ConditionsSpec = ALWAYS
    weight: int = 0
    active_from: datetime | None = None
    tax_percent: Decimal = Decimal(0)
    label: str = ""

    @property
    def all_slots(self) -> tuple[SlotSpec, ...]:
        """From 0 units on."""
        first = SlotSpec(start=0, price=self.price, per=self.per, increment=self.increment)
        return (first, *self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSpec:
    """A rating case (`rating-cases/1`) that the version must pass to be published."""

    title: str
    case: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSpec:
    """All that a plan version says."""

    currency: str
    price: int = 0
    renewal: str = "day"
    renewal_count: int = 30
    allowances: tuple[AllowanceSpec, ...] = ()
    rates: tuple[RateSpec, ...] = ()
    auto_renews: bool = True
    anchor_day: int | None = None
    start: str = "immediate"
    proration: str = "none"
    purchase_fee: int = 0
    first_use_fee: int = 0
    grace_hours: int = 0
    retry_hours: int = 0
    retries_max: int = 0
    is_add_on: bool = False
    quantity_max: int | None = None
    money_first: bool = False
    zero_rated: tuple[int, ...] = ()
    fallback_plans: tuple[str, ...] = ()
    bands: tuple[BandSpec, ...] = ()
    examples: tuple[ExampleSpec, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Gives nothing and prices nothing: it cannot be published."""
        return not self.allowances and not self.rates


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGroupSpec:
    """How usage under one rating group is counted and granted; times in seconds."""

    number: int
    name: str
    service: str
    unit: str
    grant: int
    mode: str = RatingGroup.Mode.ONLINE
    validity_time: int = 3600
    holding_time: int = 0
    threshold_percent: int = 20
    final_unit_action: str = RatingGroup.FinalUnitAction.TERMINATE
    redirect_address: str = ""


class Metered(Protocol):
    """A rating group as far as allowances and rates care: the model's row or the engine's value."""

    @property
    def service(self) -> str: ...

    @property
    def unit(self) -> str: ...


RatingGroups = Mapping[int, Metered]


def service_of(part: AllowanceSpec | RateSpec, rating_groups: RatingGroups) -> str:
    """The service it names, else that of its first rating group; "" when neither is known."""
    if part.service:
        return part.service
    known = (rating_groups[number] for number in part.rating_groups if number in rating_groups)
    return next((str(group.service) for group in known), "")


def own_rate_of(spec: AllowanceSpec, rating_groups: RatingGroups) -> RateSpec:
    """Its own rate, for the allowance's service unless it names one of its own."""
    assert spec.own_rate is not None
    service = service_of(spec, rating_groups)
    says = spec.own_rate.service or spec.own_rate.rating_groups
    if says or service in (Service.MONEY, GENERIC_SERVICE):
        return spec.own_rate
    return replace(spec.own_rate, service=service, rating_groups=spec.rating_groups)


def unit_of(part: AllowanceSpec | RateSpec, rating_groups: RatingGroups) -> str:
    """What its amounts count. Money stays money, whatever rating groups it may be spent on."""
    service = service_of(part, rating_groups)
    if service == Service.MONEY and isinstance(part, AllowanceSpec):
        return Unit.NANO_MONEY
    if service == GENERIC_SERVICE:
        return Unit.GENERIC
    known = (rating_groups[number] for number in part.rating_groups if number in rating_groups)
    return next((str(group.unit) for group in known), _usual_unit(service))


def _usual_unit(service: str) -> str:
    """What the service counts where no rating group says otherwise; "" for an unknown one."""
    if service not in Service.values:
        return ""
    return Unit.EVENTS if service == Service.MONEY else UNIT_OF_SERVICE[Service(service)]


def weights_of(allowances: Sequence[AllowanceSpec]) -> list[int]:
    """Each allowance's weight: its own, else falling from the top by its place."""
    count = len(allowances)
    return [
        (count - place) * WEIGHT_STEP if allowance.weight is None else allowance.weight
        for place, allowance in enumerate(allowances)
    ]
