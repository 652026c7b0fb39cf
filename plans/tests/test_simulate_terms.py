"""Terms of a version at work in a simulated month; figures by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plans.conventions import Conventions
from plans.profiles import Profile
from plans.simulate import Month, simulate
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.terms import BandSpec, ConditionsSpec, LifetimeSpec, WindowSpec
from tests.factories import MEGABYTE

EURO = 10**9
HUNDRED_MB = Profile(code="x", name="x", octets=100 * MEGABYTE, seconds=0, messages=0)
"""On the days of each week: 85, 95, 90, 100, 115, 125 and 90 MB, 700 in all."""
RATE = RateSpec(service="data", price=10_000_000, per=MEGABYTE)
DATA = AllowanceSpec(key=UUID(int=1), name="Data", service="data", amount=1_000 * MEGABYTE)


def weekly(*allowances: AllowanceSpec, **changes: Any) -> VersionSpec:
    fields = {"price": 5 * EURO, "renewal": "week", "renewal_count": 1, "rates": (RATE,)}
    return VersionSpec(currency="EUR", allowances=allowances, **{**fields, **changes})


def run(spec: VersionSpec, by: Conventions, days: int = 8) -> Month:
    return simulate(spec, HUNDRED_MB, by, days=days)


def megabytes(month: Month, place: int = 0) -> list[int]:
    return [left // MEGABYTE for left in month.courses[place].left]


@pytest.mark.parametrize(
    ("changes", "left_on_day_8"),
    [
        ({"renewal": "new"}, 915),
        ({"renewal": "replace"}, 915),
        ({"renewal": "extend"}, 1_215),
        ({"renewal": "roll_over"}, 1_215),
        ({"renewal": "roll_over", "roll_over_amount_max": 200 * MEGABYTE}, 1_115),
    ],
)
def test_what_a_new_week_does_with_the_rest(
    by: Conventions, changes: dict[str, Any], left_on_day_8: int
) -> None:
    """1,000 MB, of which 700 are used and 300 left; on day 8 another 85 are used."""
    month = run(weekly(replace(DATA, **changes)), by)

    assert megabytes(month)[7:] == [300, left_on_day_8]


def test_a_rest_rolls_over_so_many_times(by: Conventions) -> None:
    """Taken along once: 300 MB of week 1 are used first in week 2, and 600 of its own are left."""
    once = replace(DATA, renewal="roll_over", roll_over_periods_max=1)

    month = run(weekly(once), by, days=15)

    assert megabytes(month)[14:] == [600, 600 + 1_000 - 85]


def test_what_rolled_over_may_be_used_last_and_is_lost_then(by: Conventions) -> None:
    """Week 2 uses 700 of its own 1,000 and keeps the 300 of week 1, which end with it."""
    last = replace(DATA, renewal="roll_over", roll_over_periods_max=1, roll_over_order="newest")

    month = run(weekly(last), by, days=15)

    assert megabytes(month)[14:] == [600, 300 + 1_000 - 85]


def test_fees_of_the_purchase_and_of_the_first_use(by: Conventions) -> None:
    month = run(weekly(DATA, purchase_fee=2 * EURO, first_use_fee=EURO), by)

    assert month.fees == (5 + 2 + 1 + 5) * EURO


def test_a_plan_that_does_not_renew_by_itself_is_paid_once(by: Conventions) -> None:
    month = run(weekly(DATA, auto_renews=False), by)

    assert month.fees == 5 * EURO
    assert megabytes(month)[7:] == [300, 0]


def test_periods_of_hours_are_charged_by_the_day(by: Conventions) -> None:
    """Every 8 hours is three times a day."""
    month = run(weekly(DATA, renewal="hour", renewal_count=8), by, days=2)

    assert month.fees == 2 * 3 * 5 * EURO


def test_a_life_from_first_use_begins_then(by: Conventions) -> None:
    """Used first at noon on day 1, two days later it is over at noon: 85 and 95 MB of it.

    Then three sessions of 30 MB and three of 33⅓ MB a day are paid in money.
    """
    short = replace(DATA, lifetime=LifetimeSpec(span="days", count=2, from_first_use=True))

    month = run(weekly(short), by, days=4)

    assert megabytes(month) == [1_000, 915, 820, 0, 0]
    assert month.overage == 3 * 300_000_000 + 3 * 330_000_000


def test_an_unlimited_allowance_is_never_empty(by: Conventions) -> None:
    """Fair use 200 MB: gone on day 3, and nothing is charged all the same."""
    month = run(weekly(replace(DATA, amount=200 * MEGABYTE, is_unlimited=True)), by, days=7)

    assert megabytes(month)[:5] == [200, 115, 20, 0, 0]
    assert (month.overage, month.courses[0].empty_on) == (0, None)


def test_counters_are_not_shown_and_act_at_their_marks(by: Conventions) -> None:
    """270 MB until day 4, whose first of three sessions makes it 303⅓: the allowance is blocked,
    and the other two, of 33⅓ MB, cost €0.33 each."""
    counter = AllowanceSpec(
        name="Counter",
        service="data",
        amount=300 * MEGABYTE,
        role="counts",
        thresholds=(ThresholdSpec(percent=Decimal(100), action="block", target=DATA.key),),
    )

    month = run(weekly(DATA, counter), by, days=7)

    assert [course.name for course in month.courses] == ["Data"]
    assert megabytes(month)[4:] == [696, 696, 696, 696]
    assert month.spent[3:5] == [0, 660_000_000]


def test_a_suspended_account_is_refused(by: Conventions) -> None:
    """Half of 1,000 MB is used on day 6: 85 + 95 + 90 + 100 + 115 + 125 = 610."""
    mark = ThresholdSpec(percent=Decimal(50), action="suspend")

    month = run(weekly(replace(DATA, thresholds=(mark,))), by, days=7)

    assert month.refused_on == {"data": 7}
    assert megabytes(month)[6:] == [390, 390]


def test_use_at_noon_is_not_priced_as_in_the_evening(by: Conventions) -> None:
    band = BandSpec(code="evening", name="Evening", windows=(WindowSpec(start=64_800),))
    evening = replace(RATE, price=EURO, conditions=ConditionsSpec(band="evening"), weight=9)

    month = run(weekly(rates=(evening, RATE), bands=(band,)), by, days=1)

    assert month.overage == 3 * 280_000_000  # three sessions of 28⅓ MB


def test_zero_rated_use_takes_nothing(by: Conventions) -> None:
    month = run(weekly(DATA, zero_rated=(300,)), by, days=7)

    assert (megabytes(month)[7], month.overage) == (1_000, 0)
