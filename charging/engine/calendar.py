"""Time bands in an operator's wall time: when they are open, and when that next changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Part of the days it names, [start, end) in seconds of the local day; empty names all.

    An end at or before the start lies on the next day. `holidays` None: holidays or not.
    """

    years: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""
    start: int = 0
    end: int = 86_400
    holidays: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Open while one of its windows is and none of those that close it."""

    key: str
    windows: tuple[Window, ...] = ()
    closed: tuple[Window, ...] = ()

    @property
    def width(self) -> int:
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """Whose wall time bands are read in, and which days are holidays there."""

    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()

    def is_open(self, band: Band, at: datetime) -> bool:
        raise NotImplementedError

    def opened_at(self, band: Band, at: datetime) -> int:
        """Seconds of the local day at which the open window began that began last; -1 if none."""
        raise NotImplementedError

    def next_border(self, bands: Iterable[Band], at: datetime) -> datetime | None:
        """The next instant after `at`, in UTC, at which a band may open or close; None if never."""
        raise NotImplementedError


UTC_DAYS = Almanac()
"""Days in UTC, without holidays."""
