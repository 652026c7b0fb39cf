"""How long what an account was given lives, and where its periods end, in wall time.

The k-th border is counted from the start, never from the border before it, so a period that
began on the 31st returns to the 31st after a shorter month.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from charging.engine.walltime import instant


class Span(StrEnum):
    """What a lifetime is counted in."""

    PERIOD = "period"
    """Until the plan subscription's period ends."""
    UNLIMITED = "unlimited"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    END_OF_DAY = "end_of_day"
    END_OF_WEEK = "end_of_week"
    END_OF_MONTH = "end_of_month"
    END_OF_YEAR = "end_of_year"
    UNTIL = "until"
    """An absolute instant."""


class Period(StrEnum):
    """What the periods of a plan are counted in."""

    NONE = "none"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_SPAN_DAYS: Final = {Span.DAYS: 1, Span.WEEKS: 7}
_SPAN_MONTHS: Final = {Span.MONTHS: 1, Span.YEARS: 12}
_PERIOD_DAYS: Final = {Period.DAY: 1, Period.WEEK: 7}
_PERIOD_MONTHS: Final = {Period.MONTH: 1, Period.YEAR: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """From purchase or from first use, for `count` spans; `count` of an end-of counts from 1."""

    span: Span = Span.PERIOD
    count: int = 1
    from_first_use: bool = False
    until: datetime | None = None

    def ends_at(
        self, start: datetime, *, period_ends_at: datetime | None, zone: tzinfo
    ) -> datetime | None:
        """The first instant it no longer lives, in UTC; None when it does not end.

        Hours are hours; days and longer keep the wall time. The end of a day, week (after
        Sunday), month or year is the local midnight after it: 1 ends the current one.
        """
        assert self.count > 0
        span = self.span
        if span == Span.PERIOD:
            return period_ends_at
        if span == Span.UNLIMITED:
            return None
        if span == Span.UNTIL:
            assert self.until is not None
            return self.until.astimezone(UTC)
        if span == Span.HOURS:
            return start.astimezone(UTC) + timedelta(hours=self.count)
        if span in _SPAN_DAYS:
            return days_later(start, self.count * _SPAN_DAYS[span], zone=zone)
        if span in _SPAN_MONTHS:
            return months_later(start, self.count * _SPAN_MONTHS[span], zone=zone)
        return _end_of(span, self.count, start, zone)


def _end_of(span: Span, count: int, start: datetime, zone: tzinfo) -> datetime:
    local = start.astimezone(zone)
    today = datetime(local.year, local.month, local.day)  # noqa: DTZ001  wall time
    if span == Span.END_OF_DAY:
        return instant(today + timedelta(days=count), zone)
    if span == Span.END_OF_WEEK:
        return instant(today + timedelta(days=7 * count - today.weekday()), zone)
    if span == Span.END_OF_MONTH:
        return instant(_in_months(today, count, day=1), zone)
    return instant(today.replace(year=today.year + count, month=1, day=1), zone)


def period_border(
    start: datetime,
    *,
    renewal: str,
    count: int,
    periods: int,
    zone: tzinfo,
    anchor_day: int | None = None,
) -> datetime | None:
    """The end of the `periods`-th period of `count` hours, days, weeks, months or years, in UTC.

    0 periods end at the start. None for a plan that does not renew. With an anchor day (1–31, a
    short month's last at most) periods of months and years end as that day begins: the first one
    at the first such day after the start, so it is short. Others have no use for one.
    """
    assert count > 0
    assert periods >= 0
    period = Period(renewal)
    if periods == 0:
        return start.astimezone(UTC)
    if period == Period.NONE:
        return None
    if period == Period.HOUR:
        return start.astimezone(UTC) + timedelta(hours=count * periods)
    if period in _PERIOD_DAYS:
        return days_later(start, count * periods * _PERIOD_DAYS[period], zone=zone)
    months = count * _PERIOD_MONTHS[period]
    if anchor_day is None:
        return months_later(start, months * periods, zone=zone)
    return _anchored(start, anchor_day, months * (periods - 1), zone)


def full_period_starts_at(
    start: datetime, *, renewal: str, count: int, zone: tzinfo, anchor_day: int | None = None
) -> datetime:
    """When the first period would have begun if an anchor day did not shorten it, in UTC."""
    period = Period(renewal)
    if anchor_day is None or period not in _PERIOD_MONTHS:
        return start.astimezone(UTC)
    return _anchored(start, anchor_day, -count * _PERIOD_MONTHS[period], zone)


def _anchored(start: datetime, anchor_day: int, months: int, zone: tzinfo) -> datetime:
    """So many months from the beginning of the first anchor day that begins after the start."""
    assert 1 <= anchor_day <= 31
    local = start.astimezone(zone)
    this_month = datetime(local.year, local.month, 1)  # noqa: DTZ001  wall time
    is_past = instant(_in_months(this_month, 0, day=anchor_day), zone) <= start
    return instant(_in_months(this_month, months + is_past, day=anchor_day), zone)


def days_later(start: datetime, days: int, *, zone: tzinfo) -> datetime:
    """The same wall time so many days later, in UTC."""
    return instant(start.astimezone(zone).replace(tzinfo=None) + timedelta(days=days), zone)


def months_later(start: datetime, months: int, *, zone: tzinfo) -> datetime:
    """The same day and wall time so many months later, in UTC; the month's last day at most."""
    local = start.astimezone(zone).replace(tzinfo=None)
    return instant(_in_months(local, months, day=local.day), zone)


def _in_months(wall: datetime, months: int, *, day: int) -> datetime:
    """That day, or a shorter month's last, of the month so many months on."""
    years, month = divmod(wall.month - 1 + months, 12)
    year, month = wall.year + years, month + 1
    return wall.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1]))
