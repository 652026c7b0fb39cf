"""Answering plans' question how many subscribers hold each version."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, Q
from django.db.models.functions import Now

from subscribers.models import PlanSubscription


def count_by_version(version_keys: Collection[int]) -> dict[int, int]:
    """Running plan subscriptions by version; versions without one are left out."""
    running = PlanSubscription.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=Now()), version_id__in=version_keys
    )
    return dict(running.values_list("version_id").annotate(Count("pk")).order_by())
