"""Reading reference data for pages and the API."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from plans.reference.models import (
    PREFIX_LENGTH_MAX,
    DestinationGroup,
    DestinationPrefix,
    Holiday,
    Zone,
)


def destination_groups() -> QuerySet[DestinationGroup]:
    return DestinationGroup.objects.order_by("code")


def prefix_counts() -> dict[int, int]:
    """How many prefixes each group has, by its key; one without any is absent."""
    counted = DestinationPrefix.objects.order_by().values_list("group").annotate(Count("pk"))
    return dict(counted)


def prefixes_of(number: str) -> list[DestinationPrefix]:
    """The known prefixes of a number in digits, the longest first, with their groups."""
    beginnings = [number[:length] for length in range(1, min(len(number), PREFIX_LENGTH_MAX) + 1)]
    found = DestinationPrefix.objects.filter(prefix__in=beginnings).select_related("group")
    return sorted(found, key=lambda row: (-len(row.prefix), row.group.code))


def zones() -> QuerySet[Zone]:
    return Zone.objects.order_by("code")


def holidays() -> QuerySet[Holiday]:
    return Holiday.objects.order_by("date")
