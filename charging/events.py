"""What events of charging say: one wording for the charger and for changes by hand.

Amounts of units are integers; money is told twice, as nano-units where code compares and as a
decimal string with its currency where people and other systems read.
"""

from __future__ import annotations

from typing import Any

from charging.engine.values import (
    Bucket,
    BucketExhausted,
    CreditLimitPassed,
    EngineEvent,
    ThresholdCrossed,
    Unit,
    UsageUnrated,
)

Fact = tuple[str, dict[str, Any]]
"""Event type and payload."""


def of_engine(
    event: EngineEvent,
    *,
    account_id: str,
    currency: str,
    bucket: Bucket | None = None,
    device_id: str = "",
    session_ref: str = "",
) -> Fact:
    """The fact behind something that the engine noticed.

    `bucket` is the one that `event.bucket_id` names, as the change left it; usage that nobody
    could price has none. `account_id` and `device_id` are public ids.
    """
    context: dict[str, Any] = {"account": account_id}
    if device_id:
        context["device"] = device_id
    if session_ref:
        context["session"] = session_ref
    if isinstance(event, UsageUnrated):
        return "usage.unrated", context | {
            "rating_group": event.rating_group,
            "amount": event.amount,
        }
    assert bucket is not None
    context |= describe_bucket(bucket, currency=currency)
    match event:
        case ThresholdCrossed():
            return "bucket.threshold_crossed", context | _crossing(event)
        case BucketExhausted():
            return "bucket.exhausted", context
        case CreditLimitPassed():
            return "bucket.credit_limit_passed", context | {"credit_limit": bucket.credit_limit}


def describe_bucket(bucket: Bucket, *, currency: str) -> dict[str, Any]:
    """A bucket and what is left of it, reservations included."""
    told = {
        "bucket": bucket.id,
        "name": bucket.name,
        "service": bucket.service,
        "unit": bucket.unit.value,
        "remaining": bucket.remaining,
        "granted": bucket.granted,
    }
    return told | {"currency": currency} if bucket.unit == Unit.NANO_MONEY else told


def _crossing(event: ThresholdCrossed) -> dict[str, Any]:
    low, normal = "low", "normal"
    return {
        "threshold": event.threshold,
        "limit": event.limit,
        "state": low if event.is_low else normal,
        "previous_state": normal if event.is_low else low,
        "before": event.before,
        "after": event.after,
    }
