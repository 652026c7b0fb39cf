"""What a subscriber reads on the phone when something happened: plain words, no protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from notifications.crossings import read_crossing
from notifications.models import NotificationEvent
from portal import formatting
from portal.tenancy.models import Tenant

_NOUNS: Final = {"data": "data", "voice": "minutes", "sms": "messages", "money": "credit"}
Payload = Mapping[str, Any]


def text_for(event: NotificationEvent, *, tenant: Tenant) -> str | None:
    """The SMS about an event; None when the subscriber is not told."""
    write = _WRITERS.get(event.type)
    return write(event.payload, tenant) if write else None


def _threshold(payload: Payload, tenant: Tenant) -> str:
    crossing = read_crossing(payload)
    left = _in_words(max(crossing.after, 0), payload, tenant)
    if crossing.is_counter:
        passed = _in_words(crossing.limit, payload, tenant)
        side = f"You have reached {passed}." if crossing.is_low else f"Below {passed} again."
        return f"{crossing.bucket_name}: {left} used. {side}"
    if not crossing.is_low:
        return f"{crossing.bucket_name}: back to normal, you have {left}."
    percent = f"{crossing.percent} %" if crossing.percent else ""
    mark = percent or _in_words(crossing.limit, payload, tenant)
    return f"{crossing.bucket_name}: {left} left. You have passed the {mark} mark."


def _exhausted(payload: Payload, tenant: Tenant) -> str:
    return f"{_bucket(payload)}: used up. Your plan may charge further use to your credit."


def _expired(payload: Payload, tenant: Tenant) -> str:
    return f"{_bucket(payload)} has expired."


def _topped_up(payload: Payload, tenant: Tenant) -> str:
    added = _optional_amount(payload, "amount", tenant)
    return f"Your top-up of {added} has arrived." if added else "Your top-up has arrived."


def _welcome(payload: Payload, tenant: Tenant) -> str:
    plan = payload.get("plan_name") or payload.get("plan") or "your new plan"
    return f"Welcome to {plan}! Everything is ready to use."


def _renewed(payload: Payload, tenant: Tenant) -> str:
    return f"{_plan(payload)} has been renewed. Everything is ready to use."


def _grace(payload: Payload, tenant: Tenant) -> str:
    return f"There is not enough credit to renew {_plan(payload)}. Top up to keep it."


def _lapsed(payload: Payload, tenant: Tenant) -> str:
    return f"{_plan(payload)} has ended, because there was not enough credit."


def _plan(payload: Payload) -> str:
    return str(payload.get("plan_name") or payload.get("plan") or "Your plan")


def _refused(payload: Payload, tenant: Tenant) -> str:
    noun = _NOUNS.get(payload.get("service", ""), "this service")
    return f"You have no credit left for {noun}. Top up to go on."


_WRITERS: Final[dict[str, Callable[[Payload, Tenant], str]]] = {
    "bucket.threshold_crossed": _threshold,
    "bucket.exhausted": _exhausted,
    "bucket.expired": _expired,
    "account.topped_up": _topped_up,
    "plan_subscription.started": _welcome,
    "plan_subscription.renewed": _renewed,
    "plan_subscription.grace_started": _grace,
    "plan_subscription.lapsed": _lapsed,
    "charging.refused": _refused,
}


def _bucket(payload: Payload) -> str:
    named = payload.get("name") or payload.get("bucket")
    return named if isinstance(named, str) else "An allowance"


def _optional_amount(payload: Payload, name: str, tenant: Tenant) -> str:
    value = payload.get(name)
    if isinstance(value, int):
        return _in_words(value, payload, tenant)
    return f"{value} {payload.get('currency', '')}".strip() if value else ""


def _in_words(amount: int, payload: Payload, tenant: Tenant) -> str:
    if payload.get("unit") == "NANO_MONEY" or payload.get("service") == "money":
        return formatting.format_money(amount, payload.get("currency") or tenant.currency)
    return formatting.format_quantity(
        amount, payload.get("unit", ""), gigabyte_base=tenant.gigabyte_base
    )
