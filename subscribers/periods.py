"""Where a plan's periods end: in the account's wall time, from the day it started.

The k-th border is counted from the start, never from the border before it, so a period that
began on the 31st returns to the 31st after a shorter month. A wall time that a clock change
skips is the next valid instant; one that happens twice is the first.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from plans.models import PlanVersion

_DAYS: Final = {PlanVersion.Renewal.DAY: 1, PlanVersion.Renewal.WEEK: 7}
_MONTHS: Final = {PlanVersion.Renewal.MONTH: 1, PlanVersion.Renewal.YEAR: 12}


def period_border(
    start: datetime, *, renewal: str, count: int, periods: int, zone: ZoneInfo
) -> datetime | None:
    """The end of the `periods`-th period of `count` hours, days, weeks, months or years, in UTC.

    None for a version that does not renew.
    """
    assert count > 0
    if renewal == PlanVersion.Renewal.NONE:
        return None
    steps = count * periods
    if renewal == PlanVersion.Renewal.HOUR:
        return start + timedelta(hours=steps)
    if renewal in _MONTHS:
        return months_later(start, steps * _MONTHS[PlanVersion.Renewal(renewal)], zone=zone)
    return days_later(start, steps * _DAYS[PlanVersion.Renewal(renewal)], zone=zone)


def days_later(start: datetime, days: int, *, zone: ZoneInfo) -> datetime:
    """The same wall time so many days later, in UTC."""
    return instant(start.astimezone(zone).replace(tzinfo=None) + timedelta(days=days), zone)


def months_later(start: datetime, months: int, *, zone: ZoneInfo) -> datetime:
    """The same day and wall time so many months later, in UTC; the month's last day at most."""
    local = start.astimezone(zone).replace(tzinfo=None)
    year, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + year, month + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return instant(local.replace(year=year, month=month, day=day), zone)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """A wall time in UTC: the next valid instant when it is skipped, the first of two."""
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _end_of_gap(found, zone)


def _end_of_gap(inside: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after a skipped hour: where the offset changes, to the second.

    A skipped wall time read with fold 0 lands after the change by as much as it was skipped.
    """
    before, after = inside - timedelta(days=1), inside
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == inside.astimezone(zone).utcoffset():
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
