"""Marks are told once when crossed, in either direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from charging.engine.calendar import Almanac, Window
from charging.engine.tariff import Threshold
from charging.engine.thresholds import crossings
from charging.engine.values import BucketExhausted, ThresholdCrossed
from charging.tests.engine.builders import Phone, line, minutes, used

HALF = Threshold(name="half", percent_hundredths=5000)
FIFTH = Threshold(name="fifth", percent_hundredths=2000)
TEN = Threshold(name="ten", amount=10)
MARKS = (HALF, FIFTH, TEN)


def left(remaining, granted=1000, marks=MARKS):
    return minutes(1, granted, available=remaining, thresholds=marks)


def names(before, after):
    return [
        event.threshold for event in crossings(before, after) if isinstance(event, ThresholdCrossed)
    ]


def test_reaching_the_mark_is_low_already():
    assert names(left(501), left(500)) == ["half"]
    assert names(left(502), left(501)) == []


def test_a_mark_is_told_once_and_not_on_every_debit():
    assert names(left(500), left(400)) == []


def test_several_marks_may_be_crossed_at_once():
    assert names(left(900), left(5)) == ["half", "fifth", "ten"]


def test_a_crossing_says_where_it_was_and_which_way_it_went():
    (event,) = crossings(left(501), left(480))

    assert event == ThresholdCrossed(
        bucket_id=1, threshold="half", limit=500, before=501, after=480, state="half"
    )
    assert event.is_low


def test_a_top_up_that_raises_what_was_granted_reports_back_to_normal():
    # 500 of 1,000 is low; 1,500 of 2,000 is above its new mark of 1,000
    (event,) = crossings(left(500, marks=(HALF,)), left(1500, granted=2000, marks=(HALF,)))

    assert event == ThresholdCrossed(
        bucket_id=1, threshold="half", limit=1000, before=500, after=1500, state="half"
    )
    assert not event.is_low


def test_a_small_top_up_can_leave_a_percentage_low():
    # 100 of 1,000 is low; 200 of 1,100 is still at or below 550
    assert names(left(100, marks=(HALF,)), left(200, granted=1100, marks=(HALF,))) == []


def test_reserved_units_are_not_used_yet():
    before = left(600)
    after = replace(before, available=0, reserved=600)

    assert crossings(before, after) == []


def test_exhaustion_is_told_when_nothing_remains_and_only_then():
    assert crossings(left(1, marks=()), left(0, marks=())) == [BucketExhausted(bucket_id=1)]
    assert crossings(left(0, marks=()), left(-5, marks=())) == []
    assert crossings(left(5, marks=()), left(1, marks=())) == []


def test_charging_tells_a_crossing_at_settlement_and_not_at_reservation():
    phone = Phone(minutes(1, 1000, thresholds=(HALF,)))

    granted = phone.start(line(asks=600))
    settled = phone.update(line(asks=100, reports=600))
    later = phone.update(line(asks=100, reports=100))

    assert granted.events == []
    assert settled.events == [
        ThresholdCrossed(
            bucket_id=1, threshold="half", limit=500, before=1000, after=400, state="half"
        )
    ]
    assert later.events == []


def test_the_first_units_of_a_bucket_are_no_recovery():
    assert crossings(left(0, granted=0), left(1000)) == []


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-22T20:59", None),  # 21:59 in Berlin
        ("2026-11-22T21:00", "2026-11-23T06:00"),
        ("2026-11-23T05:59", "2026-11-23T06:00"),
        ("2026-11-23T06:00", None),
        ("2026-10-24T21:00", "2026-10-25T06:00"),  # the night clocks go back
    ],
)
def test_a_mark_crossed_in_quiet_hours_says_when_they_end(at, until):
    """22:00 to 7:00 in Berlin."""
    quiet = Threshold(name="low", amount=10, quiet=Window(start=22 * 3600, end=7 * 3600))
    phone = Phone(
        minutes(1, 60, valid_from=utc("2026-10-01T00:00"), thresholds=(quiet,)),
        almanac=Almanac(zone=ZoneInfo("Europe/Berlin")),
    )

    (crossed,) = phone.release(line(reports=(used(55, at=utc(at)),)), at=utc(at)).events

    assert isinstance(crossed, ThresholdCrossed)
    assert crossed.quiet_until == (utc(until) if until else None)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
