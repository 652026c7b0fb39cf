"""What a plan subscription is entitled to and owes: its version's terms under its own overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from charging.engine.lifetimes import Lifetime
from plans.compile import allowance_amount, allowance_lifetime
from plans.models import Allowance, PlanVersion
from plans.overrides import Overrides, read_overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceTerms:
    """One allowance as it is given for a period; amounts in its unit."""

    allowance_id: int
    key: str
    name: str
    service: str
    unit: str
    rating_groups: tuple[int, ...]
    weight: int
    amount: int
    renewal: str
    """new, extend, replace or roll_over: what becomes of the old bucket."""
    roll_over_amount_max: int | None
    roll_over_periods_max: int | None
    rolled_over_is_used_last: bool
    role: str
    is_shared: bool
    lifetime: Lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """Money in nano-units of the version's currency."""

    version_id: int
    plan_id: int
    plan_code: str
    plan_name: str
    number: int
    currency: str
    is_add_on: bool
    quantity_max: int | None
    starts_at_first_use: bool
    price: int
    purchase_fee: int
    first_use_fee: int
    proration: str
    """none, day or second: what a short first period costs."""
    anchor_day: int | None
    renewal: str
    renewal_count: int
    auto_renews: bool
    grace: timedelta
    retry_every: timedelta
    retries_max: int
    allowances: tuple[AllowanceTerms, ...]

    @property
    def grace_lasts(self) -> timedelta:
        """As long as it says; without a word, until the last retry."""
        return self.grace or self.retry_every * self.retries_max

    @property
    def label(self) -> str:
        return f"{self.plan_name} v{self.number}"


def terms_of(version: PlanVersion, overrides: Mapping[str, Any]) -> PlanTerms:
    """The terms of one subscription; `version` has its plan and allowances at hand.

    `overrides` are its own terms, as they are stored with it.
    """
    own = read_overrides(overrides)
    return PlanTerms(
        version_id=version.pk,
        plan_id=version.plan_id,
        plan_code=version.plan.code,
        plan_name=version.plan.name,
        number=version.number,
        currency=version.currency,
        is_add_on=version.is_add_on,
        quantity_max=version.quantity_max,
        starts_at_first_use=version.start == "first_use",
        price=version.price if own.price is None else own.price,
        purchase_fee=version.purchase_fee if own.purchase_fee is None else own.purchase_fee,
        first_use_fee=version.first_use_fee if own.first_use_fee is None else own.first_use_fee,
        proration=version.proration,
        anchor_day=version.anchor_day,
        renewal=version.renewal,
        renewal_count=version.renewal_count,
        auto_renews=version.auto_renews,
        grace=timedelta(hours=version.grace_hours),
        retry_every=timedelta(hours=version.retry_hours),
        retries_max=version.retries_max,
        allowances=tuple(_allowance_terms(each, own) for each in version.allowances.all()),
    )


def _allowance_terms(allowance: Allowance, own: Overrides) -> AllowanceTerms:
    return AllowanceTerms(
        allowance_id=allowance.pk,
        key=str(allowance.key),
        name=allowance.name,
        service=allowance.service,
        unit=allowance.unit,
        rating_groups=tuple(allowance.rating_groups),
        weight=allowance.weight,
        amount=allowance_amount(allowance, own),
        renewal=allowance.renewal,
        roll_over_amount_max=allowance.roll_over_amount_max,
        roll_over_periods_max=allowance.roll_over_periods_max,
        rolled_over_is_used_last=allowance.roll_over_order == "newest",
        role=allowance.role,
        is_shared=allowance.is_shared,
        lifetime=allowance_lifetime(allowance, own),
    )


def versions_by_key(keys: Iterable[int]) -> dict[int, PlanVersion]:
    """Versions with their plan and allowances, four queries however many there are."""
    found = PlanVersion.objects.filter(pk__in=set(keys)).select_related("plan")
    return {version.pk: version for version in found.prefetch_related("allowances__thresholds")}
