"""What a bucket is for, when it is valid, and what moves leave of buckets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from charging.engine.tariff import RatingGroup, Unit
from charging.engine.values import Bucket, Move

MONEY = "money"
"""The service of a bucket of money that is not kept to one service."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""Stands for no expiry where times are compared."""


def concerns(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket is the rating group's business at all: its units and service, named by
    the bucket, generic units, or money. A counter of money may be kept to one service."""
    unit = bucket.unit
    if unit is Unit.GENERIC or (unit is Unit.NANO_MONEY and not bucket.counts):
        return True
    if unit is Unit.NANO_MONEY and bucket.service == MONEY:
        return True
    return (unit is rating_group.unit or unit is Unit.NANO_MONEY) and (
        bucket.service == rating_group.service or rating_group.number in bucket.rating_groups
    )


def is_kept_for_others(bucket: Bucket, rating_group: RatingGroup) -> bool:
    """Whether the bucket is restricted to rating groups that do not include this one."""
    return bool(bucket.rating_groups) and rating_group.number not in bucket.rating_groups


def paying_order(bucket: Bucket) -> tuple[int, datetime, int]:
    """Sort key: higher weight first, then the one that expires first, then the oldest."""
    return (-bucket.weight, bucket.expires_at or NEVER, bucket.id)


def is_expired(bucket: Bucket, at: datetime) -> bool:
    return bucket.expires_at is not None and bucket.expires_at <= at


def apply_moves(buckets: Sequence[Bucket], moves: Iterable[Move]) -> tuple[Bucket, ...]:
    """The buckets as the moves leave them; untouched ones are the same objects.

    For callers that charge several requests of one account before they write.
    """
    changed: dict[int, Bucket] = {}
    by_id = {bucket.id: bucket for bucket in buckets}
    for move in moves:
        bucket = changed.get(move.bucket_id)
        if bucket is None:
            bucket = changed[move.bucket_id] = replace(by_id[move.bucket_id])
        bucket.available += move.available
        bucket.reserved += move.reserved
        bucket.used += move.used
        bucket.expired += move.expired
    return tuple(changed.get(bucket.id, bucket) for bucket in buckets)
