"""Recording facts: the event is a row of the transaction that makes it true.

After the commit the publisher (notifications/publisher.py) gives it its place in the tenant's
stream and tells everybody who listens; a crash in between only delays that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications import publisher
from notifications.event_types import EVENT_TYPES
from notifications.models import NotificationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRef:
    """The account an event is about, without importing it: keys and its next sequence number."""

    key: int
    public_id: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event that is about to be written with others."""

    type: str
    subject_type: str
    subject_id: str
    occurred_at: datetime
    payload: Mapping[str, Any]
    account: AccountRef


def record_many(drafts: Sequence[Draft]) -> list[NotificationEvent]:
    """The same for many at once, in one statement and in their order."""
    if not drafts:
        return []
    assert all(draft.type in EVENT_TYPES for draft in drafts)
    publisher.wake()
    return NotificationEvent.objects.bulk_create(
        NotificationEvent(
            type=draft.type,
            subject_type=draft.subject_type,
            subject_id=draft.subject_id,
            account_key=draft.account.key,
            account_id=draft.account.public_id,
            account_seq=draft.account.seq,
            payload=dict(draft.payload),
            occurred_at=draft.occurred_at,
        )
        for draft in drafts
    )


def record(
    event_type: str,
    *,
    subject_type: str,
    subject_id: str,
    occurred_at: datetime,
    payload: Mapping[str, Any],
    account: AccountRef | None = None,
    is_muted: bool = False,
    not_before: datetime | None = None,
) -> NotificationEvent:
    """Write one event of the open scope's tenant; call it inside the transaction of the change."""
    assert event_type in EVENT_TYPES, event_type
    publisher.wake()
    return NotificationEvent.objects.create(
        type=event_type,
        subject_type=subject_type,
        subject_id=subject_id,
        account_key=account.key if account else None,
        account_id=account.public_id if account else "",
        account_seq=account.seq if account else None,
        payload=dict(payload),
        occurred_at=occurred_at,
        is_muted=is_muted,
        not_before=not_before,
    )
