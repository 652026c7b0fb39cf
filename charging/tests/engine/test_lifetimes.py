from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.engine.lifetimes import (
    Lifetime,
    Span,
    days_later,
    full_period_starts_at,
    months_later,
    period_border,
)

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


@pytest.mark.parametrize(
    ("periods", "expected"),
    [(0, "2026-01-20T11:00"), (1, "2026-01-30T23:00"), (2, "2026-02-27T23:00"),
     (3, "2026-03-30T22:00"), (4, "2026-04-29T22:00"), (12, "2026-12-30T23:00")],
)  # fmt: skip
def test_an_anchor_day_shortens_the_first_period_and_clamps_in_short_months(periods, expected):
    """Anchored on the 31st: midnights that begin 31 Jan, 28 Feb, 31 Mar, 30 Apr, 31 Dec there."""
    start = utc("2026-01-20T11:00")

    border = period_border(
        start, renewal="month", count=1, periods=periods, zone=BERLIN, anchor_day=31
    )

    assert border == utc(expected)


def test_a_start_on_the_anchor_days_first_instant_has_a_full_first_period():
    start = utc("2026-02-28T23:00")  # midnight that begins 1 March in Berlin

    border = period_border(start, renewal="month", count=1, periods=1, zone=BERLIN, anchor_day=1)

    assert border == utc("2026-03-31T22:00")


def test_quarters_and_years_follow_the_first_short_period():
    start = utc("2026-01-20T11:00")

    def third(renewal: str, count: int) -> datetime | None:
        return period_border(
            start, renewal=renewal, count=count, periods=3, zone=BERLIN, anchor_day=15
        )

    assert third("month", 3) == utc("2026-08-14T22:00")
    assert third("year", 1) == utc("2028-02-14T23:00")


def test_the_full_first_period_would_have_begun_at_the_anchor_before():
    start = utc("2026-03-20T11:00")

    begun = full_period_starts_at(start, renewal="month", count=1, zone=BERLIN, anchor_day=31)

    assert begun == utc("2026-02-27T23:00")
    assert full_period_starts_at(start, renewal="month", count=1, zone=BERLIN) == start


@pytest.mark.parametrize(
    ("span", "count", "expected"),
    [
        (Span.HOURS, 24, "2026-03-29T10:30"),
        (Span.DAYS, 1, "2026-03-29T09:30"),
        (Span.WEEKS, 2, "2026-04-11T09:30"),
        (Span.MONTHS, 11, "2027-02-28T10:30"),
        (Span.YEARS, 1, "2027-03-28T09:30"),
        (Span.END_OF_DAY, 1, "2026-03-28T23:00"),
        (Span.END_OF_DAY, 2, "2026-03-29T22:00"),
        (Span.END_OF_WEEK, 1, "2026-03-29T22:00"),
        (Span.END_OF_WEEK, 2, "2026-04-05T22:00"),
        (Span.END_OF_MONTH, 1, "2026-03-31T22:00"),
        (Span.END_OF_MONTH, 10, "2026-12-31T23:00"),
        (Span.END_OF_YEAR, 1, "2026-12-31T23:00"),
        (Span.END_OF_YEAR, 2, "2027-12-31T23:00"),
    ],
)
def test_lifetimes_are_hours_or_wall_time_over_the_clock_change(span, count, expected):
    """From 11:30 in Berlin on Saturday 28 March; the night after it is an hour short."""
    lifetime = Lifetime(span=span, count=count)

    ends_at = lifetime.ends_at(utc("2026-03-28T10:30"), period_ends_at=None, zone=BERLIN)

    assert ends_at == utc(expected)


def test_a_lifetime_ends_with_the_period_never_or_at_an_instant():
    start, end = utc("2026-03-28T10:30"), utc("2026-04-01T00:00")

    def ends_at(lifetime: Lifetime) -> datetime | None:
        return lifetime.ends_at(start, period_ends_at=end, zone=BERLIN)

    assert ends_at(Lifetime()) == end
    assert ends_at(Lifetime(span=Span.UNLIMITED)) is None
    until = datetime(2026, 12, 24, 18, tzinfo=BERLIN)
    assert ends_at(Lifetime(span=Span.UNTIL, until=until)) == utc("2026-12-24T17:00")


def test_a_midnight_that_the_clock_change_skips_ends_the_day_with_the_hour_after():
    """In São Paulo clocks went from 0:00 to 1:00 as 4 November 2018 began."""
    zone = ZoneInfo("America/Sao_Paulo")

    end = Lifetime(span=Span.END_OF_DAY).ends_at(
        utc("2018-11-03T15:00"), period_ends_at=None, zone=zone
    )

    assert end == utc("2018-11-04T03:00")
    assert end.astimezone(zone).hour == 1


ZONES = [BERLIN, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Kathmandu"), UTC]
MOMENTS = st.integers(0, 30 * 365 * 86_400).map(
    lambda second: utc("2005-01-01") + timedelta(seconds=second)
)


@given(
    start=MOMENTS,
    zone=st.sampled_from(ZONES),
    renewal=st.sampled_from(["hour", "day", "week", "month", "year"]),
    count=st.integers(1, 18),
    periods=st.integers(0, 24),
    anchor_day=st.none() | st.integers(1, 31),
)
def test_borders_follow_each_other(start, zone, renewal, count, periods, anchor_day):
    def border(number: int) -> datetime:
        found = period_border(
            start, renewal=renewal, count=count, periods=number, zone=zone, anchor_day=anchor_day
        )
        assert found is not None
        return found

    assert border(0) == start
    assert border(periods) < border(periods + 1)
    begun = full_period_starts_at(
        start, renewal=renewal, count=count, zone=zone, anchor_day=anchor_day
    )
    assert begun <= start
    if anchor_day is not None and renewal in {"month", "year"}:
        local = border(periods + 1).astimezone(zone)
        assert local.day == anchor_day or (local + timedelta(days=1)).month != local.month


@given(
    start=MOMENTS,
    zone=st.sampled_from(ZONES),
    span=st.sampled_from([span for span in Span if span not in {"period", "unlimited", "until"}]),
    count=st.integers(1, 40),
)
def test_a_longer_lifetime_ends_later_and_none_before_it_starts(start, zone, span, count):
    def ends_at(count: int) -> datetime:
        found = Lifetime(span=span, count=count).ends_at(start, period_ends_at=None, zone=zone)
        assert found is not None
        return found

    assert start < ends_at(count) < ends_at(count + 1)
