"""How long what an account was given lives, and where its periods end, in wall time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum


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
        """The first instant it no longer lives, in UTC; None when it does not end."""
        raise NotImplementedError
