"""Events about an account, numbered under its lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from notifications import outbox
from notifications.models import NotificationEvent
from subscribers.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event of an account, not yet recorded."""

    account: Account
    type: str
    subject_type: str
    subject_id: str
    occurred_at: datetime
    payload: Mapping[str, Any]


def record_many(facts: Sequence[Fact]) -> list[NotificationEvent]:
    """Record events of any number of accounts in a fixed number of statements.

    The caller holds their lock rows and read the accounts under them.
    """
    numbered: dict[int, int] = {}
    drafts = []
    for fact in facts:
        key = fact.account.pk
        numbered[key] = numbered.get(key, fact.account.event_seq) + 1
        drafts.append(
            outbox.Draft(
                type=fact.type,
                subject_type=fact.subject_type,
                subject_id=fact.subject_id,
                occurred_at=fact.occurred_at,
                payload=fact.payload,
                account=outbox.AccountRef(
                    key=key, public_id=fact.account.public_id, seq=numbered[key]
                ),
            )
        )
    accounts = {fact.account.pk: fact.account for fact in facts}
    for key, account in accounts.items():
        account.event_seq = numbered[key]
    Account.objects.bulk_update(accounts.values(), ["event_seq"])
    return outbox.record_many(drafts)


def record(
    account: Account,
    event_type: str,
    *,
    subject_type: str,
    subject_id: str,
    occurred_at: datetime,
    payload: Mapping[str, Any],
    is_muted: bool = False,
    not_before: datetime | None = None,
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
        is_muted=is_muted,
        not_before=not_before,
    )
