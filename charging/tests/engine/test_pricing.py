"""Prices and what money buys, worked out by hand."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis.strategies import builds, integers, lists, sampled_from

from charging.engine import pricing
from charging.engine.tariff import AtMaximum, Rate, RatingGroup, Rounding, Slot, Unit
from charging.engine.values import LineTotal
from charging.tests.engine.builders import CENT, EURO, PER_MB, PER_MINUTE, PER_SECOND, repriced


def cost(rate: Rate, units: int) -> int:
    """Nano-units of one report of so many units."""
    return pricing.price(rate, LineTotal(), 0, units).cost


def bought(rate: Rate, wanted: int, money: int) -> int:
    """Units that a sum of money buys of what is wanted."""
    return pricing.affordable(rate, LineTotal(), 0, wanted, money).units


def tiers(*slots: tuple[int, int, int, int], **other: object) -> Rate:
    """A rate of (start, price in cents, per, increment)."""
    return Rate(
        key="tiers",
        service="voice",
        slots=tuple(
            Slot(start=start, price=cents * CENT, per=per, increment=increment)
            for start, cents, per, increment in slots
        ),
        **other,  # type: ignore[arg-type]
    )


def test_a_call_of_4_12_charged_per_second_costs_38_cents():
    # 252 s x 0.09 / 60 s = 0.378
    assert cost(PER_SECOND, 252) == 38 * CENT


def test_a_call_of_4_12_charged_per_started_minute_costs_45_cents():
    # five started minutes
    assert cost(PER_MINUTE, 252) == 45 * CENT


def test_an_hour_at_ten_cents_a_minute_is_not_rounded_by_the_second():
    assert cost(repriced(PER_SECOND, 10 * CENT), 3600) == 6 * EURO


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
    assert cost(replace(PER_SECOND, decimals=decimals), units) == nano_units


@pytest.mark.parametrize(
    ("rounding", "cents"), [(Rounding.UP, 38), (Rounding.HALF_UP, 37), (Rounding.DOWN, 37)]
)
def test_a_line_is_rounded_by_the_method_of_its_rate(rounding, cents):
    # 248 s x 0.09 / 60 s = 0.372
    assert cost(replace(PER_SECOND, rounding=rounding), 248) == cents * CENT


def test_the_second_report_costs_what_the_total_adds():
    # 3 s cost 0.0045 -> 0.00; 6 s cost 0.009 -> 0.01
    first = pricing.price(PER_SECOND, LineTotal(), 0, 3)
    second = pricing.price(PER_SECOND, pricing.add(LineTotal(), first), 3, 3)

    assert (first.cost, second.cost) == (0, 1 * CENT)


def test_a_started_minute_is_charged_whole():
    assert pricing.price(PER_MINUTE, LineTotal(), 0, 10) == (60, 9 * CENT * 60, 9 * CENT)


def test_money_buys_as_many_seconds_as_stay_below_the_next_cent():
    # 0.38 covers exact prices below 0.385: 256 s cost 0.384, 257 s cost 0.3855
    assert bought(PER_SECOND, 10_000, 38 * CENT) == 256
    assert cost(PER_SECOND, 256) == 38 * CENT
    assert cost(PER_SECOND, 257) == 39 * CENT


def test_money_buys_fewer_seconds_where_parts_of_a_cent_are_rounded_up():
    # 0.38 pays exact prices up to 0.38: 253 s cost 0.3795, 254 s cost 0.381
    assert bought(replace(PER_SECOND, rounding=Rounding.UP), 10_000, 38 * CENT) == 253


def test_money_buys_whole_minutes():
    assert bought(PER_MINUTE, 1_000, 20 * CENT) == 120


def test_debt_buys_nothing_and_a_price_of_nothing_is_never_used_up():
    assert bought(PER_SECOND, 60, -1) == 0
    assert bought(repriced(PER_SECOND, 0), 10**15, 0) == 10**15


# ── slots ────────────────────────────────────────────────────────────────────────────────────

FIRST_MINUTE_DEARER = ((0, 20, 60, 60), (60, 10, 60, 1))
"""0.20 for the first started minute, then 0.10 a minute by the second."""


def test_each_slot_prices_its_own_units():
    # 0.20 + 3,540 s x 0.10 / 60 s = 0.20 + 5.90
    assert cost(tiers(*FIRST_MINUTE_DEARER), 3600) == 610 * CENT


def test_a_step_belongs_to_the_slot_it_begins_in():
    # steps of 60 from 0: the second covers 60 to 120; the slot from 90 prices 120 to 150
    rate = tiers((0, 10, 60, 60), (90, 5, 60, 30))

    assert pricing.price(rate, LineTotal(), 0, 150)[::2] == (150, 23 * CENT)  # 0.225
    assert cost(replace(rate, decimals=3), 150) == 225_000_000


def test_money_buys_into_the_slot_it_reaches():
    # 0.25: 0.20 for the first minute, 0.05 buys 30 s; 0.0049 more would be a fraction of a cent
    assert bought(replace(tiers(*FIRST_MINUTE_DEARER), rounding=Rounding.UP), 3600, 25 * CENT) == 90


def test_a_package_is_charged_for_each_started_one():
    # 500 MB packs for 2.00: 1,100 MB need three
    rate = Rate.flat(key="pack", service="data", price=2 * EURO, per=500, increment=500)

    assert cost(rate, 1_100) == 6 * EURO


def test_a_volume_price_holds_for_all_units_once_its_total_is_reached():
    # up to 100 messages 0.10 each, beyond that all of them 0.05
    rate = tiers((0, 10, 1, 1), (100, 5, 1, 1), is_volume=True)

    assert cost(rate, 40) == 400 * CENT
    assert cost(rate, 200) == 1_000 * CENT


def test_a_volume_price_never_makes_less_usage_cost_more():
    # 60 messages at 0.10 would be 6.00, but 101 cost 5.05 and so do 60
    rate = tiers((0, 10, 1, 1), (100, 5, 1, 1), is_volume=True)

    assert cost(rate, 45) == 450 * CENT
    assert cost(rate, 60) == 500 * CENT
    assert cost(rate, 100) == 500 * CENT
    assert cost(rate, 101) == 505 * CENT


# ── least and most ───────────────────────────────────────────────────────────────────────────


def test_a_line_costs_its_minimum_as_soon_as_it_costs_anything():
    rate = replace(PER_SECOND, minimum=10 * CENT)

    assert cost(rate, 1) == 10 * CENT
    assert cost(rate, 252) == 38 * CENT
    assert bought(rate, 60, 9 * CENT) == 0
    assert bought(rate, 60, 10 * CENT) == 60


def test_a_line_that_has_cost_its_maximum_is_free_from_there():
    rate = replace(PER_SECOND, maximum=30 * CENT)

    assert cost(rate, 10_000) == 30 * CENT
    assert bought(rate, 10_000, 30 * CENT) == 10_000
    assert bought(rate, 10_000, 29 * CENT) == 196  # 0.294 -> 0.29; 197 s cost 0.2955 -> 0.30


def test_a_rate_that_stops_at_its_maximum_buys_no_more_but_prices_what_was_used():
    rate = replace(PER_SECOND, maximum=30 * CENT, at_maximum=AtMaximum.STOP)

    assert bought(rate, 10_000, 1_000 * CENT) == 203  # 0.3045 -> 0.30; 204 s cost 0.306 -> 0.31
    assert cost(rate, 252) == 38 * CENT


# ── for all numbers ──────────────────────────────────────────────────────────────────────────


def test_a_terabyte_in_steps_of_one_octet_is_priced_in_closed_form():
    terabyte = 2**40
    started = time.process_time()

    assert cost(PER_MB, terabyte) == 2**20 * CENT
    assert bought(replace(PER_MB, decimals=9), terabyte, 2**20 * CENT) == terabyte

    assert time.process_time() - started < 0.1


def test_a_rating_group_that_counts_money_costs_its_own_amount():
    group = RatingGroup(number=400, name="Money", service="money", unit=Unit.NANO_MONEY, grant=1)

    assert pricing.counts_money(group)
    assert cost(pricing.DIRECT_MONEY, 123_456_789) == 123_456_789


def _rate(lengths: list[int], prices: list[int], per: int, increment: int, **other: object) -> Rate:
    starts = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
    slots = [
        Slot(start=start, price=price, per=per, increment=increment)
        for start, price in zip(starts, prices, strict=False)
    ]
    return Rate(key="any", service="voice", slots=tuple(slots), **other)  # type: ignore[arg-type]


RATES = builds(
    _rate,
    lists(integers(1, 500), min_size=2, max_size=2),
    lists(integers(0, EURO), min_size=1, max_size=3),
    integers(1, 100),
    integers(1, 90),
    rounding=sampled_from(Rounding),
    decimals=integers(0, 9),
    is_volume=sampled_from((False, False, True)),
    minimum=sampled_from((0, 0, 7 * CENT)),
    maximum=sampled_from((None, None, 3 * EURO)),
)


@given(rate=RATES, parts=lists(integers(0, 400), max_size=12))
def test_any_number_of_reports_costs_the_same_as_one(rate, parts):
    """What a step covers beyond a report is used first by the next one."""
    total, position, covered = LineTotal(), 0, 0
    for part in parts:
        fresh = max(0, part - covered)
        covered -= min(part, covered)
        priced = pricing.price(rate, total, position, fresh)
        total = pricing.add(total, priced)
        position += priced.units
        covered += priced.units - fresh

    assert total.cost == cost(rate, sum(parts))


@given(rate=RATES, wanted=integers(1, 2_000), money=integers(0, 5 * EURO))
def test_what_is_affordable_costs_no_more_than_the_money_and_one_step_more_would(
    rate, wanted, money
):
    priced = pricing.affordable(rate, LineTotal(), 0, wanted, money)

    assert priced.cost <= money
    if priced.units < wanted:
        assert cost(rate, priced.units + 1) > money


@given(rate=RATES, units=integers(1, 2_000))
def test_more_usage_never_costs_less(rate, units):
    assert cost(rate, units + 1) >= cost(rate, units)
