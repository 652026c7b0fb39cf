"""Events of the charging path, as rows of the batch's transaction (docs/events.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from charging.charger.rows import AccountRow, EventRow, SessionRow
from charging.engine.values import (
    AccountSuspended,
    Bucket,
    BucketExhausted,
    BucketSwitched,
    CreditLimitPassed,
    EngineEvent,
    FirstUsed,
    Outcome,
    ThresholdCrossed,
    UsageUnrated,
)
from charging.refs import bucket_ref
from charging.threshold_payload import bucket_payload, threshold_payload


def of_outcome(
    account: AccountRow, session: SessionRow, outcome: Outcome, *, at: datetime
) -> list[EventRow]:
    """What a request brought about, in the order in which the engine saw it."""
    buckets = {bucket.id: bucket for bucket in account.engine.buckets}
    found = [
        _of_event(account, session, event, buckets, at)
        for event in outcome.events
        if not isinstance(event, BucketSwitched | FirstUsed | AccountSuspended)
    ]
    if outcome.refused:
        refused = [
            {"rating_group": answer.rating_group, "result": str(answer.result)}
            for answer in outcome.answers
        ]
        payload = {**_where(account, session), "rating_groups": refused}
        found.append(_event(account, "charging.refused", ("session", session.ref), payload, at))
    return found


def closed_by_sweep(account: AccountRow, session: SessionRow, *, now: datetime) -> EventRow:
    payload = {
        **_where(account, session),
        "last_request_at": session.last_request_at.isoformat(),
    }
    return _event(account, "session.closed_by_sweep", ("session", session.ref), payload, now)


def _of_event(
    account: AccountRow,
    session: SessionRow,
    event: EngineEvent,
    buckets: dict[int, Bucket],
    at: datetime,
) -> EventRow:
    payload = _where(account, session)
    if isinstance(event, UsageUnrated):
        payload |= {"rating_group": event.rating_group, "amount": event.amount}
        return _event(account, "usage.unrated", ("session", session.ref), payload, at)
    bucket = buckets[event.bucket_id]
    subject = ("bucket", bucket_ref(bucket.id))
    payload |= {"currency": account.currency}
    match event:
        case ThresholdCrossed():
            payload |= threshold_payload(bucket, event)
            return _event(account, "bucket.threshold_crossed", subject, payload, at)
        case BucketExhausted():
            payload |= bucket_payload(bucket)
            return _event(account, "bucket.exhausted", subject, payload, at)
        case CreditLimitPassed():
            payload |= {**bucket_payload(bucket), "available": event.available}
            return _event(account, "bucket.credit_limit_passed", subject, payload, at)
        case _:
            raise AssertionError(f"{type(event).__name__} is no event of its own")


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
