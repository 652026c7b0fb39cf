"""How the tenant of the open scope counts and prices: what reading and wording a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plans import selectors
from plans.models import RatingGroup, Service, Unit
from plans.specs import RatingGroups
from portal.formatting import format_money
from portal.tenancy.scope import current_tenant
from portal.typed import show_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Currency, gigabyte and rating groups of one tenant."""

    currency: str
    gigabyte_base: int
    rating_groups: Mapping[int, RatingGroup]

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
            label or (noun_of(service, amount) if unit == Unit.EVENTS else ""),
            unit,
            gigabyte_base=self.gigabyte_base,
        )
        whole, point, decimals = number.partition(".")
        return f"{int(whole):,}{point}{decimals} {label}"

    def money(self, nano_units: int) -> str:
        return format_money(nano_units, self.currency)


def conventions() -> Conventions:
    """Those of the tenant of the open scope."""
    tenant = current_tenant()
    return Conventions(
        currency=tenant.currency,
        gigabyte_base=tenant.gigabyte_base,
        rating_groups=selectors.rating_groups(),
    )


def noun_of(service: str, amount: int = 0) -> str:
    """What so many events of the service are called."""
    if service == Service.SMS:
        return "SMS"
    return "event" if amount == 1 else "events"
