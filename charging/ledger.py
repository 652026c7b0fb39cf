"""The ledger: outside the charging path the only writer of bucket amounts.

Each function makes one immutable entry and the same change to its bucket, and reports thresholds
crossed in either direction. The caller holds the account's lock (docs/locking.md) and hands over
the account as `lock_account` returned it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from charging.engine import tariff, thresholds
from charging.engine import values as engine
from charging.entry_details import encode_details
from charging.models import Bucket, LedgerEntry
from charging.threshold_payload import bucket_payload, threshold_payload
from plans.compile import bucket_thresholds
from portal.tenancy.actor import Actor
from subscribers import events
from subscribers.models import Account

_AMOUNTS: Final = ("granted", "available", "reserved", "used", "expired")


class RequestKeyReused(Exception):
    """The request key already stands for another request."""


class AlreadyReversed(Exception):
    """The entry was reversed before; each is reversed once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who moves an amount, when and why."""

    actor: Actor
    now: datetime
    reason: str = ""
    request_key: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What was decided, for the entry (charging/entry_details.py)."""


def open_bucket(*, account: Account, amount: int, cause: Cause, **fields: Any) -> Bucket:
    """Create a bucket of the account and issue `amount` to it, which may be 0.

    `fields` are those of Bucket that say what it holds and how long.
    """
    bucket = Bucket.objects.create(account=account, created_at=cause.now, **fields)
    if amount:
        issue(account=account, bucket=bucket, amount=amount, cause=cause)
    return bucket


def issue(*, account: Account, bucket: Bucket, amount: int, cause: Cause) -> LedgerEntry:
    """Give the bucket `amount` more, units or nano-units."""
    assert amount > 0
    return _move(account, bucket, LedgerEntry.Kind.ISSUE, cause, available=amount)


def adjust(*, account: Account, bucket: Bucket, delta: int, cause: Cause) -> LedgerEntry:
    """Correct what the bucket was granted, upwards or downwards."""
    assert delta
    return _move(account, bucket, LedgerEntry.Kind.ADJUST, cause, available=delta)


def spend(*, account: Account, bucket: Bucket, amount: int, cause: Cause) -> LedgerEntry:
    """Use up `amount` at once, without a charging session: the price of a plan."""
    assert amount > 0
    return _move(account, bucket, LedgerEntry.Kind.POST, cause, available=-amount, used=amount)


def transfer(
    *,
    source: tuple[Account, Bucket],
    target: tuple[Account, Bucket],
    amount: int,
    cause: Cause,
) -> tuple[LedgerEntry, LedgerEntry]:
    """Move `amount` that was granted to one bucket to another of the same unit and currency.

    The caller holds both accounts' locks. Two entries that share a reference and add up to
    nothing; the request key stays with the one that gives.
    """
    (giver, from_bucket), (taker, to_bucket) = source, target
    assert amount > 0
    assert from_bucket.pk != to_bucket.pk
    assert (from_bucket.unit, giver.currency) == (to_bucket.unit, taker.currency)
    kind, pair = LedgerEntry.Kind.TRANSFER, uuid.uuid4()
    taken = _move(giver, from_bucket, kind, cause, available=-amount, reference=pair)
    keyless = replace(cause, request_key="")
    given = _move(taker, to_bucket, kind, keyless, available=amount, reference=pair)
    return taken, given


def reverse(
    *,
    account: Account,
    entry: LedgerEntry,
    amount: int,
    cause: Cause,
    reference: uuid.UUID | None = None,
) -> LedgerEntry:
    """Give back `amount` of what `entry` used: it becomes available in its bucket again.

    Once per entry: raises AlreadyReversed. What its session cost stays as it was charged.
    """
    assert 0 < amount <= entry.used
    bucket = entry.bucket
    try:
        reversal = _move(
            account,
            bucket,
            LedgerEntry.Kind.REVERSE,
            cause,
            available=amount,
            used=-amount,
            reverses=entry,
            session=entry.session,
            reference=reference,
        )
    except IntegrityError as error:
        if "an_entry_is_reversed_once" in str(error):
            raise AlreadyReversed from error
        raise
    if bucket.is_swept:  # what came back past its end is due to expire again
        bucket.is_swept = False
        bucket.save(update_fields=["is_swept"])
    return reversal


def expire(*, account: Account, bucket: Bucket, cause: Cause) -> LedgerEntry | None:
    """Turn what is left into expired units. None when nothing was; reservations stay with their
    sessions, which hand them back as expired."""
    bucket.refresh_from_db(fields=_AMOUNTS)
    left = bucket.available
    if left <= 0:
        return None
    return _move(account, bucket, LedgerEntry.Kind.EXPIRE, cause, available=-left, expired=left)


def engine_bucket(bucket: Bucket, *, credit_limit: int = 0) -> engine.Bucket:
    """The bucket as the engine reads it, its allowance's thresholds included."""
    return engine.Bucket(
        id=bucket.pk,
        name=bucket.name,
        unit=tariff.Unit(bucket.unit),
        service=bucket.service,
        rating_groups=frozenset(bucket.rating_groups),
        weight=bucket.weight,
        granted=bucket.granted,
        available=bucket.available,
        reserved=bucket.reserved,
        used=bucket.used,
        expired=bucket.expired,
        valid_from=bucket.valid_from,
        expires_at=bucket.expires_at,
        credit_limit=credit_limit if bucket.unit == tariff.Unit.NANO_MONEY else 0,
        thresholds=bucket_thresholds(bucket.allowance) if bucket.allowance else (),
    )


def _move(
    account: Account,
    bucket: Bucket,
    kind: LedgerEntry.Kind,
    cause: Cause,
    *,
    available: int,
    used: int = 0,
    expired: int = 0,
    **links: Any,
) -> LedgerEntry:
    """Change the bucket, write the entry, tell what was crossed: one transaction.

    `links` are the entry's reference, reverses and session.
    """
    assert connection.in_atomic_block
    bucket.refresh_from_db(fields=_AMOUNTS)
    before = engine_bucket(bucket, credit_limit=account.credit_limit)
    bucket.available += available
    bucket.used += used
    bucket.expired += expired
    bucket.granted += available + used + expired
    entry = _insert(
        LedgerEntry(
            account=account,
            bucket=bucket,
            kind=kind,
            available=available,
            used=used,
            expired=expired,
            available_after=bucket.available,
            at=cause.now,
            actor_kind=cause.actor.kind,
            actor_name=cause.actor.name,
            reason=cause.reason,
            request_key=cause.request_key,
            details=encode_details(cause.details),
            **links,
        )
    )
    bucket.save(update_fields=_AMOUNTS)
    _tell_crossings(account, before, bucket, cause.now)
    return entry


def _insert(entry: LedgerEntry) -> LedgerEntry:
    """The key was looked up under the lock; only another account's request can have it now."""
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        if entry.request_key and "one_ledger_entry_per_request_key" in str(error):
            raise RequestKeyReused(entry.request_key) from error
        raise
    return entry


def _tell_crossings(account: Account, before: engine.Bucket, bucket: Bucket, now: datetime) -> None:
    if bucket.role == Bucket.Role.COUNTS:
        return  # a counter's marks are about usage; a new limit is no news
    after = engine_bucket(bucket, credit_limit=account.credit_limit)
    for crossed in thresholds.crossings(before, after):
        if isinstance(crossed, engine.ThresholdCrossed):
            event_type, payload = "bucket.threshold_crossed", threshold_payload(after, crossed)
        else:
            event_type, payload = "bucket.exhausted", bucket_payload(after)
        events.record(
            account,
            event_type,
            subject_type="bucket",
            subject_id=bucket.ref,
            occurred_at=now,
            payload={**payload, "account": account.public_id, "currency": account.currency},
        )
