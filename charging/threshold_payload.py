"""How events tell a bucket and a crossed threshold: the charger's and those by hand alike."""

from __future__ import annotations

from typing import Any

from charging.engine.values import Bucket, ThresholdCrossed
from charging.refs import bucket_ref


def bucket_payload(bucket: Bucket) -> dict[str, Any]:
    """Which bucket an event is about; amounts are units or nano-units of its account's currency."""
    return {
        "bucket": bucket.name,
        "bucket_id": bucket_ref(bucket.id),
        "service": bucket.service,
        "unit": str(bucket.unit),
        "granted": bucket.granted,
    }


def threshold_payload(bucket: Bucket, crossed: ThresholdCrossed) -> dict[str, Any]:
    """`state` is low at or below the mark and normal above it; `percent` is None for a threshold
    given as an amount."""
    low, normal = "low", "normal"
    return {
        **bucket_payload(bucket),
        "threshold": crossed.threshold,
        "percent": _percent(bucket, crossed.threshold),
        "limit": crossed.limit,
        "state": low if crossed.is_low else normal,
        "previous_state": normal if crossed.is_low else low,
        "before": crossed.before,
        "after": crossed.after,
    }


def _percent(bucket: Bucket, name: str) -> str | None:
    """The named threshold's percentage as a decimal string: 20, 12.5."""
    hundredths = next(
        (mark.percent_hundredths for mark in bucket.thresholds if mark.name == name), None
    )
    if hundredths is None:
        return None
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
