"""Delivering one event to one endpoint, again and again until it is taken or given up.

A delivery is a row first. An attempt claims it by moving its next attempt past the time this one
can take; so two workers never send it at once, and one that dies leaves it to the sweep.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from notifications import totogi
from notifications.models import WebhookDelivery
from notifications.representation import event_json
from notifications.signing import signed_headers
from notifications.targets import Target, TargetRefused, resolve
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from portal.tenancy.secrets import UnreadableSecret, unseal

logger = logging.getLogger(__name__)

ATTEMPTS_MAX: Final = 10
TIMEOUT_SECONDS: Final = 10
FIRST_DELAY: Final = timedelta(seconds=10)
LONGEST_DELAY: Final = timedelta(hours=6)
ERROR_LENGTH: Final = 300
_ERROR_NUMBER: Final = re.compile(r"^\[Errno -?\d+\] ")
"""Says nothing to whoever reads the log of deliveries."""
USER_AGENT: Final = "charging-portal-webhooks/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt brought: a status, or why there is none."""

    status: int | None = None
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def delay_after(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt: 10 s, 30 s, 90 s … at most 6 h."""
    return min(FIRST_DELAY * 3 ** (attempts - 1), LONGEST_DELAY)


def attempt(*, delivery_id: int, now: datetime) -> Outcome | None:
    """Try a delivery that is due; None when it is not, or somebody else has it.

    Runs outside any transaction: the call may take TIMEOUT_SECONDS.
    """
    delivery = _claim(delivery_id, now=now)
    if delivery is None:
        return None
    outcome = _send(delivery, now=now)
    _write_down(delivery, outcome, now=now)
    return outcome


def due_deliveries(*, now: datetime) -> QuerySet[WebhookDelivery]:
    """Of the open scope's tenant, the longest waiting first."""
    return WebhookDelivery.objects.filter(
        state=WebhookDelivery.State.PENDING, next_attempt_at__lte=now
    ).order_by("next_attempt_at", "pk")


def tenants_with_due_deliveries(*, now: datetime) -> QuerySet[Tenant]:
    """Asked without a scope, by the sweep."""
    due = RawSQL("SELECT notifications_tenants_with_deliveries(%s)", [now])
    return Tenant.objects.filter(pk__in=due).order_by("pk")


def body_of(delivery: WebhookDelivery) -> bytes:
    """The JSON that is sent, in the shape the endpoint chose."""
    content: dict[str, Any] = event_json(delivery.event)
    if delivery.endpoint.uses_totogi_shape:
        shaped = totogi.counter_threshold(delivery.event, tenant=current_tenant())
        content = shaped if shaped is not None else content
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _claim(delivery_id: int, *, now: datetime) -> WebhookDelivery | None:
    claimed = due_deliveries(now=now).filter(pk=delivery_id)
    taken = claimed.update(
        attempts=F("attempts") + 1,
        next_attempt_at=now + timedelta(seconds=2 * TIMEOUT_SECONDS),
    )
    if not taken:
        return None
    return WebhookDelivery.objects.select_related("endpoint", "event").get(pk=delivery_id)


def _send(delivery: WebhookDelivery, *, now: datetime) -> Outcome:
    endpoint = delivery.endpoint
    if not endpoint.is_enabled:
        return Outcome(error="The endpoint is switched off.")
    try:
        target = resolve(endpoint.url, tenant=current_tenant())
        secret = unseal(endpoint.sealed_secret)
    except TargetRefused as error:
        return Outcome(error=str(error))
    except UnreadableSecret:
        return Outcome(error="The signing secret cannot be read: make a new one.")
    body = body_of(delivery)
    message_id = f"{current_tenant().slug}-{delivery.event.position}"
    headers = signed_headers(secret=secret, message_id=message_id, sent_at=now, body=body)
    return _post(target, body, headers)


def _post(target: Target, body: bytes, headers: dict[str, str]) -> Outcome:
    """One request to the pinned address; no redirects, the answer's body is not read."""
    headers = {
        **headers,
        "content-type": "application/json",
        "host": target.authority,
        "user-agent": USER_AGENT,
    }
    try:
        with (
            httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client,
            client.stream(
                "POST",
                target.pinned_url,
                content=body,
                headers=headers,
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):
            return Outcome(
                status=answer.status_code, error="" if answer.is_success else _said(answer)
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(error=_ERROR_NUMBER.sub("", str(error)) or type(error).__name__)


def _said(answer: httpx.Response) -> str:
    if answer.is_redirect:
        return f"Answered {answer.status_code}; redirects are not followed."
    return f"Answered {answer.status_code} {answer.reason_phrase}".strip()


def _write_down(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime) -> None:
    delivery.last_status = outcome.status
    delivery.last_error = outcome.error[:ERROR_LENGTH]
    if outcome.is_success:
        delivery.state, delivery.delivered_at = WebhookDelivery.State.DELIVERED, now
        delivery.next_attempt_at = None
    elif delivery.attempts >= ATTEMPTS_MAX or not delivery.endpoint.is_enabled:
        delivery.state, delivery.next_attempt_at = WebhookDelivery.State.FAILED, None
    else:
        delivery.next_attempt_at = now + delay_after(delivery.attempts)
    delivery.save(
        update_fields=["state", "last_status", "last_error", "delivered_at", "next_attempt_at"]
    )
