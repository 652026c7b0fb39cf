"""Events as the operator's staff read them: a title, how much it matters, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from notifications.crossings import read_crossing
from notifications.event_types import EVENT_TYPES
from notifications.messages import text_for
from notifications.models import NotificationEvent
from notifications.tones import tone_of_event
from portal import formatting
from portal.tenancy.models import Tenant

TITLES: Final = {
    "subscriber.created": "Created",
    "device.created": "Device added",
    "plan_version.published": "Plan published",
    "plan_subscription.started": "Plan started",
    "plan_subscription.activated": "First use",
    "plan_subscription.renewed": "Renewed",
    "plan_subscription.renewal_failed": "Not renewed",
    "plan_subscription.grace_started": "Grace",
    "plan_subscription.lapsed": "Lapsed",
    "plan_subscription.cancelled": "Cancelled",
    "plan_subscription.change_scheduled": "Change planned",
    "plan_subscription.changed": "Plan changed",
    "plan_subscription.schedule_undone": "Taken back",
    "plan_subscription.quantity_changed": "Quantity changed",
    "plan_subscription.overrides_changed": "Own terms",
    "plan_subscription.ended": "Plan ended",
    "account.topped_up": "Topped up",
    "account.adjusted": "Adjusted",
    "account.transferred": "Transferred",
    "account.reversed": "Charge reversed",
    "account.state_changed": "State changed",
    "account.parent_changed": "Parent changed",
    "shared_group.joined": "Joined a group",
    "shared_group.left": "Left its group",
    "bucket.threshold_crossed": "Low balance",
    "bucket.exhausted": "Used up",
    "bucket.blocked": "Blocked",
    "bucket.unblocked": "Pays again",
    "bucket.first_used": "First used",
    "bucket.expired": "Expired",
    "bucket.credit_limit_passed": "Beyond credit",
    "usage.unrated": "Unrated",
    "charging.refused": "Refused",
    "session.closed_by_sweep": "Swept",
    "webhook.test": "Webhook test",
}
"""Every type of event in a word or two."""

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event in words."""

    event: NotificationEvent
    title: str
    tone: str
    text: str


def told(event: NotificationEvent, tenant: Tenant) -> Told:
    """An event in the words the subscriber was sent; in our own where nothing was sent."""
    text = text_for(event, tenant=tenant) or _staff_text(event, tenant)
    return Told(event=event, title=_title(event), tone=tone_of_event(event), text=text)


def _title(event: NotificationEvent) -> str:
    if event.type == "bucket.threshold_crossed" and not read_crossing(event.payload).is_low:
        return "Normal again"
    return TITLES.get(event.type, event.type)


def _staff_text(event: NotificationEvent, tenant: Tenant) -> str:
    """What the payload knows; the meaning of the type where it knows nothing more."""
    write = _WRITERS.get(event.type)
    text = write(event.payload, tenant) if write else ""
    return text or EVENT_TYPES.get(event.type, "")


def _created(payload: Payload, tenant: Tenant) -> str:
    name = payload.get("name")
    return f"The account of {name} was created." if name else ""


def _published(payload: Payload, tenant: Tenant) -> str:
    name, number = payload.get("name"), payload.get("version")
    return f"{name} v{number} was published." if name and number else ""


def _ended(payload: Payload, tenant: Tenant) -> str:
    name, number = payload.get("plan_name"), payload.get("version")
    return f"{name} v{number} ended for this account." if name and number else ""


def _cancelled(payload: Payload, tenant: Tenant) -> str:
    name, ends_at = payload.get("plan_name"), _moment(payload.get("ends_at"), tenant)
    return _because(f"{name} ends on {ends_at}", payload) if name and ends_at else ""


def _change_scheduled(payload: Payload, tenant: Tenant) -> str:
    name, to, at = payload.get("plan_name"), payload.get("to"), _moment(payload.get("at"), tenant)
    if not name or not isinstance(to, Mapping) or not at:
        return ""
    return f"{name} changes to {to.get('plan')} v{to.get('version')} on {at}."


def _plan_changed(payload: Payload, tenant: Tenant) -> str:
    name, before = payload.get("plan_name"), payload.get("before")
    if not name or not isinstance(before, Mapping):
        return ""
    return f"From {before.get('plan')} v{before.get('version')} to {name}."


def _quantity_changed(payload: Payload, tenant: Tenant) -> str:
    name, before, after = (payload.get(key) for key in ("plan_name", "before", "quantity"))
    return f"{name}: {after} instead of {before}." if name and before and after else ""


def _renewal_failed(payload: Payload, tenant: Tenant) -> str:
    name, needed, there = (payload.get(key) for key in ("plan_name", "needed", "spendable"))
    if not name or not isinstance(needed, int) or not isinstance(there, int):
        return ""
    currency = payload.get("currency") or tenant.currency
    costs, has = (formatting.format_money(each, currency) for each in (needed, there))
    return f"{name} costs {costs}; there is {has}."


def _moment(text: object, tenant: Tenant) -> str:
    if not isinstance(text, str):
        return ""
    return formatting.format_date(datetime.fromisoformat(text), zone=tenant.zone)


def _state_changed(payload: Payload, tenant: Tenant) -> str:
    act = {
        "active": "was activated" if payload.get("before") == "pre_active" else "was reactivated",
        "grace": "is in its grace period",
        "suspended": "was suspended",
        "terminated": "was terminated",
    }.get(str(payload.get("after")))
    return _because(f"The account {act}", payload) if act else ""


def _adjusted(payload: Payload, tenant: Tenant) -> str:
    return _moved(payload, tenant, how="by hand")


def _transferred(payload: Payload, tenant: Tenant) -> str:
    other = payload.get("other")
    return _moved(payload, tenant, how=f"by transfer, the other side is {other}")


def _reversed(payload: Payload, tenant: Tenant) -> str:
    return _moved(payload, tenant, how="given back")


def _moved(payload: Payload, tenant: Tenant, *, how: str) -> str:
    amount, bucket = payload.get("amount"), payload.get("bucket")
    if isinstance(amount, int):
        base = tenant.gigabyte_base
        words = formatting.format_quantity(amount, payload["unit"], gigabyte_base=base)
        sign = "+" if amount > 0 else ""
    elif isinstance(amount, str):
        nano = formatting.parse_money(amount)
        words = formatting.format_money(nano, payload.get("currency") or tenant.currency)
        sign = "+" if nano > 0 else ""
    else:
        return ""
    return _because(f"{bucket}: {sign}{words} {how}", payload)


def _because(sentence: str, payload: Payload) -> str:
    reason = str(payload.get("reason") or "").rstrip(".")
    return f"{sentence}: {reason}." if reason else f"{sentence}."


_WRITERS: Final[dict[str, Callable[[Payload, Tenant], str]]] = {
    "subscriber.created": _created,
    "plan_version.published": _published,
    "plan_subscription.cancelled": _cancelled,
    "plan_subscription.change_scheduled": _change_scheduled,
    "plan_subscription.changed": _plan_changed,
    "plan_subscription.quantity_changed": _quantity_changed,
    "plan_subscription.renewal_failed": _renewal_failed,
    "plan_subscription.ended": _ended,
    "account.state_changed": _state_changed,
    "account.adjusted": _adjusted,
    "account.transferred": _transferred,
    "account.reversed": _reversed,
}
