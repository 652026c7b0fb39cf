"""Where the periods of a plan subscription begin and end.

The k-th border is counted from the start, never from the border before it: what began on the 31st
returns to the 31st after a shorter month. With an anchor day the first period is short, and the
borders are the beginnings of that day in the account's time zone.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from charging.renewal.terms import PlanTerms
from subscribers.periods import days_later, instant, months_later

_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "year": 12}


def border(terms: PlanTerms, start: datetime, number: int, zone: ZoneInfo) -> datetime | None:
    """The end of the period of that number, in UTC; number 0 is the start itself.

    None for a plan that does not renew.
    """
    if number == 0:
        return start
    steps = terms.renewal_count * number
    if terms.renewal in _MONTHS:
        return _month_border(terms, start, steps * _MONTHS[terms.renewal], zone)
    if terms.renewal in _DAYS:
        return days_later(start, steps * _DAYS[terms.renewal], zone=zone)
    if terms.renewal == "hour":
        return start.astimezone(UTC) + timedelta(hours=steps)
    return None


def full_first_period(terms: PlanTerms, start: datetime, zone: ZoneInfo) -> datetime:
    """Where the first period would have begun had it been a full one; `start` when it is one."""
    first = border(terms, start, 1, zone)
    if first is None or terms.anchor_day is None or terms.renewal not in _MONTHS:
        return start
    months = terms.renewal_count * _MONTHS[terms.renewal]
    return _anchored(first.astimezone(zone), terms.anchor_day, -months, zone)


def _month_border(terms: PlanTerms, start: datetime, months: int, zone: ZoneInfo) -> datetime:
    if terms.anchor_day is None:
        return months_later(start, months, zone=zone)
    later = months - terms.renewal_count * _MONTHS[terms.renewal]
    local = start.astimezone(zone)
    first = _anchored(local, terms.anchor_day, 0, zone)
    if first <= start:
        later += 1
    return _anchored(local, terms.anchor_day, later, zone)


def _anchored(local: datetime, anchor_day: int, months: int, zone: ZoneInfo) -> datetime:
    """The beginning of the anchor day, so many months after the month of `local`."""
    year, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + year, month + 1
    day = min(anchor_day, calendar.monthrange(year, month)[1])
    return instant(datetime(year, month, day), zone)  # noqa: DTZ001  wall time, made aware there
