"""Time bands in an operator's wall time: when they are open, and when that next changes.

Everything is worked out in wall time, where a band's borders are plain numbers; walltime.py says
what that means on the days clocks change.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import isleap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, pairwise, product
from math import prod
from typing import Final, TypeVar

from charging.engine.walltime import instant, wall_time

_DAY: Final = timedelta(days=1)
_DAY_SECONDS: Final = 86_400
_YEARS_AHEAD: Final = 41
"""A 29 February on a given weekday comes again within 40 years, over 2100 as well."""
_MONTH_DAYS_MAX: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CYCLE_YEARS: Final = 400
_DATES: Final = [
    ((month, day), 97 if (month, day) == (2, 29) else _CYCLE_YEARS)
    for month, last in enumerate(_MONTH_DAYS_MAX, 1)
    for day in range(1, last + 1)
]
"""Month and day, and how often it comes in 400 years."""
_MONTHS: Final = [
    ((month, 1), sum(weight for each, weight in _DATES if each[0] == month))
    for month in range(1, 13)
]
_YEAR_SECONDS: Final = 146_097 * _DAY_SECONDS // _CYCLE_YEARS
_HOLIDAYS_A_YEAR: Final = 12
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Part of the days it names, [start, end) in seconds of the local day; empty names all.

    An end at or before the start lies on the next day, and the window belongs to the day it
    starts. `holidays` None: holidays or not.
    """

    years: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""
    start: int = 0
    end: int = _DAY_SECONDS
    holidays: bool | None = None
    is_every_day: bool = field(init=False, repr=False, compare=False)
    seconds: int = field(init=False, repr=False, compare=False)
    """How long it is open on a day it names, as clocks show it."""

    def __post_init__(self) -> None:
        assert 0 <= self.start < _DAY_SECONDS
        assert 0 <= self.end <= _DAY_SECONDS
        is_limited = self.years or self.months or self.month_days or self.weekdays
        object.__setattr__(self, "is_every_day", not is_limited and self.holidays is None)
        seconds = self.end - self.start
        object.__setattr__(self, "seconds", seconds if seconds > 0 else seconds + _DAY_SECONDS)

    def names(self, day: date, holidays: frozenset[date]) -> bool:
        return self.is_every_day or bool(
            (not self.weekdays or day.isoweekday() % 7 in self.weekdays)
            and (not self.months or day.month in self.months)
            and (not self.month_days or day.day in self.month_days)
            and (not self.years or day.year in self.years)
            and (self.holidays is None or self.holidays == (day in holidays))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Open while one of its windows is, or always without any, and none of those that close it."""

    key: str
    windows: tuple[Window, ...] = ()
    closed: tuple[Window, ...] = ()

    @property
    def width(self) -> int:
        """Seconds it is open in an average year, in closed form: which of two is the narrower.

        Limits to years count over the 400 years of the Gregorian cycle, so they make a band
        narrow, and holidays as 12 of 365 days, since no almanac is known here. Weekdays are
        spread evenly over dates.
        """
        return _width(self.windows, self.closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """Whose wall time bands are read in, and which days are holidays there."""

    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()
    in_order: tuple[date, ...] = field(init=False, repr=False, compare=False)
    """The holidays."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_order", tuple(sorted(self.holidays)))

    def is_open(self, band: Band, at: datetime) -> bool:
        if not band.windows and not band.closed:
            return True
        wall = wall_time(at, self.zone)
        today, second = wall.date(), _second_of_day(wall)
        if band.windows and not any(
            self._began(window, today, second) is not None for window in band.windows
        ):
            return False
        return not any(self._began(window, today, second) is not None for window in band.closed)

    def opened_at(self, band: Band, at: datetime) -> int:
        """Seconds of the local day at which the open window began that began last; -1 if none.

        A window that began the day before counts from there, below 0. Without windows a band
        began with the day.
        """
        if not self.is_open(band, at):
            return -1
        wall = wall_time(at, self.zone)
        today, second = wall.date(), _second_of_day(wall)
        began = (self._began(window, today, second) for window in band.windows)
        return max((start for start in began if start is not None), default=0)

    def next_border(self, bands: Iterable[Band], at: datetime) -> datetime | None:
        """The next instant after `at`, in UTC, at which a band may open or close; None if never.

        That is where one of its windows does. Days a window cannot name are jumped over.
        """
        wall = wall_time(at, self.zone)
        today, second = wall.date(), _second_of_day(wall)
        nearest: datetime | None = None
        for band in bands:
            for window in (*band.windows, *band.closed):
                border = self._border(window, today, second)
                if border is not None and (nearest is None or border < nearest):
                    nearest = border
        return instant(nearest, self.zone) if nearest is not None else None

    def _began(self, window: Window, today: date, second: int) -> int | None:
        """The second of today the window began, below 0 for yesterday; None while it is closed."""
        start, end = window.start, window.end
        if second >= start:
            is_open = second < end or end <= start
            return start if is_open and window.names(today, self.holidays) else None
        if second < end <= start and window.names(today - _DAY, self.holidays):
            return start - _DAY_SECONDS
        return None

    def _border(self, window: Window, today: date, second: int) -> datetime | None:
        """Where, in wall time, the window opens or closes next."""
        if window.seconds == _DAY_SECONDS:
            return self._border_of_whole_days(window, today, second)
        start, end = window.start, window.end
        if second < end < start and window.names(today - _DAY, self.holidays):
            return _wall(today, end)
        if window.names(today, self.holidays):
            if second < start:
                return _wall(today, start)
            if end < start:
                return _wall(today + _DAY, end)
            if second < end:
                return _wall(today, end)
        following = self._next_named(window, today + _DAY)
        return _wall(following, start) if following is not None else None

    def _border_of_whole_days(self, window: Window, today: date, second: int) -> datetime | None:
        if window.is_every_day:
            return None
        begun = today if second >= window.start else today - _DAY
        if window.names(begun, self.holidays):
            following = self._next_unnamed(window, begun)
        else:
            following = self._next_named(window, begun)
        return _wall(following, window.start) if following is not None else None

    def _next_named(self, window: Window, day: date) -> date | None:
        """The first day the window names, that one or later; None if there is none."""
        if window.holidays:
            for holiday in self.in_order[bisect_left(self.in_order, day) :]:
                if window.names(holiday, self.holidays):
                    return holiday
            return None
        last = min(day.year + _YEARS_AHEAD, date.max.year)
        for year in sorted(window.years) if window.years else range(day.year, last + 1):
            for month in sorted(window.months) if window.months else range(1, 13):
                is_ahead = day.year <= year <= last and (year, month) >= (day.year, day.month)
                if is_ahead and (found := self._named_in_month(window, year, month, day)):
                    return found
        return None

    def _named_in_month(self, window: Window, year: int, month: int, first: date) -> date | None:
        for number in sorted(window.month_days) if window.month_days else range(1, 32):
            if number <= _month_days(year, month):
                day = date(year, month, number)
                if day >= first and window.names(day, self.holidays):
                    return day
        return None

    def _next_unnamed(self, window: Window, day: date) -> date | None:
        """The first day after a named one that the window does not name; None if there is none.

        A named day meets every limit, so it is the first on which one of them fails.
        """
        failing: list[date] = []
        if window.years:
            year = next(year for year in range(day.year, 10_000) if year not in window.years)
            failing.append(date(year, 1, 1))
        if window.months:
            months = (_first_of_month(day, months) for months in range(1, 12))
            failing.extend(_first(month for month in months if month.month not in window.months))
        if window.month_days:
            days = (day + _DAY * ahead for ahead in range(1, 63))
            failing.extend(_first(each for each in days if each.day not in window.month_days))
        if window.weekdays:
            days = (day + _DAY * ahead for ahead in range(1, 8))
            failing.extend(
                _first(each for each in days if each.isoweekday() % 7 not in window.weekdays)
            )
        if window.holidays:
            days = (day + _DAY * ahead for ahead in range(1, len(self.holidays) + 2))
            failing.extend(_first(each for each in days if each not in self.holidays))
        elif window.holidays is False:
            failing.extend(self.in_order[bisect_left(self.in_order, day) :][:1])
        return min(failing, default=None)


UTC_DAYS = Almanac()
"""Days in UTC, without holidays."""


def _second_of_day(wall: datetime) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second


def _wall(day: date, second: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(seconds=second)


def _first(days: Iterable[date]) -> list[date]:
    """The first of them, or none."""
    return list(islice(days, 1))


def _first_of_month(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _month_days(year: int, month: int) -> int:
    return 28 if month == 2 and not isleap(year) else _MONTH_DAYS_MAX[month - 1]


def _width(windows: tuple[Window, ...], closed: tuple[Window, ...]) -> int:
    """Days are of one kind when no window tells them apart: the seconds open on such a day times
    how many there are, summed over the kinds."""
    both = (*windows, *closed)
    if not both:
        return _YEAR_SECONDS
    listed = {year for window in both for year in window.years}
    years = _kinds(
        [*((year, 1) for year in listed), (0, _CYCLE_YEARS - len(listed))],
        lambda year: tuple(not window.years or year in window.years for window in both),
    )
    dates = _kinds(
        _dates(both),
        lambda each: tuple(
            (not window.months or each[0] in window.months)
            and (not window.month_days or each[1] in window.month_days)
            for window in both
        ),
    )
    weekdays = _kinds(
        [(weekday, 1) for weekday in range(7)],
        lambda day: tuple(not window.weekdays or day in window.weekdays for window in both),
    )
    holidays = _kinds(
        [(True, _HOLIDAYS_A_YEAR), (False, 365 - _HOLIDAYS_A_YEAR)],
        lambda is_one: tuple(window.holidays in (None, is_one) for window in both),
    )
    total = 0
    for kind in product(years.items(), dates.items(), weekdays.items(), holidays.items()):
        named = [all(each) for each in zip(*(signature for signature, _ in kind), strict=True)]
        opening = [window for window, is_named in zip(windows, named, strict=False) if is_named]
        closing = [
            window
            for window, is_named in zip(closed, named[len(windows) :], strict=True)
            if is_named
        ]
        seconds = _open_seconds(opening if windows else [Window()], closing)
        total += seconds * prod(weight for _, weight in kind)
    return min(total // (_CYCLE_YEARS * _CYCLE_YEARS * 7 * 365), _YEAR_SECONDS)


def _dates(windows: Iterable[Window]) -> list[tuple[tuple[int, int], int]]:
    """Dates that windows may tell apart, and how often they come: days of the year, or months."""
    return _DATES if any(window.month_days for window in windows) else _MONTHS


def _kinds(
    values: Iterable[tuple[_T, int]], signature: Callable[[_T], tuple[bool, ...]]
) -> dict[tuple[bool, ...], int]:
    """How much values weigh together that the same windows name."""
    kinds: dict[tuple[bool, ...], int] = {}
    for value, weight in values:
        key = signature(value)
        kinds[key] = kinds.get(key, 0) + weight
    return kinds


def _open_seconds(opening: Iterable[Window], closing: Iterable[Window]) -> int:
    """Seconds within one of the first and none of the second, all begun on one day."""
    spans = [(window.start, window.start + window.seconds) for window in opening]
    gaps = [(window.start, window.start + window.seconds) for window in closing]
    marks = sorted({mark for span in (*spans, *gaps) for mark in span})
    return sum(
        end - start
        for start, end in pairwise(marks)
        if any(span[0] <= start < span[1] for span in spans)
        and not any(gap[0] <= start < gap[1] for gap in gaps)
    )
