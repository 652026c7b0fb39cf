"""Low-balance marks and exhaustion: told once when crossed, in either direction.

Measured on what remains, reserved units included: a reservation is not yet use.
"""

from __future__ import annotations

from charging.engine.values import Bucket, BucketExhausted, ThresholdCrossed


def crossings(before: Bucket, after: Bucket) -> list[ThresholdCrossed | BucketExhausted]:
    """The marks of `after` that lie between two states of one bucket.

    Each side is measured against its own granted amount, so a top-up that raises the amount
    granted moves a percentage mark along with it.
    """
    if not before.granted:
        return []  # what never held anything was not low; its first units are no recovery
    return _between(after, before.granted, before.remaining, after.remaining)


def crossings_by_use(bucket: Bucket, used: int) -> list[ThresholdCrossed | BucketExhausted]:
    """The marks crossed when `used` units or nano-units of the bucket are used up."""
    remaining = bucket.remaining
    return _between(bucket, bucket.granted, remaining, remaining - used)


def _between(
    bucket: Bucket, granted_before: int, before: int, after: int
) -> list[ThresholdCrossed | BucketExhausted]:
    crossed: list[ThresholdCrossed | BucketExhausted] = []
    for threshold in bucket.thresholds:
        limit = threshold.limit(bucket.granted)
        was_low = before <= threshold.limit(granted_before)
        if was_low != (after <= limit):
            crossed.append(
                ThresholdCrossed(
                    bucket_id=bucket.id,
                    threshold=threshold.name,
                    limit=limit,
                    before=before,
                    after=after,
                )
            )
    if after <= 0 < before:
        crossed.append(BucketExhausted(bucket_id=bucket.id))
    return crossed
