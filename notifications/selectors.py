"""Reading events and deliveries. Everything here is of the open scope's tenant."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from notifications.models import NotificationEvent, WebhookDelivery, WebhookEndpoint


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


def find_event(position: int) -> NotificationEvent | None:
    """The event at a position of the stream."""
    return NotificationEvent.objects.filter(position=position).first()


def list_endpoints() -> QuerySet[WebhookEndpoint]:
    """Enabled ones first, each with how many deliveries wait (`waiting`) or failed (`failed`)."""
    states = WebhookDelivery.State
    return WebhookEndpoint.objects.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=states.PENDING)),
        failed=Count("deliveries", filter=Q(deliveries__state=states.FAILED)),
    ).order_by("-is_enabled", "url", "pk")


def find_endpoint(public_id: UUID) -> WebhookEndpoint | None:
    return WebhookEndpoint.objects.filter(public_id=public_id).first()


def deliveries_to(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """The delivery log of an endpoint, the newest event first."""
    return (
        WebhookDelivery.objects.filter(endpoint=endpoint)
        .select_related("event", "endpoint")
        .order_by("-event__position")
    )


def find_delivery(endpoint: WebhookEndpoint, position: int) -> WebhookDelivery | None:
    """The delivery to an endpoint of the event at a position."""
    return deliveries_to(endpoint).filter(event__position=position).first()
