"""Where periods end: by hand, with calendars at hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from charging.renewal.borders import border, full_first_period
from charging.tests.renewal.plain import TERMS

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def borders(start: datetime, zone: ZoneInfo, count: int, **terms: object) -> list[str]:
    found = (border(replace(TERMS, **terms), start, k, zone) for k in range(count + 1))
    return [f"{each.astimezone(zone):%Y-%m-%d %H:%M %Z}" for each in found if each]


def test_what_began_on_the_31st_comes_back_to_the_31st():
    start = datetime(2026, 1, 31, 12, tzinfo=BERLIN)

    assert borders(start, BERLIN, 4) == [
        "2026-01-31 12:00 CET",
        "2026-02-28 12:00 CET",
        "2026-03-31 12:00 CEST",
        "2026-04-30 12:00 CEST",
        "2026-05-31 12:00 CEST",
    ]


def test_the_29th_of_february_is_there_in_leap_years():
    start = datetime(2027, 12, 31, tzinfo=BERLIN)

    assert borders(start, BERLIN, 3)[2:] == ["2028-02-29 00:00 CET", "2028-03-31 00:00 CEST"]


def test_a_year_from_the_leap_day_ends_on_the_28th_and_the_fourth_on_the_29th():
    start = datetime(2024, 2, 29, 8, tzinfo=UTC)

    found = borders(start, ZoneInfo("UTC"), 4, renewal="year")

    assert [each[:10] for each in found] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_days_keep_their_wall_time_over_the_clock_change():
    """29 March 2026 has 23 hours in Berlin."""
    start = datetime(2026, 3, 28, 12, tzinfo=BERLIN)

    assert borders(start, BERLIN, 2, renewal="day") == [
        "2026-03-28 12:00 CET",
        "2026-03-29 12:00 CEST",
        "2026-03-30 12:00 CEST",
    ]


def test_a_wall_time_that_is_skipped_is_the_next_instant_and_one_that_comes_twice_the_first():
    spring = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    autumn = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)

    assert borders(spring, BERLIN, 2, renewal="day")[1:] == [
        "2026-03-29 03:00 CEST",
        "2026-03-30 02:30 CEST",
    ]
    assert borders(autumn, BERLIN, 1, renewal="day")[1:] == ["2026-10-25 02:30 CEST"]


def test_hours_are_hours_by_the_clock_on_no_wall():
    start = datetime(2026, 10, 24, 20, tzinfo=BERLIN)

    assert borders(start, BERLIN, 1, renewal="hour", renewal_count=12)[1:] == [
        "2026-10-25 07:00 CET"
    ]


def test_an_anchor_day_makes_the_first_period_short_and_begins_the_others_at_midnight():
    start = datetime(2026, 1, 20, 15, 45, tzinfo=NEW_YORK)

    assert borders(start, NEW_YORK, 3, anchor_day=1)[1:] == [
        "2026-02-01 00:00 EST",
        "2026-03-01 00:00 EST",
        "2026-04-01 00:00 EDT",
    ]


def test_an_anchor_on_the_31st_is_the_last_day_of_shorter_months():
    start = datetime(2026, 1, 31, 10, tzinfo=BERLIN)

    assert [each[:10] for each in borders(start, BERLIN, 3, anchor_day=31)[1:]] == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
    ]


def test_who_begins_at_the_anchor_has_a_full_first_period():
    start = datetime(2026, 4, 1, tzinfo=BERLIN)
    terms = replace(TERMS, anchor_day=1)

    assert border(terms, start, 1, BERLIN) == datetime(2026, 5, 1, tzinfo=BERLIN)
    assert full_first_period(terms, start, BERLIN) == start


@pytest.mark.parametrize("number", [1, 2, 50])
def test_a_plan_without_renewal_has_no_border(number):
    assert (
        border(replace(TERMS, renewal="none"), datetime(2026, 1, 1, tzinfo=UTC), number, BERLIN)
        is None
    )
