"""Celery tasks of notifications. Each may run twice, or be lost: the sweeps find the rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from notifications import live, publisher, webhooks
from portal.tenancy.scope import tenant_scope
from portal.tenancy.tasks import TenantTask

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 200


@shared_task(base=TenantTask)
def deliver_webhook(*, tenant_id: int, delivery_id: int, **kwargs: Any) -> None:
    """One attempt at one delivery; at most about ten seconds."""
    webhooks.attempt(delivery_id=delivery_id, now=timezone.now())


@shared_task
def sweep_outbox(**kwargs: Any) -> None:
    """Publish what no portal process has published: a net, should none of them run."""
    for batch in publisher.publish_waiting(now=timezone.now()):
        async_to_sync(live.announce_published)(
            batch.tenant_id, position=batch.last_position, account_keys=batch.account_keys
        )
        queue_deliveries(tenant_id=batch.tenant_id, delivery_ids=batch.delivery_ids)


@shared_task
def sweep_deliveries(**kwargs: Any) -> None:
    """Queue the deliveries whose time has come, of every tenant."""
    now = timezone.now()
    for tenant in webhooks.tenants_with_due_deliveries(now=now):
        with tenant_scope(tenant):
            due = webhooks.due_deliveries(now=now).values_list("pk", flat=True)[:SWEEP_LIMIT]
            queue_deliveries(tenant_id=tenant.pk, delivery_ids=list(due))


def queue_deliveries(*, tenant_id: int, delivery_ids: Iterable[int]) -> None:
    """Hand deliveries to the workers now; without Valkey the sweep will, a little later."""
    try:
        for delivery_id in delivery_ids:
            deliver_webhook.apply_async(
                kwargs={"tenant_id": tenant_id, "delivery_id": delivery_id}, retry=False
            )
    except OperationalError as error:
        logger.debug("Deliveries wait for the sweep: %s", error)
