"""Wall time and instants: a time that a clock change skips is the next valid instant, one that
happens twice is the first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_DAY_SECONDS: Final = 86_400
_TICK: Final = timedelta(microseconds=1)


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which clocks of a zone show a wall time (without a zone)."""
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _last_change(found, zone)  # read so, a skipped time lies as far past the change


def wall_time(at: datetime, zone: tzinfo) -> datetime:
    """The wall time, without a zone, that all instants up to `at` have reached.

    What clocks show, but for an hour that is repeated: every wall time in it has been reached
    the first time round, so it stands still at its last microsecond. Hence, for every wall time
    `border`, `border <= wall_time(at)` exactly when `instant(border) <= at`.
    """
    local = at.astimezone(zone)
    first = local.replace(fold=0)
    if not local.fold or first.utcoffset() == local.utcoffset():
        return first.replace(tzinfo=None)
    change = _last_change(at, zone)
    return (change - _TICK).astimezone(zone).replace(tzinfo=None, fold=0)


def _last_change(at: datetime, zone: tzinfo) -> datetime:
    """When, within the day up to `at`, the zone's offset became what it is then; in UTC."""
    offset = at.astimezone(zone).utcoffset()
    after = int(at.timestamp())
    before = after - _DAY_SECONDS
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)
