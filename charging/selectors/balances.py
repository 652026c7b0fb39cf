"""What accounts may still use, as pages and the API show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from charging.engine.values import Threshold as Mark
from charging.engine.values import Unit
from charging.models import Bucket
from plans.compile import bucket_thresholds
from plans.models import Allowance, Threshold
from subscribers.clock import account_time
from subscribers.models import Account

_SERVICE_ORDER = {"data": 0, "voice": 1, "sms": 2, "money": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdState:
    """One mark of a bucket: where it is, and whether the bucket is at or below it."""

    name: str
    percent_hundredths: int | None
    """None: the mark is an amount."""
    limit: int
    """Units or nano-units; follows what was granted when it is a percentage."""
    is_low: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One bucket with what thresholds make of it."""

    bucket: Bucket
    thresholds: tuple[ThresholdState, ...]
    plan: str
    """The version that gives it, "Flex 20 v3"; empty for top-ups and money."""

    @property
    def remaining(self) -> int:
        """What is not used up yet, reservations of open sessions included."""
        return self.bucket.available + self.bucket.reserved

    @property
    def is_money(self) -> bool:
        return self.bucket.unit == Unit.NANO_MONEY

    @property
    def state(self) -> str:
        """exhausted, low, or normal; money without thresholds is never low."""
        if self.remaining <= 0:
            return "exhausted"
        return "low" if any(mark.is_low for mark in self.thresholds) else "normal"


def balances_of(account: Account, *, now: datetime, include_expired: bool = False) -> list[Balance]:
    """The account's balances in the order of data, voice, SMS, money; within a service the one
    that is used first comes first. Those that have expired at `now` are left out unless asked for.
    """
    buckets = _with_thresholds(Bucket.objects.filter(account=account))
    if not include_expired:
        at = account_time(account, now)
        buckets = buckets.filter(Q(expires_at=None) | Q(expires_at__gt=at))
    return [balance_of(bucket) for bucket in sorted(buckets, key=_shown_order)]


def balance_of(bucket: Bucket) -> Balance:
    """One bucket with its thresholds."""
    marks = bucket_thresholds(bucket.allowance) if bucket.allowance else ()
    version = bucket.plan_subscription.version if bucket.plan_subscription else None
    return Balance(
        bucket=bucket,
        thresholds=tuple(_states(bucket, marks)),
        plan=str(version) if version else "",
    )


def find_bucket(account: Account, key: int) -> Bucket | None:
    """A bucket of this account by its primary key."""
    return _with_thresholds(Bucket.objects.filter(account=account, pk=key)).first()


def _with_thresholds(buckets: QuerySet[Bucket]) -> QuerySet[Bucket]:
    return buckets.select_related("plan_subscription__version__plan").prefetch_related(
        Prefetch("allowance", Allowance.objects.all()),
        Prefetch("allowance__thresholds", Threshold.objects.all()),
    )


def _states(bucket: Bucket, marks: Iterable[Mark]) -> Iterable[ThresholdState]:
    remaining = bucket.available + bucket.reserved
    for mark in marks:
        limit = mark.limit(bucket.granted)
        yield ThresholdState(
            name=mark.name,
            percent_hundredths=mark.percent_hundredths,
            limit=limit,
            is_low=remaining <= limit,
        )


def _shown_order(bucket: Bucket) -> tuple[int, int, float, int]:
    expires_at = bucket.expires_at.timestamp() if bucket.expires_at else float("inf")
    return (_SERVICE_ORDER.get(bucket.service, 9), -bucket.weight, expires_at, bucket.pk)
