"""Low-balance marks, counters' marks and exhaustion: told once when crossed, in either direction.

Balances are measured on what remains, reserved units included: a reservation is not yet use.
Counters are measured on what was used.
"""

from __future__ import annotations

from datetime import datetime

from charging.engine import trace
from charging.engine.calendar import Almanac, Band
from charging.engine.candidates import Working
from charging.engine.overlay import Overlay
from charging.engine.tariff import Action, Threshold
from charging.engine.values import (
    AccountSuspended,
    Bucket,
    BucketExhausted,
    BucketSwitched,
    ThresholdCrossed,
)


def crossings(
    before: Bucket, after: Bucket, *, almanac: Almanac | None = None, at: datetime | None = None
) -> list[ThresholdCrossed | BucketExhausted]:
    """The marks of `after` that lie between two states of one bucket.

    Each side is measured against its own granted amount, so a top-up that raises the amount
    granted moves a percentage mark along with it. With `almanac` and `at`, quiet hours count.
    """
    if not before.granted and not after.counts:
        return []  # what never held anything was not low; its first units are no recovery
    return _between(after, before.granted, before.remaining, after.remaining, almanac, at)


def is_low(bucket: Bucket, threshold: Threshold) -> bool:
    """Whether the bucket is at or below the mark, or the counter at or above it."""
    return bucket.remaining <= _limit(bucket, threshold, bucket.granted)


def settle(overlay: Overlay) -> None:
    """Tell what this request's usage has crossed since it was last asked, and act on it."""
    for working in overlay.started():
        if working.used != working.told:
            _tell(overlay, working)
            working.told = working.used


def is_throttled(workings: list[Working]) -> bool:
    """Whether a mark that asks for slower service is crossed in one of the buckets."""
    for working in workings:
        bucket = working.bucket
        remaining = bucket.remaining - working.used
        for threshold in bucket.thresholds:
            if threshold.action is Action.THROTTLE and remaining <= _limit(
                bucket, threshold, bucket.granted
            ):
                return True
    return False


def _tell(overlay: Overlay, working: Working) -> None:
    bucket, at = working.bucket, overlay.request.at
    before, after = bucket.remaining - working.told, bucket.remaining - working.used
    almanac = overlay.account.almanac
    for event in _between(bucket, bucket.granted, before, after, almanac, at):
        overlay.outcome.events.append(event)
        overlay.trace.append(trace.of_crossing(event))
        if isinstance(event, ThresholdCrossed):
            _act(overlay, working, event)


def _act(overlay: Overlay, working: Working, crossed: ThresholdCrossed) -> None:
    if crossed.action is Action.SUSPEND and crossed.is_low:
        overlay.is_suspended = True
        overlay.outcome.events.append(
            AccountSuspended(bucket_id=working.bucket.id, threshold=crossed.threshold)
        )
        overlay.trace.append((trace.SUSPENDED, crossed.threshold))
    elif crossed.action in (Action.BLOCK, Action.UNBLOCK):
        wants_disabled = (crossed.action is Action.BLOCK) == crossed.is_low
        for target in _targets(overlay, working, crossed.target):
            _switch(overlay, target, wants_disabled, crossed.threshold)


def _targets(overlay: Overlay, working: Working, key: str) -> list[Working]:
    if not key:
        return [working]
    return [each for each in overlay.all_workings() if each.bucket.allowance_key == key]


def _switch(overlay: Overlay, working: Working, is_disabled: bool, threshold: str) -> None:
    if working.is_disabled == is_disabled:
        return
    working.is_disabled = is_disabled
    key = working.bucket.id
    overlay.outcome.events.append(
        BucketSwitched(bucket_id=key, is_disabled=is_disabled, threshold=threshold)
    )
    overlay.trace.append((trace.SWITCHED, key, is_disabled, threshold))


def _limit(bucket: Bucket, threshold: Threshold, granted: int) -> int:
    """The remaining amount at which the mark lies; a counter's is what its mark leaves of it."""
    limit = threshold.limit(granted)
    return granted - limit if bucket.counts else limit


def _between(
    bucket: Bucket,
    granted_before: int,
    before: int,
    after: int,
    almanac: Almanac | None,
    at: datetime | None,
) -> list[ThresholdCrossed | BucketExhausted]:
    crossed: list[ThresholdCrossed | BucketExhausted] = []
    for threshold in bucket.thresholds:
        limit = _limit(bucket, threshold, bucket.granted)
        was_low = before <= _limit(bucket, threshold, granted_before)
        if was_low != (after <= limit):
            crossed.append(_crossed(bucket, threshold, limit, before, after, almanac, at))
    if after <= 0 < before and not bucket.counts and not bucket.terms.is_unlimited:
        crossed.append(BucketExhausted(bucket_id=bucket.id))
    return crossed


def _crossed(
    bucket: Bucket,
    threshold: Threshold,
    limit: int,
    before: int,
    after: int,
    almanac: Almanac | None,
    at: datetime | None,
) -> ThresholdCrossed:
    return ThresholdCrossed(
        bucket_id=bucket.id,
        threshold=threshold.name,
        limit=limit,
        before=before,
        after=after,
        state=threshold.state or threshold.name,
        action=threshold.action,
        target=threshold.target,
        is_paused=threshold.is_paused,
        quiet_until=_quiet_until(threshold, almanac, at),
    )


def _quiet_until(
    threshold: Threshold, almanac: Almanac | None, at: datetime | None
) -> datetime | None:
    """When quiet hours that hold at `at` end; None outside them."""
    if threshold.quiet is None or almanac is None or at is None:
        return None
    band = Band(key="quiet", windows=(threshold.quiet,))
    return almanac.next_border((band,), at) if almanac.is_open(band, at) else None
