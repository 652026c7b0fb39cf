from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from subscribers.periods import days_later, months_later, period_border

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_month_from_the_31st_ends_on_the_last_day_and_returns_to_the_31st():
    start = utc("2026-01-31T12:00")  # 13:00 in Berlin

    assert months_later(start, 1, zone=BERLIN) == utc("2026-02-28T12:00")
    assert months_later(start, 2, zone=BERLIN) == utc("2026-03-31T11:00")  # summer time by then


def test_months_run_over_the_year():
    assert months_later(utc("2026-11-30T12:00"), 3, zone=BERLIN) == utc("2027-02-28T12:00")


def test_the_local_date_decides_and_not_that_of_utc():
    late = utc("2026-11-30T23:30")  # 00:30 on 1 December in Berlin

    assert months_later(late, 2, zone=BERLIN) == utc("2027-01-31T23:30")


def test_days_keep_the_wall_time_over_both_clock_changes():
    assert days_later(utc("2026-03-28T10:00"), 1, zone=BERLIN) == utc("2026-03-29T09:00")
    assert days_later(utc("2026-10-24T10:00"), 1, zone=BERLIN) == utc("2026-10-25T11:00")


def test_a_wall_time_that_the_clock_change_skips_is_the_next_valid_instant():
    half_past_two = utc("2026-03-28T01:30")

    assert days_later(half_past_two, 1, zone=BERLIN) == utc("2026-03-29T01:00")  # 03:00 there


def test_a_wall_time_that_happens_twice_is_the_first():
    half_past_two = utc("2026-10-24T00:30")

    assert days_later(half_past_two, 1, zone=BERLIN) == utc("2026-10-25T00:30")


@pytest.mark.parametrize(
    ("renewal", "count", "periods", "expected"),
    [
        ("day", 30, 1, "2026-04-01T08:30"),
        ("day", 1, 2, "2026-03-04T09:30"),
        ("week", 2, 1, "2026-03-16T09:30"),
        ("week", 2, 2, "2026-03-30T08:30"),
        ("month", 1, 1, "2026-04-02T08:30"),
        ("month", 3, 4, "2027-03-02T09:30"),
    ],
)
def test_periods_are_counted_from_the_start(now, renewal, count, periods, expected):
    """From 10:30 in Berlin on 2 March; summer time begins on 29 March."""
    end = period_border(now, renewal=renewal, count=count, periods=periods, zone=BERLIN)

    assert end == utc(expected)


def test_hours_are_hours_over_a_clock_change():
    start = utc("2026-03-28T23:30")  # 00:30 in Berlin; 02:00 to 03:00 is skipped

    border = period_border(start, renewal="hour", count=6, periods=1, zone=BERLIN)

    assert border == utc("2026-03-29T05:30")


def test_a_year_from_the_29th_of_february_ends_on_the_28th():
    start = utc("2028-02-29T12:00")

    border = period_border(start, renewal="year", count=1, periods=1, zone=BERLIN)

    assert border == utc("2029-02-28T12:00")


def test_a_plan_that_does_not_renew_has_no_border(now):
    assert period_border(now, renewal="none", count=1, periods=1, zone=BERLIN) is None
