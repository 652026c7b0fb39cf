"""Events about an account, numbered under its lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from notifications import outbox
from notifications.models import NotificationEvent
from subscribers.models import Account


def record(
    account: Account,
    event_type: str,
    *,
    subject_type: str,
    subject_id: str,
    occurred_at: datetime,
    payload: Mapping[str, Any],
) -> NotificationEvent:
    """Record an event of this account; the caller holds its lock row (docs/locking.md)."""
    Account.objects.filter(pk=account.pk).update(event_seq=F("event_seq") + 1)
    seq = Account.objects.values_list("event_seq", flat=True).get(pk=account.pk)
    return outbox.record(
        event_type,
        subject_type=subject_type,
        subject_id=subject_id,
        occurred_at=occurred_at,
        payload=payload,
        account=outbox.AccountRef(key=account.pk, public_id=account.public_id, seq=seq),
    )
