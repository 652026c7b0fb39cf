"""What a first period costs, with figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from charging.renewal.fees import fees_of_first_period, prorated
from charging.tests.renewal.plain import TERMS

BERLIN = ZoneInfo("Europe/Berlin")


def first_price(start: datetime, **terms: object) -> tuple[int, str]:
    terms = {"anchor_day": 1, "price": 19_900_000_000, **terms}
    [fee] = fees_of_first_period(replace(TERMS, **terms), quantity=1, starts_at=start, zone=BERLIN)
    return fee.amount, fee.reason


def test_by_the_day_the_day_of_purchase_counts_in_full():
    """20 January to 1 February: 12 of 31 days. 19.90 × 12 ÷ 31 = 7.7032… → 7.70."""
    start = datetime(2026, 1, 20, 23, 59, tzinfo=BERLIN)

    assert first_price(start, proration="day") == (7_700_000_000, "Plan v1 begins: 12 of 31 days")


def test_by_the_day_in_a_leap_february():
    """15 February to 1 March 2028: 15 of 29 days. 19.90 × 15 ÷ 29 = 10.2931… → 10.29."""
    start = datetime(2028, 2, 15, 9, tzinfo=BERLIN)

    assert first_price(start, proration="day")[0] == 10_290_000_000


def test_by_the_second_a_clock_change_counts_what_really_passes():
    """29 March 2026 0:00 to 1 April is 3 days less an hour: 255,600 s of March's 2,674,800 s
    (31 days less an hour). 19.90 × 255,600 ÷ 2,674,800 = 1.90161… → 1.90."""
    start = datetime(2026, 3, 29, tzinfo=BERLIN)

    amount, reason = first_price(start, proration="second")

    assert amount == 1_900_000_000
    assert reason == "Plan v1 begins: 255600 of 2674800 seconds"


def test_without_proration_a_short_period_costs_the_whole_price():
    start = datetime(2026, 1, 31, 23, tzinfo=BERLIN)

    assert first_price(start, proration="none") == (19_900_000_000, "Plan v1 begins")


def test_a_full_first_period_is_never_prorated():
    assert first_price(datetime(2026, 5, 1, tzinfo=BERLIN), proration="day")[0] == 19_900_000_000


@pytest.mark.parametrize(
    ("price", "part", "whole", "currency", "expected"),
    [
        (1_000_000_000, 1, 2, "EUR", 500_000_000),
        (10_000_000, 1, 2, "EUR", 10_000_000),  # half a cent is rounded up
        (1_000_000_000, 1, 3, "EUR", 330_000_000),
        (1_000_000_000_000, 1, 3, "JPY", 333_000_000_000),
        (1_000_000_000, 1, 3, "KWD", 333_000_000),
    ],
)
def test_rounded_once_half_up_to_the_places_of_the_currency(price, part, whole, currency, expected):
    assert prorated(price, part=part, whole=whole, currency=currency) == expected


@given(integers(0, 10**15), integers(0, 10**6), integers(1, 10**6))
def test_a_part_costs_no_more_than_the_whole_rounded_up_to_a_cent(price, part, whole):
    part = min(part, whole)

    found = prorated(price, part=part, whole=whole, currency="EUR")

    assert found % 10_000_000 == 0
    assert abs(found - price * part / whole) <= 5_000_001 + price * 1e-9


def test_several_cost_several_times_the_price_before_the_rounding():
    """3 × 19.90 × 12 ÷ 31 = 23.1096… → 23.11, not 3 × 7.70."""
    [fee] = fees_of_first_period(
        replace(TERMS, anchor_day=1, price=19_900_000_000, proration="day"),
        quantity=3,
        starts_at=datetime(2026, 1, 20, tzinfo=UTC),
        zone=BERLIN,
    )

    assert fee.amount == 23_110_000_000
