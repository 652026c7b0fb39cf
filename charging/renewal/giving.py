"""What a new period gives, and what becomes of what the last one left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from charging.renewal.changes import Changes, name_bucket
from charging.renewal.facts import Held, Holding
from charging.renewal.terms import AllowanceTerms

_ROLLED_OVER: Final = " (rolled over)"


@dataclass(slots=True)
class Given:
    """For the event: each bucket with an amount."""

    buckets: list[dict[str, Any]] = field(default_factory=list)
    expired: list[dict[str, Any]] = field(default_factory=list)
    rolled_over: list[dict[str, Any]] = field(default_factory=list)


def name_given(given: Given) -> dict[str, Any]:
    return {
        "buckets": given.buckets,
        "expired": given.expired,
        "rolled_over": given.rolled_over,
    }


def give_period(held: Held, changes: Changes, *, former: Held, over_at: datetime) -> Given:
    """Open the period's buckets; `former` held the old ones (itself, or the plan it was before),
    whose last period was over at `over_at`."""
    given = Given()
    old = list(former.buckets)
    lasting = [each for each in old if each.expires_at is None or each.expires_at >= over_at]
    for allowance in held.terms.allowances:
        left = [each for each in lasting if each.allowance_key == allowance.key]
        moved: list[Holding] = []
        if held is not former:
            moved = left if former.next_leftovers == "carry_over" else []
        elif allowance.renewal == "extend":
            moved = left
        elif allowance.renewal == "roll_over":
            _roll_over(held, changes, allowance, left, given)
        elif allowance.renewal == "replace":
            _retire(held, changes, left, given, all_of_them=True)
        open_allowance(held, changes, allowance, given, moved=moved)
    all_of_them = held is not former and former.next_leftovers != "keep"
    _retire(former, changes, old, given, all_of_them=all_of_them)
    return given


def expiry_of(allowance: AllowanceTerms, held: Held) -> datetime | None:
    """When a bucket that begins with the period ends."""
    return allowance.lifetime.ends_at(
        held.period_starts_at, period_ends_at=held.period_ends_at, zone=held.account.zone
    )


def end_buckets(held: Held, changes: Changes, *, at: datetime) -> list[dict[str, Any]]:
    """Expire all that is left and say so; reserved units stay with their sessions."""
    expired = []
    for bucket in held.buckets:
        left = changes.expire(held.account, bucket, reason=f"{held.terms.label} ends")
        if bucket.expires_at is None or bucket.expires_at > at:
            bucket.expires_at = at
            changes.touched.append(bucket)
        if left:
            told = {**name_bucket(bucket), "amount": left}
            expired.append(told)
            changes.tell(
                held.account, "bucket.expired", told, subject=("bucket", told["bucket_id"])
            )
    return expired


def open_allowance(
    held: Held,
    changes: Changes,
    allowance: AllowanceTerms,
    given: Given,
    *,
    moved: Iterable[Holding] = (),
) -> None:
    """A full bucket for the period; what `moved` have left goes into it."""
    reason = f"{held.terms.label}, period {max(held.period_number, 1)}"
    waits = held.state == "pending" or allowance.lifetime.from_first_use
    bucket = changes.open_bucket(
        held,
        allowance,
        amount=allowance.amount * held.quantity,
        valid_from=held.period_starts_at,
        expires_at=None if waits else expiry_of(allowance, held),
        reason=reason,
        awaits_first_use=waits,
    )
    given.buckets.append({**name_bucket(bucket), "amount": bucket.granted})
    for source in moved:
        left = changes.transfer(
            held.account, source, bucket, reason=f"{reason}: left from the period before"
        )
        if left:
            given.rolled_over.append({**name_bucket(bucket), "amount": left})
        _outlive(source, bucket.expires_at, changes)


def _outlive(bucket: Holding, until: datetime | None, changes: Changes) -> None:
    """What sessions hold of a bucket that goes on must not expire when they hand it back."""
    if bucket.reserved and bucket.expires_at is not None:
        bucket.expires_at = until if until is None else max(until, bucket.expires_at)
        changes.touched.append(bucket)


def _retire(
    held: Held, changes: Changes, old: list[Holding], given: Given, *, all_of_them: bool
) -> None:
    """Expire what is left of buckets that are over, or of all."""
    at = held.account.at
    for bucket in old:
        is_over = bucket.expires_at is not None and bucket.expires_at <= at
        if not is_over and not all_of_them:
            continue
        left = changes.expire(held.account, bucket, reason=f"{held.terms.label}: period over")
        if left:
            given.expired.append({**name_bucket(bucket), "amount": left})
        if not is_over:
            bucket.expires_at = min(held.period_starts_at, at)
        bucket.is_swept = True
        changes.touched.append(bucket)


def _roll_over(
    held: Held, changes: Changes, allowance: AllowanceTerms, old: list[Holding], given: Given
) -> None:
    """Let old buckets live for another period: not longer than their number of periods, and
    together not more than the cap. What came last is kept first, since it may stay longest."""
    periods_max, cap = allowance.roll_over_periods_max, allowance.roll_over_amount_max
    room = None if cap is None else cap * held.quantity
    for bucket in sorted(old, key=lambda each: (each.period_number or 0, each.id), reverse=True):
        age = held.period_number - (bucket.period_number or held.period_number - 1)
        kept = 0
        if periods_max is None or age <= periods_max:
            kept = max(bucket.available, 0) if room is None else min(bucket.available, room)
        excess = bucket.available - kept
        if excess > 0:
            _expire_part(held, changes, bucket, excess, given)
        if kept <= 0 and not (bucket.reserved and excess <= 0):
            continue
        if room is not None:
            room -= kept
        _live_on(held, changes, allowance, bucket)
        if kept:
            given.rolled_over.append({**name_bucket(bucket), "amount": kept})


def _expire_part(held: Held, changes: Changes, bucket: Holding, amount: int, given: Given) -> None:
    changes.move(
        held.account,
        bucket,
        "expire",
        available=-amount,
        expired=amount,
        reason=f"{held.terms.label}: more than rolls over",
    )
    given.expired.append({**name_bucket(bucket), "amount": amount})


def _live_on(held: Held, changes: Changes, allowance: AllowanceTerms, bucket: Holding) -> None:
    ends_at = held.period_ends_at
    if bucket.expires_at is not None:
        bucket.expires_at = ends_at and max(ends_at, bucket.expires_at)
    if not bucket.name.endswith(_ROLLED_OVER):
        bucket.name = allowance.name[: 80 - len(_ROLLED_OVER)] + _ROLLED_OVER
        bucket.weight -= allowance.rolled_over_is_used_last
    changes.touched.append(bucket)
