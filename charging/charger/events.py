"""Events of the charging path, as rows of the batch's transaction (docs/events.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from charging.charger.rows import AccountRow, Batch, EventRow, SessionRow
from charging.engine.values import (
    AccountSuspended,
    Bucket,
    BucketExhausted,
    BucketSwitched,
    CreditLimitPassed,
    FirstUsed,
    Outcome,
    ThresholdCrossed,
    UsageUnrated,
)
from charging.refs import bucket_ref
from charging.threshold_payload import bucket_payload, threshold_payload
from subscribers.lifecycle import state_payload

BucketEvent = ThresholdCrossed | BucketExhausted | CreditLimitPassed | BucketSwitched | FirstUsed


def of_outcome(
    batch: Batch, account: AccountRow, session: SessionRow, outcome: Outcome, *, at: datetime
) -> list[EventRow]:
    """What a request brought about, in the order in which the engine saw it."""
    if not outcome.events and not outcome.refused:
        return []
    buckets = {bucket.id: bucket for bucket in account.engine.buckets}
    found = []
    for event in outcome.events:
        if isinstance(event, UsageUnrated):
            payload = {**_where(account, session), **_unrated(event)}
            subject = ("session", session.ref)
            found.append(_event(account, "usage.unrated", subject, payload, at))
        elif not isinstance(event, AccountSuspended):  # its change of state tells
            found.append(_of_bucket(batch, account, session, event, buckets[event.bucket_id], at))
    if outcome.refused:
        refused = [
            {"rating_group": answer.rating_group, "result": str(answer.result)}
            for answer in outcome.answers
        ]
        payload = {**_where(account, session), "rating_groups": refused}
        found.append(_event(account, "charging.refused", ("session", session.ref), payload, at))
    return found


def _unrated(event: UsageUnrated) -> dict[str, Any]:
    """What has no price, and what a price would have to cover."""
    situation = event.situation
    return {
        "rating_group": event.rating_group,
        "amount": event.amount,
        "missing": event.missing,
        "destination": situation.destination,
        "network": situation.network,
        "zones": sorted(situation.zones),
    }


def state_changed(account: AccountRow, before: str, reason: str, *, at: datetime) -> EventRow:
    """The account is in its new state already."""
    payload = state_payload(account.public_id, before, account.state, reason)
    subject = ("account", account.public_id)
    return _event(account, "account.state_changed", subject, payload, at)


def closed_by_sweep(account: AccountRow, session: SessionRow, *, now: datetime) -> EventRow:
    payload = {
        **_where(account, session),
        "last_request_at": session.last_request_at.isoformat(),
    }
    return _event(account, "session.closed_by_sweep", ("session", session.ref), payload, now)


def _of_bucket(
    batch: Batch,
    account: AccountRow,
    session: SessionRow,
    event: BucketEvent,
    bucket: Bucket,
    at: datetime,
) -> EventRow:
    """An event of the bucket's owner; `used_by` names who used it where that is somebody else."""
    owner = batch.accounts[bucket.owner_id] if bucket.owner_id else account
    payload = {**_where(owner, session), "currency": owner.currency}
    if owner is not account:
        payload["used_by"] = account.public_id
    subject = ("bucket", bucket_ref(bucket.id))
    match event:
        case ThresholdCrossed():
            payload |= threshold_payload(bucket, event)
            told = _event(owner, "bucket.threshold_crossed", subject, payload, at)
            told.is_muted = event.is_paused
            if event.quiet_until is not None:
                told.not_before = event.quiet_until - owner.clock_offset
            return told
        case BucketExhausted():
            payload |= bucket_payload(bucket)
            return _event(owner, "bucket.exhausted", subject, payload, at)
        case CreditLimitPassed():
            payload |= {**bucket_payload(bucket), "available": event.available}
            return _event(owner, "bucket.credit_limit_passed", subject, payload, at)
        case BucketSwitched():
            payload |= {**bucket_payload(bucket), "threshold": event.threshold}
            name = "bucket.blocked" if event.is_disabled else "bucket.unblocked"
            return _event(owner, name, subject, payload, at)
        case FirstUsed():
            ends_at = event.expires_at.isoformat() if event.expires_at else None
            payload |= {**bucket_payload(bucket), "expires_at": ends_at}
            return _event(owner, "bucket.first_used", subject, payload, at)


def _where(account: AccountRow, session: SessionRow) -> dict[str, Any]:
    return {
        "account": account.public_id,
        "device": session.device_public_id,
        "session": session.ref,
    }


def _event(
    account: AccountRow,
    event_type: str,
    subject: tuple[str, str],
    payload: dict[str, Any],
    at: datetime,
) -> EventRow:
    account.event_seq += 1
    return EventRow(
        tenant_id=account.tenant_id,
        type=event_type,
        subject_type=subject[0],
        subject_id=subject[1],
        account_key=account.key,
        account_id=account.public_id,
        account_seq=account.event_seq,
        payload=payload,
        occurred_at=at,
    )
