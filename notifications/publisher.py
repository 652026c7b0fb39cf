"""Giving committed events their place in the tenant's stream, and telling everybody who listens.

Ids are given before a commit, so they are no order in which a reader could resume. One publisher
at a time holds the tenant's advisory lock, numbers what has been committed since, and creates the
webhook deliveries in the same transaction. Everything told afterwards (pages, sockets, webhook
tasks) is a hint: whoever misses it finds the same rows in the database a little later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.expressions import RawSQL

from notifications.models import NotificationEvent, WebhookDelivery, WebhookEndpoint
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant, tenant_scope

logger = logging.getLogger(__name__)

BATCH_SIZE: Final = 500
WAKE_CHANNEL: Final = "publisher.wake"
_LOCK_CLASS: Final = 0x50_55_42_4C
_WAKE_TIMEOUT_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedBatch:
    """What one transaction published for one tenant."""

    tenant_id: int
    last_position: int
    account_keys: frozenset[int]
    delivery_ids: list[int] = field(default_factory=list)


def publish_waiting(*, now: datetime) -> list[PublishedBatch]:
    """Publish what has been committed so far, of every tenant; the caller tells about it."""
    published = []
    for tenant in _tenants_to_publish():
        with tenant_scope(tenant):
            while batch := publish_batch(now=now):
                published.append(batch)
    return published


@transaction.atomic
def publish_batch(*, now: datetime) -> PublishedBatch | None:
    """Number the open scope's next events in id order; None when there are none. Those of quiet
    hours wait for their end, muted ones for ever.

    Takes the tenant's publisher lock until the commit: positions become visible in their order,
    so a reader at position p never finds a smaller one later.
    """
    tenant = current_tenant()
    _wait_for_turn(tenant)
    due = Q(not_before=None) | Q(not_before__lte=now)
    waiting = NotificationEvent.objects.filter(due, position=None, is_muted=False)
    events = list(waiting.order_by("id")[:BATCH_SIZE])
    if not events:
        return None
    last = NotificationEvent.objects.aggregate(last=Max("position"))["last"] or 0
    for position, event in enumerate(events, start=last + 1):
        event.position = position
    NotificationEvent.objects.bulk_update(events, ["position"])
    deliveries = _create_deliveries(events, now=now)
    return PublishedBatch(
        tenant_id=tenant.pk,
        last_position=last + len(events),
        account_keys=frozenset(e.account_key for e in events if e.account_key is not None),
        delivery_ids=[delivery.pk for delivery in deliveries],
    )


def wake() -> None:
    """Ask the publishers to look now rather than at their next round, once this commits."""
    transaction.on_commit(send_wake)


def send_wake() -> None:
    try:
        _wake_client().publish(WAKE_CHANNEL, b"")
    except (redis.RedisError, OSError) as error:
        logger.debug("No wake-up was sent, the next round will do: %s", error)


@lru_cache(maxsize=1)
def _wake_client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=_WAKE_TIMEOUT_SECONDS,
        socket_timeout=_WAKE_TIMEOUT_SECONDS,
    )


def _tenants_to_publish() -> QuerySet[Tenant]:
    waiting = RawSQL("SELECT notifications_tenants_to_publish()", [])
    return Tenant.objects.filter(pk__in=waiting).order_by("pk")


def _wait_for_turn(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, tenant.pk % 2**31])


def _create_deliveries(
    events: Iterable[NotificationEvent], *, now: datetime
) -> list[WebhookDelivery]:
    endpoints = list(WebhookEndpoint.objects.filter(is_enabled=True))
    return WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(endpoint=endpoint, event=event, next_attempt_at=now, created_at=now)
            for event in events
            for endpoint in endpoints
            if endpoint.wants(event)
        ]
    )
