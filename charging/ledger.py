"""The ledger: outside the charging path the only writer of bucket amounts.

Each function makes one immutable entry and the same change to its bucket, and reports thresholds
crossed in either direction. The caller holds the account's lock (docs/locking.md) and hands over
the account as `lock_account` returned it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from charging.bucket_terms import bucket_terms, terms_of_stored
from charging.engine import tariff, thresholds
from charging.engine import values as engine
from charging.engine.calendar import Almanac
from charging.entry_details import encode_details
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.threshold_payload import bucket_payload, threshold_payload
from portal.tenancy.actor import Actor
from subscribers import events, lifecycle
from subscribers.clock import account_time
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


def void(
    *, account: Account, bucket: Bucket, amount: int, session: ChargingSession, cause: Cause
) -> LedgerEntry:
    """Hand back `amount` that a charging session holds; past the bucket's end it expires."""
    assert amount > 0
    at = account_time(account, cause.now)
    is_over = bucket.expires_at is not None and bucket.expires_at <= at
    return _move(
        account,
        bucket,
        LedgerEntry.Kind.VOID,
        cause,
        available=0 if is_over else amount,
        reserved=-amount,
        expired=amount if is_over else 0,
        session=session,
    )


def expire(*, account: Account, bucket: Bucket, cause: Cause) -> LedgerEntry | None:
    """Turn what is left into expired units. None when nothing was; reservations stay with their
    sessions, which hand them back as expired."""
    bucket.refresh_from_db(fields=_AMOUNTS)
    left = bucket.available
    if left <= 0:
        return None
    return _move(account, bucket, LedgerEntry.Kind.EXPIRE, cause, available=-left, expired=left)


def engine_bucket(bucket: Bucket, *, credit_limit: int = 0) -> engine.Bucket:
    """The bucket as the engine reads it, its allowance's terms and thresholds included."""
    given = terms_of_stored(bucket.allowance, bucket.plan_subscription)
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
        thresholds=given.thresholds,
        terms=bucket_terms(
            given, role=bucket.role, caps=bucket.caps, waits=bucket.awaits_first_use
        ),
        is_disabled=bucket.is_disabled,
        allowance_key=str(bucket.allowance_key or ""),
    )


def _move(
    account: Account,
    bucket: Bucket,
    kind: LedgerEntry.Kind,
    cause: Cause,
    *,
    available: int,
    reserved: int = 0,
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
    bucket.reserved += reserved
    bucket.used += used
    bucket.expired += expired
    bucket.granted += available + reserved + used + expired
    entry = _insert(
        LedgerEntry(
            account=account,
            bucket=bucket,
            kind=kind,
            available=available,
            reserved=reserved,
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
    _tell_crossings(account, before, bucket, cause)
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


def _tell_crossings(account: Account, before: engine.Bucket, bucket: Bucket, cause: Cause) -> None:
    """The same marks and actions as in the charging path (charging/engine/thresholds.py)."""
    after = engine_bucket(bucket, credit_limit=account.credit_limit)
    if after.counts and not before.granted:
        return  # a counter that begins has reached nothing
    if not after.thresholds and not before.remaining > 0 >= after.remaining:
        return
    almanac, at = Almanac(zone=account.zone), account_time(account, cause.now)
    for crossed in thresholds.crossings(before, after, almanac=almanac, at=at):
        if isinstance(crossed, engine.BucketExhausted):
            _tell(account, "bucket.exhausted", bucket, bucket_payload(after), cause.now)
            continue
        quiet_until = crossed.quiet_until
        _tell(
            account,
            "bucket.threshold_crossed",
            bucket,
            threshold_payload(after, crossed),
            cause.now,
            is_muted=crossed.is_paused,
            not_before=quiet_until and quiet_until - timedelta(seconds=account.clock_offset),
        )
        _act(account, bucket, crossed, cause)


def _act(account: Account, bucket: Bucket, crossed: engine.ThresholdCrossed, cause: Cause) -> None:
    if crossed.action == tariff.Action.SUSPEND and crossed.is_low:
        if account.state not in (Account.State.SUSPENDED, Account.State.TERMINATED):
            lifecycle.suspend(account, f"Threshold {crossed.threshold}", now=cause.now)
    elif crossed.action in (tariff.Action.BLOCK, tariff.Action.UNBLOCK):
        wants_disabled = (crossed.action == tariff.Action.BLOCK) == crossed.is_low
        targets = Bucket.objects.filter(pk=bucket.pk)
        if crossed.target:
            targets = Bucket.objects.filter(account=account, allowance_key=crossed.target)
        for target in targets.exclude(is_disabled=wants_disabled).order_by("pk"):
            _switch(account, target, wants_disabled, crossed.threshold, cause)
            if target.pk == bucket.pk:
                bucket.is_disabled = wants_disabled


def _switch(
    account: Account, bucket: Bucket, is_disabled: bool, threshold: str, cause: Cause
) -> None:
    bucket.is_disabled = is_disabled
    bucket.save(update_fields=["is_disabled"])
    event_type = "bucket.blocked" if is_disabled else "bucket.unblocked"
    payload = {**bucket_payload(engine_bucket(bucket)), "threshold": threshold}
    _tell(account, event_type, bucket, payload, cause.now)


def _tell(
    account: Account,
    event_type: str,
    bucket: Bucket,
    payload: Mapping[str, Any],
    now: datetime,
    **how: Any,
) -> None:
    events.record(
        account,
        event_type,
        subject_type="bucket",
        subject_id=bucket.ref,
        occurred_at=now,
        payload={**payload, "account": account.public_id, "currency": account.currency},
        **how,
    )
