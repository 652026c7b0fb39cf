"""Where the periods of a plan subscription begin and end: charging/engine/lifetimes.py, by the
terms of its plan."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from charging.engine import lifetimes
from charging.renewal.terms import PlanTerms


def border(terms: PlanTerms, start: datetime, number: int, zone: ZoneInfo) -> datetime | None:
    """The end of the period of that number, in UTC; number 0 is the start itself.

    None for a plan that does not renew.
    """
    return lifetimes.period_border(
        start,
        renewal=terms.renewal,
        count=terms.renewal_count,
        periods=number,
        zone=zone,
        anchor_day=terms.anchor_day,
    )


def full_first_period(terms: PlanTerms, start: datetime, zone: ZoneInfo) -> datetime:
    """Where the first period would have begun had it been a full one; `start` when it is one."""
    return lifetimes.full_period_starts_at(
        start,
        renewal=terms.renewal,
        count=terms.renewal_count,
        zone=zone,
        anchor_day=terms.anchor_day,
    )
