"""The newest events of an account, in words."""

from __future__ import annotations

from notifications.models import NotificationEvent
from notifications.told import Told, told
from subscribers.models import Account


def told_about(account: Account, *, limit: int) -> list[Told]:
    """The account's newest events."""
    events = NotificationEvent.objects.filter(account_key=account.pk).order_by("-pk")[:limit]
    return [told(event, account.tenant) for event in events]
