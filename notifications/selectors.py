"""Reading events and deliveries. Everything here is of the open scope's tenant."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Max, QuerySet

from notifications.models import NotificationEvent


def published_events(
    *, types: Collection[str] = (), account_id: str = ""
) -> QuerySet[NotificationEvent]:
    """Newest first; `account_id` is the account's public id."""
    events = NotificationEvent.objects.filter(position__isnull=False).order_by("-position")
    if types:
        events = events.filter(type__in=types)
    if account_id:
        events = events.filter(account_id=account_id)
    return events


def events_after(
    position: int, *, types: Collection[str] = (), limit: int
) -> list[NotificationEvent]:
    """The stream from `position` on, oldest first."""
    later = published_events(types=types).filter(position__gt=position)
    return list(later.order_by("position")[:limit])


def last_position() -> int:
    """The newest position given; 0 before the first event."""
    return NotificationEvent.objects.aggregate(last=Max("position"))["last"] or 0
