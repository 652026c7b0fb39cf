"""Changing where a tenant is told: webhook endpoints, their secrets and deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from notifications import outbox, tasks
from notifications.event_types import EVENT_TYPES, TEST_EVENT_TYPE
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.signing import new_secret
from notifications.targets import TargetRefused, check_url
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.secrets import seal
from portal.tenancy.validation import FieldError, Invalid

PERMISSION: Final = "webhooks.manage"
ENDPOINTS_MAX: Final = 20
URL_LENGTH_MAX: Final = 500
DESCRIPTION_LENGTH_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """What somebody says about an endpoint."""

    url: str
    description: str = ""
    event_types: tuple[str, ...] = ()
    """Empty: every type."""
    uses_totogi_shape: bool = False
    is_enabled: bool = True


@transaction.atomic
def create_endpoint(
    *, spec: EndpointSpec, actor: Actor, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint; also returns its signing secret, which is not shown again.

    Raises Invalid (paths url, description, event_types).
    """
    actor.require(PERMISSION)
    _check(spec)
    if WebhookEndpoint.objects.count() >= ENDPOINTS_MAX:
        raise Invalid.at("", f"There are {ENDPOINTS_MAX} endpoints already; remove one first.")
    secret = new_secret()
    endpoint = WebhookEndpoint(sealed_secret=seal(secret), created_at=now)
    _take_over(endpoint, spec)
    endpoint.save(force_insert=True)
    _audit("webhook.created", endpoint, actor, now, after=_facts(endpoint))
    return endpoint, secret


@transaction.atomic
def update_endpoint(
    *, endpoint: WebhookEndpoint, spec: EndpointSpec, actor: Actor, now: datetime
) -> WebhookEndpoint:
    """Change an endpoint or switch it off. Raises Invalid as `create_endpoint` does."""
    actor.require(PERMISSION)
    _check(spec)
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    before = _facts(endpoint)
    _take_over(endpoint, spec)
    endpoint.save()
    _audit("webhook.changed", endpoint, actor, now, before=before, after=_facts(endpoint))
    return endpoint


@transaction.atomic
def renew_secret(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> str:
    """Sign with a new secret from now on, and return it; it is not shown again."""
    actor.require(PERMISSION)
    secret = new_secret()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(sealed_secret=seal(secret))
    _audit("webhook.secret_renewed", endpoint, actor, now)
    return secret


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> None:
    """Forget an endpoint and the log of its deliveries; the events stay."""
    actor.require(PERMISSION)
    _audit("webhook.removed", endpoint, actor, now, before=_facts(endpoint))
    endpoint.delete()


@transaction.atomic
def send_test_event(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> None:
    """Record a `webhook.test` event, which goes to this endpoint alone."""
    actor.require(PERMISSION)
    outbox.record(
        TEST_EVENT_TYPE,
        subject_type="webhook",
        subject_id=str(endpoint.public_id),
        occurred_at=now,
        payload={"asked_by": actor.name, "url": endpoint.url},
    )


@transaction.atomic
def resend(*, delivery: WebhookDelivery, actor: Actor, now: datetime) -> None:
    """Try a delivery anew, whatever became of it; its attempts count from zero again."""
    actor.require(PERMISSION)
    delivery.state = WebhookDelivery.State.PENDING
    delivery.attempts, delivery.next_attempt_at = 0, now
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    _audit("webhook.resent", delivery.endpoint, actor, now)
    tenant_id, ids = delivery.tenant_id, [delivery.pk]
    transaction.on_commit(lambda: tasks.queue_deliveries(tenant_id=tenant_id, delivery_ids=ids))


def _check(spec: EndpointSpec) -> None:
    errors = []
    try:
        check_url(spec.url, tenant=current_tenant())
    except TargetRefused as refusal:
        errors.append(FieldError("url", str(refusal)))
    if len(spec.url) > URL_LENGTH_MAX:
        errors.append(FieldError("url", f"At most {URL_LENGTH_MAX} characters."))
    if len(spec.description) > DESCRIPTION_LENGTH_MAX:
        errors.append(FieldError("description", f"At most {DESCRIPTION_LENGTH_MAX} characters."))
    if unknown := _unknown(spec.event_types):
        errors.append(FieldError("event_types", f"There is no event type {unknown}."))
    if errors:
        raise Invalid(errors)


def _unknown(types: Iterable[str]) -> str:
    return next((name for name in types if name not in EVENT_TYPES), "")


def _take_over(endpoint: WebhookEndpoint, spec: EndpointSpec) -> None:
    endpoint.url, endpoint.description = spec.url, spec.description
    endpoint.event_types = list(spec.event_types)
    endpoint.uses_totogi_shape = spec.uses_totogi_shape
    endpoint.is_enabled = spec.is_enabled


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
        "uses_totogi_shape": endpoint.uses_totogi_shape,
        "is_enabled": endpoint.is_enabled,
    }


def _audit(
    action: str,
    endpoint: WebhookEndpoint,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="webhook",
        subject_id=str(endpoint.public_id),
        now=now,
        before=before,
        after=after,
    )
