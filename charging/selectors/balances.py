"""What accounts may still use, as pages and the API show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from charging.bucket_terms import terms_of_stored
from charging.engine.tariff import Threshold as Mark
from charging.engine.tariff import Unit
from charging.models import Bucket
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A usage counter in its cycle: units used, or nano-units of money spent."""

    bucket: Bucket
    limit: int | None
    """Units or nano-units at which it stands in the way or is marked; None: it only counts."""
    thresholds: tuple[ThresholdState, ...]
    """`is_low` where the mark was reached."""
    plan: str

    @property
    def used(self) -> int:
        return self.bucket.used

    @property
    def left(self) -> int | None:
        """What is left of its limit, reservations of open sessions taken off."""
        return None if self.limit is None else max(0, self.bucket.available)


def balances_of(account: Account, *, now: datetime, include_expired: bool = False) -> list[Balance]:
    """The account's balances in the order of data, voice, SMS, money; within a service the one
    that is used first comes first. Those that have expired at `now` are left out unless asked for;
    counters are none (`counters_of`).
    """
    buckets = Bucket.objects.filter(account=account, role=Bucket.Role.PAYS)
    if not include_expired:
        buckets = _valid(buckets, account, now)
    return [balance_of(bucket) for bucket in sorted(_with_thresholds(buckets), key=_shown_order)]


def drawn_on(account: Account, *, now: datetime) -> list[Bucket]:
    """What the account may draw on of others: its parent's and its group's shared balances."""
    givers = Q(account=account.parent_id) if account.parent_id else Q(pk__in=[])
    if account.shared_group_id:
        givers |= Q(account__shared_group=account.shared_group_id)
    if not account.parent_id and not account.shared_group_id:
        return []
    shared = Bucket.objects.filter(givers, role=Bucket.Role.PAYS, is_shared=True)
    shared = _valid(shared.exclude(account=account), account, now).select_related("account")
    return sorted(shared, key=_shown_order)


def counters_of(account: Account, *, now: datetime) -> list[Counter]:
    """What the account's counters have counted in their current cycles, in the order of
    balances."""
    buckets = Bucket.objects.filter(account=account, role=Bucket.Role.COUNTS)
    running = _with_thresholds(_valid(buckets, account, now))
    return [_counter_of(bucket) for bucket in sorted(running, key=_shown_order)]


def balance_of(bucket: Bucket) -> Balance:
    """One bucket with its thresholds."""
    marks = terms_of_stored(bucket.allowance, bucket.plan_subscription).thresholds
    version = bucket.plan_subscription.version if bucket.plan_subscription else None
    return Balance(
        bucket=bucket,
        thresholds=tuple(_states(bucket, marks)),
        plan=str(version) if version else "",
    )


def _counter_of(bucket: Bucket) -> Counter:
    marks = terms_of_stored(bucket.allowance, bucket.plan_subscription).thresholds
    reached = (
        ThresholdState(
            name=mark.name,
            percent_hundredths=mark.percent_hundredths,
            limit=(limit := mark.limit(bucket.granted)),
            is_low=bucket.used >= limit,
        )
        for mark in marks
    )
    version = bucket.plan_subscription.version if bucket.plan_subscription else None
    return Counter(
        bucket=bucket,
        limit=bucket.granted or None,
        thresholds=tuple(reached),
        plan=str(version) if version else "",
    )


def _valid(buckets: QuerySet[Bucket], account: Account, now: datetime) -> QuerySet[Bucket]:
    at = account_time(account, now)
    return buckets.filter(Q(expires_at=None) | Q(expires_at__gt=at))


def find_bucket(account: Account, key: int) -> Bucket | None:
    """A bucket of this account by its primary key."""
    return _with_thresholds(Bucket.objects.filter(account=account, pk=key)).first()


def _with_thresholds(buckets: QuerySet[Bucket]) -> QuerySet[Bucket]:
    return buckets.select_related("plan_subscription__version__plan").prefetch_related(
        Prefetch("allowance", Allowance.objects.select_related("version")),
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
