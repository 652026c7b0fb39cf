"""Marks are told once when crossed, in either direction."""

from __future__ import annotations

from dataclasses import replace

from charging.engine.tariff import Threshold
from charging.engine.thresholds import crossings
from charging.engine.values import BucketExhausted, ThresholdCrossed
from charging.tests.engine.builders import Phone, line, minutes

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
