"""Which buckets may pay for a rating group, in which order, and what moves leave of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from charging.engine.values import Bucket, Move, RatingGroup, Unit

NEVER = datetime.max.replace(tzinfo=UTC)
"""Stands for no expiry where times are compared."""


def pays_units(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket holds the rating group's own units and is not kept for other ones."""
    return holds_units(bucket, rating_group) and not is_kept_for_others(bucket, rating_group)


def holds_units(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket is the rating group's business at all: its units and service, or named."""
    return bucket.unit == rating_group.unit != Unit.NANO_MONEY and (
        bucket.service == rating_group.service or rating_group.number in bucket.rating_groups
    )


def is_kept_for_others(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket is restricted to rating groups that do not include this one."""
    return bool(bucket.rating_groups) and rating_group.number not in bucket.rating_groups


def pays_money(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket holds money that may be spent on the rating group."""
    return bucket.unit == Unit.NANO_MONEY and not is_kept_for_others(bucket, rating_group)


def paying_order(bucket: Bucket) -> tuple[int, datetime, int]:
    """Sort key: higher weight first, then the one that expires first, then the oldest."""
    return (-bucket.weight, bucket.expires_at or NEVER, bucket.id)


def is_expired(bucket: Bucket, at: datetime) -> bool:
    return bucket.expires_at is not None and bucket.expires_at <= at


def is_usable(bucket: Bucket, at: datetime) -> bool:
    """Valid at the event's own time: from `valid_from` up to, not including, `expires_at`."""
    return bucket.valid_from <= at and not is_expired(bucket, at)


def apply_moves(buckets: Sequence[Bucket], moves: Iterable[Move]) -> tuple[Bucket, ...]:
    """The buckets as the moves leave them; untouched ones are the same objects.

    For callers that charge several requests of one account before they write.
    """
    changed: dict[int, Bucket] = {}
    by_id = {bucket.id: bucket for bucket in buckets}
    for move in moves:
        bucket = changed.get(move.bucket_id)
        if bucket is None:
            bucket = changed[move.bucket_id] = _copy(by_id[move.bucket_id])
        bucket.available += move.available
        bucket.reserved += move.reserved
        bucket.used += move.used
        bucket.expired += move.expired
    return tuple(changed.get(bucket.id, bucket) for bucket in buckets)


def _copy(bucket: Bucket) -> Bucket:
    return Bucket(
        id=bucket.id,
        name=bucket.name,
        unit=bucket.unit,
        service=bucket.service,
        rating_groups=bucket.rating_groups,
        weight=bucket.weight,
        granted=bucket.granted,
        available=bucket.available,
        reserved=bucket.reserved,
        used=bucket.used,
        expired=bucket.expired,
        valid_from=bucket.valid_from,
        expires_at=bucket.expires_at,
        credit_limit=bucket.credit_limit,
        thresholds=bucket.thresholds,
    )
