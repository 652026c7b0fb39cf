"""Events of an account as support reads them: what happened, and what the subscriber was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from notifications.event_types import EVENT_TYPES
from notifications.messages import text_for
from notifications.models import NotificationEvent
from portal.tenancy.models import Tenant
from subscribers.models import Account

_TONES: Final = {
    "account.topped_up": "good",
    "plan_subscription.started": "good",
    "bucket.exhausted": "bad",
    "bucket.credit_limit_passed": "bad",
    "usage.unrated": "bad",
    "charging.refused": "bad",
    "session.closed_by_sweep": "warn",
    "account.state_changed": "warn",
}
_TITLES: Final = {
    "subscriber.created": "Created",
    "device.created": "Device added",
    "plan_subscription.started": "Plan started",
    "plan_subscription.ended": "Plan ended",
    "account.topped_up": "Topped up",
    "account.adjusted": "Adjusted",
    "account.state_changed": "State changed",
    "bucket.exhausted": "Used up",
    "bucket.expired": "Expired",
    "bucket.credit_limit_passed": "Beyond credit",
    "usage.unrated": "Unrated",
    "charging.refused": "Refused",
    "session.closed_by_sweep": "Swept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event in words."""

    event: NotificationEvent
    title: str
    tone: str
    text: str


def told(event: NotificationEvent, tenant: Tenant) -> Told:
    """An event with its words; those that subscribers are not told get the type's own."""
    title, tone = _TITLES.get(event.type, event.type), _TONES.get(event.type, "")
    if event.type == "bucket.threshold_crossed":
        is_low = event.payload.get("state") == "low"
        title, tone = ("Low", "warn") if is_low else ("Normal again", "good")
    text = text_for(event, tenant=tenant) or EVENT_TYPES.get(event.type, "")
    return Told(event=event, title=title, tone=tone, text=text)


def told_about(account: Account, *, limit: int) -> list[Told]:
    """The account's newest events."""
    events = NotificationEvent.objects.filter(account_key=account.pk).order_by("-pk")[:limit]
    return [told(event, account.tenant) for event in events]
