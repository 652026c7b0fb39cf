"""What is left of balances past their end expires: a sweep that any number of workers may run.

A batch claims accounts through their lock rows (docs/locking.md), passing over those that are busy,
and reads their due buckets once it holds them: each bucket expires exactly once. What a plan
subscription gave is left to its renewal while that is due: it may roll over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import (
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)

from charging.models import Bucket, LedgerEntry
from charging.services.sharing import renew_cap
from subscribers import events
from subscribers.models import Account

BATCH: Final = 200


class _Seconds(Func):
    """Whole seconds as an interval."""

    function = "make_interval"
    template = "%(function)s(secs => %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one batch did."""

    buckets: int
    expired: int
    """Those of which something was left."""


def sweep_expired(*, now: datetime, limit: int = BATCH) -> Swept:
    """Expire one batch of the open scope's tenant; none when nothing is due or all of it busy.

    Negative amounts stay: they are debt. Caps go into their next cycle.
    """
    with transaction.atomic():
        locked = _claim(now, limit)
        if not locked:
            return Swept(buckets=0, expired=0)
        due = _due(now).filter(account__lock_id__in=locked).select_related("account__tenant")
        buckets = list(due.order_by("account_id", "pk")[:limit])
        left = [bucket for bucket in buckets if _expires_with_something(bucket)]
        told = [(bucket, bucket.available) for bucket in left]
        LedgerEntry.objects.bulk_create(_entry(bucket, now) for bucket in left)
        for bucket in left:
            bucket.expired += bucket.available
            bucket.available = 0
        for bucket in buckets:
            bucket.is_swept = True
        Bucket.objects.bulk_update(buckets, ["available", "expired", "is_swept"])
        events.record_many(_events(told, now))
        for bucket in buckets:
            if bucket.caps:
                renew_cap(bucket, now=now)
        return Swept(buckets=len(buckets), expired=len(left))


def _claim(now: datetime, limit: int) -> set[int]:
    """Lock rows of accounts that have something due, in the order of their ids; busy ones are
    passed over."""
    found = _due(now).order_by("expires_at", "pk").values_list("account__lock_id", flat=True)
    rows = Account.objects.select_for_update(no_key=True, skip_locked=True).only("pk")
    return {row.pk for row in rows.filter(pk__in=set(found[:limit])).order_by("pk")}


def _due(now: datetime) -> QuerySet[Bucket]:
    """Past their end in their account's time, and not waiting for a renewal."""
    own_time = ExpressionWrapper(
        Value(now, DateTimeField()) + _Seconds("account__clock_offset"), DateTimeField()
    )
    past = Q(account__clock_offset=0, expires_at__lte=now) | (
        ~Q(account__clock_offset=0) & Q(expires_at__lte=own_time)
    )
    waits = Q(plan_subscription__period_ends_at__lte=F("expires_at"))
    return Bucket.objects.filter(past, is_swept=False).exclude(waits)


def _expires_with_something(bucket: Bucket) -> bool:
    return bucket.role == Bucket.Role.PAYS and bucket.available > 0


def _entry(bucket: Bucket, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        tenant=bucket.tenant,
        account=bucket.account,
        bucket=bucket,
        kind=LedgerEntry.Kind.EXPIRE,
        available=-bucket.available,
        expired=bucket.available,
        available_after=0,
        at=now,
        reason="Its validity ended",
    )


def _events(expired: Iterable[tuple[Bucket, int]], now: datetime) -> list[events.Fact]:
    return [
        events.Fact(
            account=bucket.account,
            type="bucket.expired",
            subject_type="bucket",
            subject_id=bucket.ref,
            occurred_at=now,
            payload=_payload(bucket, amount),
        )
        for bucket, amount in expired
    ]


def _payload(bucket: Bucket, amount: int) -> dict[str, Any]:
    return {
        "account": bucket.account.public_id,
        "bucket": bucket.name,
        "bucket_id": bucket.ref,
        "service": bucket.service,
        "unit": bucket.unit,
        "amount": amount,
        "currency": bucket.account.currency,
    }
