"""A simulated month is what the engine would have charged."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from plans.conventions import Conventions
from plans.profiles import PROFILES, Profile
from plans.simulate import Mark, simulate
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from tests.factories import MEGABYTE, flex_spec

HUNDRED_MB = Profile(code="x", name="x", octets=100 * MEGABYTE, seconds=0, messages=0)
"""On the days of the first week: 85, 95, 90, 100, 115, 125 and 90 MB, 700 in all."""
DATA_RATE = RateSpec(service="data", price=10_000_000, per=MEGABYTE)


def data_plan(megabytes: int, **changes: object) -> VersionSpec:
    allowance = AllowanceSpec(
        name="Data",
        service="data",
        amount=megabytes * MEGABYTE,
        thresholds=(ThresholdSpec(percent=Decimal(50)),),
    )
    fields = {"currency": "EUR", "price": 5 * 10**9, "rates": (DATA_RATE,), **changes}
    return VersionSpec(allowances=(replace(allowance),), **fields)  # type: ignore[arg-type]


def test_a_profile_uses_its_average_over_a_week() -> None:
    used = [dict(HUNDRED_MB.on_day(day))["data"] // MEGABYTE for day in range(1, 15)]

    assert used[:7] == [85, 95, 90, 100, 115, 125, 90]
    assert sum(used) == 1400


def test_an_allowance_is_empty_on_the_day_its_last_octet_is_used(by: Conventions) -> None:
    month = simulate(data_plan(485), HUNDRED_MB, by, days=7)

    course = month.courses[0]
    assert course.empty_on == 5
    assert [left // MEGABYTE for left in course.left] == [485, 400, 305, 215, 115, 0, 0, 0]


def test_a_warning_is_noted_on_the_day_it_would_be_sent(by: Conventions) -> None:
    month = simulate(data_plan(485), HUNDRED_MB, by, days=7)

    assert month.courses[0].marks == [Mark(day=3, name="50 %", percent=50)]


def test_the_bill_is_the_price_and_what_was_used_beyond(by: Conventions) -> None:
    """Day 6: three sessions of 41⅔ MB at €0.42; day 7: three of 30 MB at €0.30."""
    month = simulate(data_plan(485), HUNDRED_MB, by, days=7)

    assert (month.fees, month.overage) == (5_000_000_000, 2_160_000_000)
    assert month.bill == 7_160_000_000
    assert month.spent[4:] == [0, 0, 1_260_000_000, 2_160_000_000]


def test_without_a_rate_the_use_is_refused_from_that_day(by: Conventions) -> None:
    month = simulate(data_plan(485, rates=()), HUNDRED_MB, by, days=7)

    assert month.refused_on == {"data": 6}
    assert month.overage == 0


def test_each_period_costs_its_price_and_starts_anew(by: Conventions) -> None:
    month = simulate(data_plan(1_000, renewal="week", renewal_count=1), HUNDRED_MB, by, days=8)

    assert month.fees == 10_000_000_000
    assert [left // MEGABYTE for left in month.courses[0].left[6:]] == [390, 300, 915]


def test_what_is_valid_for_days_expires_after_them(by: Conventions) -> None:
    spec = data_plan(1_000)
    spec = replace(spec, allowances=(replace(spec.allowances[0], validity_days=2),))

    month = simulate(spec, HUNDRED_MB, by, days=4)

    assert [left // MEGABYTE for left in month.courses[0].left] == [1000, 915, 820, 0, 0]


def test_money_of_the_plan_pays_before_the_purse(by: Conventions) -> None:
    bonus = AllowanceSpec(name="Bonus", service="money", amount=10**9)
    spec = VersionSpec(currency="EUR", allowances=(bonus,), rates=(DATA_RATE,))

    month = simulate(spec, HUNDRED_MB, by, days=1)

    assert month.courses[0].left == [1_000_000_000, 160_000_000]  # three sessions at €0.28


def test_usage_of_named_rating_groups_is_simulated_too(by: Conventions) -> None:
    social = AllowanceSpec(
        name="Social", service="data", rating_groups=(310,), amount=1_000 * MEGABYTE
    )
    spec = VersionSpec(currency="EUR", allowances=(social,), rates=(DATA_RATE,))

    month = simulate(spec, HUNDRED_MB, by, days=1)

    assert 0 < month.courses[0].left[1] < 1_000 * MEGABYTE


def test_a_typical_month_takes_less_than_a_third_of_a_second(by: Conventions) -> None:
    simulate(flex_spec(), PROFILES["typical"], by)
    begun = time.process_time()

    simulate(flex_spec(), PROFILES["typical"], by)

    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("code", PROFILES)
def test_nothing_is_left_twice_or_lost(by: Conventions, code: str) -> None:
    month = simulate(flex_spec(), PROFILES[code], by)

    for course in month.courses:
        assert len(course.left) == 31
        assert course.left == sorted(course.left, reverse=True)
        assert all(0 <= percent <= 100 for percent in course.percents)
