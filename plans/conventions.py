"""How the tenant of the open scope counts and prices: what reading and wording a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from plans import selectors
from plans.models import GENERIC_SERVICE, RatingGroup, Service, Unit
from plans.references import NO_REFERENCES, References
from plans.specs import RatingGroups
from portal.formatting import format_money
from portal.tenancy.scope import current_tenant
from portal.typed import show_quantity

_COUNTED: Final = (Unit.EVENTS, Unit.GENERIC)
"""Units that are called by what one of them is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Currency, gigabyte and rating groups of one tenant."""

    currency: str
    gigabyte_base: int
    rating_groups: Mapping[int, RatingGroup]
    references: References = NO_REFERENCES
    """Names of what the plan that is looked at refers to."""

    @property
    def metered(self) -> RatingGroups:
        return self.rating_groups

    def groups_of(self, service: str) -> list[RatingGroup]:
        """The rating groups that count the service, by number."""
        return [group for group in self.rating_groups.values() if group.service == service]

    def quantity(self, amount: int, unit: str, *, label: str = "", service: str = "") -> str:
        """20 GB, 300 min, 500 SMS, €5.00: exact, in the unit `label` where that is short."""
        if unit == Unit.NANO_MONEY:
            return format_money(amount, self.currency)
        number, label = show_quantity(
            amount,
            label or (noun_of(service, amount) if unit in _COUNTED else ""),
            unit,
            gigabyte_base=self.gigabyte_base,
        )
        whole, point, decimals = number.partition(".")
        return f"{int(whole):,}{point}{decimals} {label}"

    def money(self, nano_units: int) -> str:
        return format_money(nano_units, self.currency)


def conventions(plan: str = "") -> Conventions:
    """Those of the tenant of the open scope; for a plan, with what it may refer to."""
    tenant = current_tenant()
    return Conventions(
        currency=tenant.currency,
        gigabyte_base=tenant.gigabyte_base,
        rating_groups=selectors.rating_groups(),
        references=selectors.references(plan) if plan else NO_REFERENCES,
    )


def noun_of(service: str, amount: int = 0) -> str:
    """What so many events of the service are called."""
    if service == Service.SMS:
        return "SMS"
    if service == GENERIC_SERVICE:
        return "unit" if amount == 1 else "units"
    return "event" if amount == 1 else "events"
