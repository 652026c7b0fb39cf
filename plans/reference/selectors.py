"""Reading reference data for pages and the API."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from charging.engine.numbers import NumberingPlan
from plans.reference.models import (
    PREFIX_LENGTH_MAX,
    DestinationGroup,
    DestinationPrefix,
    Holiday,
    Zone,
)
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant


def destination_groups() -> QuerySet[DestinationGroup]:
    return DestinationGroup.objects.order_by("code")


def prefix_counts() -> dict[int, int]:
    """How many prefixes each group has, by its key; one without any is absent."""
    counted = DestinationPrefix.objects.order_by().values_list("group").annotate(Count("pk"))
    return dict(counted)


def numbering_plan() -> NumberingPlan:
    """How subscribers of the open scope's tenant dial."""
    return plan_of(current_tenant())


def plan_of(tenant: Tenant) -> NumberingPlan:
    return NumberingPlan(
        country_code=tenant.country_code,
        international_prefix=tenant.international_prefix,
        national_prefix=tenant.national_prefix,
        emergency_numbers=frozenset(tenant.emergency_numbers),
    )


def dialled(number: str) -> str:
    """The international digits of a number as somebody typed it; "" when it is none."""
    return numbering_plan().digits(number)


def beginnings(number: str) -> list[str]:
    """What a prefix of the number could be."""
    return [number[:length] for length in range(1, min(len(number), PREFIX_LENGTH_MAX) + 1)]


def prefixes_of(number: str) -> list[DestinationPrefix]:
    """The known prefixes of a number in digits, the longest first, with their groups."""
    found = DestinationPrefix.objects.filter(prefix__in=beginnings(number))
    return sorted(found.select_related("group"), key=lambda row: (-len(row.prefix), row.group.code))


def zones() -> QuerySet[Zone]:
    return Zone.objects.order_by("code")


def holidays() -> QuerySet[Holiday]:
    return Holiday.objects.order_by("date")
