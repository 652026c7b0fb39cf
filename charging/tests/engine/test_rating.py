"""Prices and what money buys, worked out by hand."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from charging.engine import rating
from charging.engine.values import LineTotal, Rate, RatingGroup, Tariff, Unit
from charging.tests.engine.builders import (
    CENT,
    DATA,
    EURO,
    NOW,
    PER_MB,
    PER_MINUTE,
    PER_SECOND,
    PER_SMS,
    VIDEO,
    VOICE,
)

SECOND = timedelta(seconds=1)


def test_a_call_of_4_12_charged_per_second_costs_38_cents():
    # 252 s x 0.09 / 60 s = 0.378
    assert rating.line_cost(PER_SECOND, 252) == 38 * CENT


def test_a_call_of_4_12_charged_per_started_minute_costs_45_cents():
    # five started minutes
    assert rating.line_cost(PER_MINUTE, 252) == 45 * CENT


def test_an_hour_at_ten_cents_a_minute_is_not_rounded_by_the_second():
    rate = replace(PER_SECOND, price=10 * CENT)

    assert rating.line_cost(rate, 3600) == 6 * EURO


@pytest.mark.parametrize(
    ("units", "decimals", "nano_units"),
    [
        (5, 2, 1 * CENT),  # 0.0075 -> 0.01
        (3, 2, 0),  # 0.0045 -> 0.00
        (3, 3, 5_000_000),  # 0.0045 -> 0.005: a half is rounded up
        (3, 4, 4_500_000),
        (1, 9, 1_500_000),
        (1000, 0, 2 * EURO),  # 1.50 -> 2
        (0, 2, 0),
    ],
)
def test_a_line_is_rounded_half_up_to_the_places_of_its_rate(units, decimals, nano_units):
    assert rating.line_cost(replace(PER_SECOND, decimals=decimals), units) == nano_units


def test_the_second_report_costs_what_the_total_adds():
    # 3 s cost 0.0045 -> 0.00; 6 s cost 0.009 -> 0.01
    assert rating.added_cost(PER_SECOND, 0, 3) == 0
    assert rating.added_cost(PER_SECOND, 3, 3) == 1 * CENT


def test_the_rest_of_a_started_minute_is_used_up_by_the_next_report():
    assert rating.added_cost(PER_MINUTE, 0, 10) == 9 * CENT
    assert rating.added_cost(PER_MINUTE, 10, 50) == 0
    assert rating.added_cost(PER_MINUTE, 60, 1) == 9 * CENT


def test_money_buys_as_many_seconds_as_stay_below_the_next_cent():
    # 0.38 covers exact prices below 0.385: 256 s cost 0.384, 257 s cost 0.3855
    assert rating.affordable_units(PER_SECOND, 0, 38 * CENT) == 256
    assert rating.line_cost(PER_SECOND, 256) == 38 * CENT
    assert rating.line_cost(PER_SECOND, 257) == 39 * CENT


def test_money_buys_whole_minutes_and_the_rest_of_the_started_one():
    assert rating.affordable_units(PER_MINUTE, 0, 20 * CENT) == 120
    assert rating.affordable_units(PER_MINUTE, 10, 20 * CENT) == 170
    assert rating.affordable_units(PER_MINUTE, 10, 8 * CENT) == 50


def test_debt_buys_nothing_and_a_price_of_nothing_is_never_used_up():
    assert rating.affordable_units(PER_SECOND, 0, -1) == 0
    assert rating.affordable_units(replace(PER_SECOND, price=0), 0, 0) == rating.UNLIMITED


def test_a_terabyte_in_steps_of_one_octet_is_priced_in_closed_form():
    terabyte = 2**40
    started = time.process_time()

    assert rating.line_cost(PER_MB, terabyte) == 2**20 * CENT
    assert rating.affordable_units(replace(PER_MB, decimals=9), 0, 2**20 * CENT) == terabyte

    assert time.process_time() - started < 0.1


def test_the_first_rate_that_covers_the_rating_group_is_taken():
    video = Rate(key="video", service="data", rating_groups=frozenset({310}), price=1, per=1)
    base = Tariff(version_id=1, label="Base", rates=(PER_SECOND, video, PER_MB))
    add_on = Tariff(version_id=2, label="Add-on", rates=(PER_SMS,))

    assert rating.find_rate((base, add_on), VIDEO, at=NOW) is video
    assert rating.find_rate((base, add_on), DATA, at=NOW) is PER_MB
    assert rating.find_rate((add_on, base), VOICE, at=NOW) is PER_SECOND
    assert rating.find_rate((add_on,), VOICE, at=NOW) is None


def test_a_tariff_rates_from_its_start_until_before_its_end():
    old = Tariff(version_id=1, label="Old", rates=(PER_SECOND,), ends_at=NOW)
    new = Tariff(version_id=2, label="New", rates=(PER_MINUTE,), starts_at=NOW)

    assert rating.find_rate((old, new), VOICE, at=NOW - SECOND) is PER_SECOND
    assert rating.find_rate((old, new), VOICE, at=NOW) is PER_MINUTE
    assert rating.find_rate((old,), VOICE, at=NOW) is None
    assert rating.find_rate((new,), VOICE, at=NOW - SECOND) is None


def test_a_rating_group_that_counts_money_costs_its_own_amount():
    group = RatingGroup(number=400, name="Money", service="money", unit=Unit.NANO_MONEY, grant=1)

    rate = rating.find_rate((), group, at=NOW)

    assert rate is not None
    assert rating.line_cost(rate, 123_456_789) == 123_456_789


def test_the_connect_fee_is_due_until_a_priced_unit_was_charged():
    rate = replace(PER_SECOND, connect_fee=5 * CENT)

    assert rating.due_connect_fee(rate, []) == 5 * CENT
    assert rating.due_connect_fee(rate, [LineTotal()]) == 5 * CENT
    assert rating.due_connect_fee(rate, [LineTotal(units=1)]) == 0
