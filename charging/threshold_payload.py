"""How events tell a bucket and a crossed threshold: the charger's and those by hand alike."""

from __future__ import annotations

from typing import Any

from charging.engine.tariff import Threshold
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
    """`state` is what the mark calls the side it is on: normal above it; below, its own name for
    it or simply low. `limit`, `before` and `after` are what was left; of a counter what was used,
    which is low from its mark on. `percent` is None for a threshold given as an amount."""
    mark = next((each for each in bucket.thresholds if each.name == crossed.threshold), None)
    low, normal = (mark.state if mark else "") or "low", "normal"
    return {
        **bucket_payload(bucket),
        "threshold": crossed.threshold,
        "percent": _percent(mark),
        "limit": _shown(bucket, crossed.limit),
        "state": low if crossed.is_low else normal,
        "previous_state": normal if crossed.is_low else low,
        "before": _shown(bucket, crossed.before),
        "after": _shown(bucket, crossed.after),
        "action": str(crossed.action),
        "is_counter": bucket.counts,
    }


def _shown(bucket: Bucket, remaining: int) -> int:
    return bucket.granted - remaining if bucket.counts else remaining


def _percent(mark: Threshold | None) -> str | None:
    """The threshold's percentage as a decimal string: 20, 12.5."""
    if mark is None or mark.percent_hundredths is None:
        return None
    whole, rest = divmod(mark.percent_hundredths, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
