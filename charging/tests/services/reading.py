"""Short questions that the tests of services ask of the database."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from charging.models import Bucket, LedgerEntry
from notifications.models import NotificationEvent
from subscribers.models import Account

PARTS = ("available", "reserved", "used", "expired")


def bucket_named(account: Account, name: str) -> Bucket:
    return Bucket.objects.get(account=account, name=name)


def money_of(account: Account) -> Bucket:
    return bucket_named(account, "Main balance")


def events_of(account: Account, *types: str) -> list[tuple[str, dict[str, Any]]]:
    """In the order of the account, all or those of some types."""
    events = NotificationEvent.objects.filter(account_key=account.pk).order_by("account_seq")
    if types:
        events = events.filter(type__in=types)
    return [(event.type, event.payload) for event in events]


def assert_ledger_rebuilds_buckets(account: Account) -> None:
    """The sums of a bucket's entries are the bucket, and its last entry says what is there."""
    for bucket in Bucket.objects.filter(account=account):
        entries = LedgerEntry.objects.filter(bucket=bucket).order_by("pk")
        sums = entries.aggregate(**{part: Sum(part, default=0) for part in PARTS})
        assert sums == {part: getattr(bucket, part) for part in PARTS}, bucket.name
        last = entries.last()
        assert last is None or last.available_after == bucket.available
