"""When time bands are open, and when that next changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.engine.calendar import UTC_DAYS, Almanac, Band, Window
from charging.engine.walltime import instant, wall_time

BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # UTC+5:45
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # clocks changed at midnight until 2019
HOUR = 3600
MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
LEAP_DAY = Window(months=frozenset({2}), month_days=frozenset({29}))
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 26)})

NIGHT = Band(key="night", windows=(Window(start=22 * HOUR, end=6 * HOUR),))
PEAK = Band(key="peak", windows=(Window(weekdays=MONDAY_TO_FRIDAY, start=8 * HOUR, end=18 * HOUR),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def band(*windows: Window, closed: tuple[Window, ...] = ()) -> Band:
    return Band(key="band", windows=windows, closed=closed)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T06:59:59.999999", False),  # Monday, 7:59:59 in Berlin
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T16:59:59.999999", True),
        ("2026-11-23T17:00:00", False),
        ("2026-11-22T12:00:00", False),  # Sunday
    ],
)
def test_a_window_holds_from_its_start_to_before_its_end(at, is_open):
    assert Almanac(zone=BERLIN).is_open(PEAK, utc(at)) is is_open


def test_a_window_over_midnight_belongs_to_the_day_it_starts():
    friday_night = band(Window(weekdays=frozenset({5}), start=22 * HOUR, end=6 * HOUR))

    assert UTC_DAYS.is_open(friday_night, utc("2026-11-27T23:00"))  # Friday
    assert UTC_DAYS.is_open(friday_night, utc("2026-11-28T05:59:59"))
    assert not UTC_DAYS.is_open(friday_night, utc("2026-11-28T06:00"))
    assert not UTC_DAYS.is_open(friday_night, utc("2026-11-27T05:00"))


def test_a_window_may_end_at_midnight_or_last_to_the_same_time_of_the_next_day():
    evening = band(Window(start=20 * HOUR, end=0))
    sunday_from_six = band(Window(weekdays=frozenset({0}), start=6 * HOUR, end=6 * HOUR))

    assert UTC_DAYS.is_open(evening, utc("2026-11-27T23:59:59"))
    assert not UTC_DAYS.is_open(evening, utc("2026-11-28T00:00"))
    assert UTC_DAYS.is_open(sunday_from_six, utc("2026-11-23T05:59:59"))
    assert not UTC_DAYS.is_open(sunday_from_six, utc("2026-11-23T06:00"))


def test_a_band_without_windows_is_open_but_where_it_is_closed():
    assert UTC_DAYS.is_open(band(), utc("2026-11-27T23:00"))
    no_lunch = band(closed=(Window(start=12 * HOUR, end=13 * HOUR),))
    assert not UTC_DAYS.is_open(no_lunch, utc("2026-11-27T12:30"))
    assert UTC_DAYS.is_open(no_lunch, utc("2026-11-27T13:00"))


def test_holidays_open_one_window_and_close_another():
    almanac = Almanac(zone=BERLIN, holidays=CHRISTMAS)
    free = band(Window(weekdays=frozenset({0, 6})), Window(holidays=True))
    work = band(Window(weekdays=MONDAY_TO_FRIDAY, holidays=False))

    friday = utc("2026-12-25T12:00")
    assert almanac.is_open(free, friday)
    assert not almanac.is_open(work, friday)
    assert not Almanac(zone=BERLIN).is_open(free, friday)
    assert almanac.next_border([work], utc("2026-12-23T12:00")) == utc("2026-12-24T23:00")
    assert almanac.next_border([work], friday) == utc("2026-12-27T23:00")  # Monday begins


@pytest.mark.parametrize(
    ("limits", "at", "is_open"),
    [
        ({"years": {2027}}, "2026-12-31T22:59", False),
        ({"years": {2027}}, "2026-12-31T23:00", True),
        ({"months": {12}}, "2026-12-01T00:00", True),
        ({"months": {12}}, "2026-11-30T22:00", False),
        ({"month_days": {1, 15}}, "2026-12-15T12:00", True),
        ({"month_days": {1, 15}}, "2026-12-16T12:00", False),
        ({"months": {12}, "month_days": {24}, "weekdays": {4}}, "2026-12-24T12:00", True),
        ({"months": {12}, "month_days": {24}, "weekdays": {5}}, "2026-12-24T12:00", False),
    ],
)
def test_days_are_limited_by_year_month_day_and_weekday(limits, at, is_open):
    window = Window(**{name: frozenset(values) for name, values in limits.items()})

    assert Almanac(zone=BERLIN).is_open(band(window), utc(at)) is is_open


@pytest.mark.parametrize(
    ("at", "border"),
    [
        ("2026-03-28T22:00", "2026-03-29T04:00"),  # 23:00; a night of seven hours
        ("2026-10-24T21:00", "2026-10-25T05:00"),  # 23:00; a night of nine
        ("2026-03-29T04:00", "2026-03-29T20:00"),
        ("2026-10-25T05:00", "2026-10-25T21:00"),
    ],
)
def test_a_nights_borders_on_the_days_clocks_change(at, border):
    assert Almanac(zone=BERLIN).next_border([NIGHT], utc(at)) == utc(border)


def test_a_border_that_the_clock_change_skips_is_the_next_valid_instant():
    """On 29 March 2026 clocks in Berlin go from 2:00 to 3:00, at 1:00 UTC."""
    almanac = Almanac(zone=BERLIN)
    from_half_past_two = band(Window(start=9000, end=4 * HOUR))
    within = band(Window(start=7800, end=9000))  # 2:10 to 2:30 is no time at all that day

    assert almanac.next_border([from_half_past_two], utc("2026-03-29T00:59")) == utc(
        "2026-03-29T01:00"
    )
    assert not almanac.is_open(from_half_past_two, utc("2026-03-29T00:59:59"))
    assert almanac.is_open(from_half_past_two, utc("2026-03-29T01:00"))
    assert not almanac.is_open(within, utc("2026-03-29T00:59:59"))
    assert not almanac.is_open(within, utc("2026-03-29T01:00"))


def test_a_border_that_happens_twice_is_the_first():
    """On 25 October 2026 clocks in Berlin go from 3:00 back to 2:00, at 1:00 UTC."""
    almanac = Almanac(zone=BERLIN)
    until_half_past_two = band(Window(start=HOUR, end=9000))
    from_half_past_two = band(Window(start=9000, end=3 * HOUR))

    assert almanac.next_border([until_half_past_two], utc("2026-10-25T00:00")) == utc(
        "2026-10-25T00:30"
    )
    for minute, is_late in [("00:29", False), ("00:30", True), ("01:10", True), ("01:59", True)]:
        at = utc(f"2026-10-25T{minute}")
        assert almanac.is_open(from_half_past_two, at) is is_late
        assert almanac.is_open(until_half_past_two, at) is not is_late
    assert almanac.next_border([from_half_past_two], utc("2026-10-25T01:10")) == utc(
        "2026-10-25T02:00"
    )


def test_a_midnight_that_is_skipped_or_comes_an_hour_later():
    """São Paulo: 4 November 2018 began at 1:00; on 17 February 2019 23:00 came twice."""
    almanac = Almanac(zone=SAO_PAULO)
    sundays = band(Window(weekdays=frozenset({0})))

    assert almanac.next_border([sundays], utc("2018-11-03T12:00")) == utc("2018-11-04T03:00")
    assert almanac.next_border([sundays], utc("2019-02-16T12:00")) == utc("2019-02-17T03:00")
    late = band(Window(start=23 * HOUR + 1800))
    assert almanac.next_border([late], utc("2019-02-17T01:15")) == utc("2019-02-17T01:30")
    assert almanac.next_border([late], utc("2019-02-17T02:15")) == utc("2019-02-17T03:00")
    assert almanac.is_open(late, utc("2019-02-17T02:15"))  # 23:15 again


def test_a_zone_of_quarters_of_an_hour():
    almanac = Almanac(zone=KATHMANDU)

    assert almanac.next_border([PEAK], utc("2026-11-23T00:00")) == utc("2026-11-23T02:15")
    assert almanac.is_open(PEAK, utc("2026-11-23T02:15"))
    assert almanac.next_border([PEAK], utc("2026-11-23T02:15")) == utc("2026-11-23T12:15")


def test_the_next_border_is_the_nearest_of_all_bands():
    almanac = Almanac(zone=BERLIN)

    assert almanac.next_border([PEAK, NIGHT], utc("2026-11-23T12:00")) == utc("2026-11-23T17:00")
    assert almanac.next_border([PEAK, NIGHT], utc("2026-11-23T17:00")) == utc("2026-11-23T21:00")
    assert almanac.next_border([PEAK], utc("2026-11-27T17:00")) == utc("2026-11-30T07:00")


@pytest.mark.parametrize(
    "never",
    [
        (),
        (band(),),
        (band(Window()),),
        (band(Window(start=6 * HOUR, end=6 * HOUR)),),
        (band(Window(years=frozenset({2025}))),),
        (band(Window(months=frozenset({2}), month_days=frozenset({30}))),),
        (band(Window(holidays=True)),),
        (band(Window(weekdays=frozenset(range(7)))),),
    ],
)
def test_nothing_that_can_change_has_no_border(never):
    assert UTC_DAYS.next_border(never, utc("2026-11-23T12:00")) is None


@pytest.mark.parametrize(
    ("window", "at", "border"),
    [
        (Window(years=frozenset({2049})), "2026-11-23T12:00", "2049-01-01T00:00"),
        (Window(years=frozenset({2026, 2027})), "2026-11-23T12:00", "2028-01-01T00:00"),
        (Window(months=frozenset({11, 12, 1})), "2026-11-23T12:00", "2027-02-01T00:00"),
        (LEAP_DAY, "2026-11-23T12:00", "2028-02-29T00:00"),
        (replace(LEAP_DAY, weekdays=frozenset({1})), "2072-03-01T12:00", "2112-02-29T00:00"),
        (Window(month_days=frozenset({31})), "2026-08-31T12:00", "2026-09-01T00:00"),
        (Window(month_days=frozenset({31})), "2026-09-01T00:00", "2026-10-31T00:00"),
        (Window(month_days=frozenset(range(1, 31))), "2026-09-01T00:00", "2026-10-31T00:00"),
        (Window(weekdays=MONDAY_TO_FRIDAY), "2026-11-23T12:00", "2026-11-28T00:00"),
    ],
)  # fmt: skip
def test_a_border_may_be_years_away(window, at, border):
    assert UTC_DAYS.next_border([band(window)], utc(at)) == utc(border)


def test_holidays_far_away_are_found_and_a_run_of_them_is_one():
    almanac = Almanac(zone=BERLIN, holidays=CHRISTMAS)
    free = band(Window(holidays=True))

    assert almanac.next_border([free], utc("2026-01-01T00:00")) == utc("2026-12-24T23:00")
    assert almanac.next_border([free], utc("2026-12-25T00:00")) == utc("2026-12-26T23:00")
    assert almanac.next_border([free], utc("2026-12-27T00:00")) is None


def test_the_window_that_began_last_is_the_one_a_band_opened_with():
    both = band(Window(start=8 * HOUR, end=20 * HOUR), Window(start=12 * HOUR, end=14 * HOUR))

    assert UTC_DAYS.opened_at(both, utc("2026-11-23T11:00")) == 8 * HOUR
    assert UTC_DAYS.opened_at(both, utc("2026-11-23T13:00")) == 12 * HOUR
    assert UTC_DAYS.opened_at(both, utc("2026-11-23T15:00")) == 8 * HOUR
    assert UTC_DAYS.opened_at(both, utc("2026-11-23T21:00")) == -1
    assert UTC_DAYS.opened_at(NIGHT, utc("2026-11-23T05:00")) == -2 * HOUR
    assert UTC_DAYS.opened_at(band(), utc("2026-11-23T05:00")) == 0


def test_widths_count_the_seconds_of_an_average_year():
    """365.2425 days of 86,400 s; ten hours on five of seven days; 12 of 365 days are holidays."""
    year = 31_556_952
    no_lunch = Window(start=12 * HOUR, end=13 * HOUR)

    assert band().width == band(Window()).width == year
    assert NIGHT.width == 8 * HOUR * 365.2425
    assert PEAK.width == int(10 * HOUR * 365.2425 * 5 / 7)
    assert band(Window(holidays=True)).width == year * 12 // 365
    assert band(Window(months=frozenset({2}))).width == int(86_400 * 28.2425)
    assert band(Window(years=frozenset({2026}))).width == year // 400
    assert band(Window(start=8 * HOUR, end=18 * HOUR), no_lunch).width == 10 * HOUR * 365.2425
    assert band(closed=(no_lunch,)).width == 23 * HOUR * 365.2425


ZONES = [BERLIN, KATHMANDU, SAO_PAULO, ZoneInfo("America/St_Johns"), UTC]
MOMENTS = st.one_of(
    st.integers(0, 24 * 365 * 86_400).map(
        lambda seconds: utc("2006-01-01") + timedelta(seconds=seconds)
    ),
    st.sampled_from(["2026-03-29T01:00", "2026-10-25T01:00", "2018-11-04T03:00",
                     "2019-02-17T02:00", "2010-11-07T02:31", "2010-03-14T03:31"])
    .map(utc).flatmap(lambda change: st.integers(-90_000, 90_000).map(
        lambda seconds: change + timedelta(seconds=seconds))),
)  # fmt: skip
SECONDS = st.integers(0, 96).map(lambda quarters: quarters * 900)


def some(low: int, high: int) -> st.SearchStrategy[frozenset[int]]:
    return st.just(frozenset()) | st.frozensets(st.integers(low, high), min_size=1)


WINDOWS = st.builds(
    Window,
    months=some(1, 12),
    month_days=some(1, 31),
    weekdays=some(0, 6),
    start=SECONDS.filter(lambda second: second < 86_400),
    end=SECONDS,
    holidays=st.sampled_from([None, None, True, False]),
)
HOLIDAYS = st.frozensets(st.integers(0, 20), max_size=6)
FEW = st.lists(WINDOWS, max_size=3).map(tuple)


def spans(window: Window, almanac: Almanac, at: datetime, days: int) -> list[tuple]:
    """The window's spans as instants, a day at a time, from two days before `at`."""
    found = []
    first = at.astimezone(almanac.zone).date() - timedelta(days=2)
    for number in range(days + 3):
        day = first + timedelta(days=number)
        if (
            (not window.months or day.month in window.months)
            and (not window.month_days or day.day in window.month_days)
            and (not window.weekdays or (day.weekday() + 1) % 7 in window.weekdays)
            and (window.holidays is None or window.holidays is (day in almanac.holidays))
        ):
            midnight = datetime.combine(day, datetime.min.time())
            end = window.end if window.end > window.start else window.end + 86_400
            opens, closes = (
                instant(midnight + timedelta(seconds=second), almanac.zone)
                for second in (window.start, end)
            )
            if found and found[-1][1] == opens:
                opens = found.pop()[0]
            if opens < closes:
                found.append((opens, closes))
    return found


@given(at=MOMENTS, zone=st.sampled_from(ZONES), windows=FEW, closed=FEW, holidays=HOLIDAYS)
def test_bands_agree_with_a_day_by_day_reading(at, zone, windows, closed, holidays):
    today = at.astimezone(zone).date()
    almanac = Almanac(
        zone=zone, holidays=frozenset(today + timedelta(days=number) for number in holidays)
    )
    tested = Band(key="tested", windows=windows, closed=closed)

    def within(windows: tuple[Window, ...]) -> bool:
        return any(
            opens <= at < closes
            for window in windows
            for opens, closes in spans(window, almanac, at, 3)
        )

    expected = (not windows or within(windows)) and not within(closed)
    assert almanac.is_open(tested, at) is expected
    assert 0 <= tested.width <= 31_556_952


@given(at=MOMENTS, zone=st.sampled_from(ZONES), window=WINDOWS, holidays=HOLIDAYS)
def test_the_next_border_is_the_first_at_which_the_window_changes(at, zone, window, holidays):
    today = at.astimezone(zone).date()
    almanac = Almanac(
        zone=zone, holidays=frozenset(today + timedelta(days=number) for number in holidays)
    )
    tested = band(window)

    border = almanac.next_border([tested], at)

    days = 70
    marks = [mark for span in spans(window, almanac, at, days) for mark in span if mark > at]
    horizon = at + timedelta(days=days - 3)
    expected = min((mark for mark in marks if mark < horizon), default=None)
    if border is not None and border < horizon and border != expected:
        # a window that a clock change skips altogether: a border at which nothing changes
        assert (
            border.astimezone(zone).utcoffset()
            != (border - timedelta(seconds=1)).astimezone(zone).utcoffset()
        )
    elif expected is not None:
        assert border == expected
    else:
        assert border is None or border >= horizon


@given(at=MOMENTS, zone=st.sampled_from(ZONES), other=st.integers(-100_000, 100_000))
def test_a_wall_time_has_been_reached_once_its_first_instant_has(at, zone, other):
    border = at.astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(seconds=other)

    assert (border <= wall_time(at, zone)) is (instant(border, zone) <= at)
