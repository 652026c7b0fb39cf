"""Plans that wait for their first use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging.models import LedgerEntry
from charging.tests.renewal.selling import (
    DAY,
    EURO,
    GB,
    HOUR,
    again,
    buckets,
    data,
    make_account,
    make_version,
    money_left,
    periods,
    renew,
    subscribe,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of
from subscribers.models import PlanSubscription
from tests import factories

BOUGHT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
USED = datetime(2026, 3, 10, 17, 5, tzinfo=UTC)


def version(**terms):
    terms = {"start": "first_use", "purchase_fee": EURO, "first_use_fee": 2 * EURO, **terms}
    return make_version(
        "sim", data(), data(name="Welcome", amount=GB, validity_days=3), now=BOUGHT, **terms
    )


@pytest.fixture
def held(northwind):
    """Bought for €1.00; the first use costs €2.00 and the month's €10.00."""
    return subscribe(make_account("20", now=BOUGHT), version(), BOUGHT, charge_price=True)


def see_first_use(held, at=USED) -> None:
    """As the charger notes it in its batch."""
    PlanSubscription.objects.filter(pk=held.pk).update(first_used_at=at, due_at=at)


def test_it_waits_with_full_buckets_that_do_not_expire(held):
    assert (held.state, held.period_number, held.period_ends_at) == ("pending", 0, None)
    assert periods(held) == []
    for bucket in [*buckets(held), *buckets(held, "Welcome")]:
        assert (bucket.available, bucket.expires_at) == (bucket.granted, None)
        assert bucket.awaits_first_use
    assert money_left(held.account) == 19 * EURO


def test_it_waits_as_long_as_nobody_uses_it(held):
    assert renew(BOUGHT + 365 * DAY).settled == 0


def test_the_first_use_begins_the_period_dates_the_buckets_and_takes_the_fees(held):
    see_first_use(held)

    renew(USED + timedelta(seconds=5))

    now = again(held)
    assert (now.state, now.period_number, now.starts_at) == ("active", 1, USED)
    border = datetime(2026, 4, 10, 16, 5, tzinfo=UTC)  # 18:05 in Berlin, by then in summer time
    assert (now.period_starts_at, now.period_ends_at, now.due_at) == (USED, border, border)
    assert buckets(held)[0].expires_at == border
    assert buckets(held, "Welcome")[0].expires_at == USED + 3 * DAY
    assert not any(each.awaits_first_use for each in (*buckets(held), *buckets(held, "Welcome")))
    assert money_left(held.account) == 7 * EURO  # 19 − 2 − 10
    reasons = (
        LedgerEntry.objects.filter(kind="post").order_by("pk").values_list("reason", flat=True)
    )
    assert list(reasons) == ["Sim v1: purchase fee", "Sim v1 begins", "Sim v1: first-use fee"]
    assert periods(held) == [(1, "started")]
    assert_ledger_rebuilds_buckets(held.account)


def test_it_is_activated_once(held):
    see_first_use(held)
    renew(USED)

    assert renew(USED).settled == 0
    assert len(events_of(held.account, "plan_subscription.activated")) == 1
    assert money_left(held.account) == 7 * EURO


def test_the_next_period_is_an_ordinary_one(held):
    see_first_use(held)
    renew(USED)
    factories.top_up(held.account, "10", now=USED)

    renew(again(held).period_ends_at)

    assert periods(held) == [(1, "started"), (2, "renewed")]
    assert money_left(held.account) == 7 * EURO


def test_paid_elsewhere_neither_purchase_nor_first_period_nor_first_use_costs(northwind):
    held = subscribe(make_account("20", now=BOUGHT), version(), BOUGHT)
    see_first_use(held)

    renew(USED)

    assert money_left(held.account) == 20 * EURO
    assert again(held).state == "active"


def test_fees_that_the_money_does_not_cover_begin_the_grace(northwind):
    """Used it has been; the money may come."""
    sold = version(grace_hours=24)
    held = subscribe(make_account("5", now=BOUGHT), sold, BOUGHT, charge_price=True)
    see_first_use(held)
    renew(USED)
    assert (again(held).state, money_left(held.account)) == ("grace", 4 * EURO)

    factories.top_up(held.account, "10", now=USED + HOUR)

    now = again(held)
    assert (now.state, now.period_number, now.starts_at) == ("active", 1, USED)
    assert money_left(held.account) == 2 * EURO
    assert periods(held) == [(1, "started")]


def test_a_first_period_that_is_never_paid_lapses(northwind):
    sold = version(grace_hours=24)
    held = subscribe(make_account("5", now=BOUGHT), sold, BOUGHT, charge_price=True)
    see_first_use(held)

    renew(USED)
    renew(USED + DAY)

    assert again(held).state == "lapsed"
    assert periods(held) == [(1, "lapsed")]
    assert buckets(held)[0].available == 0


def test_an_activation_seen_late_catches_up_with_the_renewal(northwind):
    sold = version(renewal="day")
    held = subscribe(make_account("40", now=BOUGHT), sold, BOUGHT, charge_price=True)
    see_first_use(held)

    renew(USED + 2 * DAY + HOUR)

    assert periods(held) == [(1, "started"), (2, "missed"), (3, "renewed")]
    assert money_left(held.account) == 17 * EURO  # 40 − 1 − 2 − 10 − 10


def test_a_plan_without_allowances_has_nothing_to_wait_with_and_starts_at_once(northwind):
    from plans.specs import RateSpec, VersionSpec

    rates = (RateSpec(service="voice", price=EURO, per=60),)
    spec = VersionSpec(currency="EUR", renewal="month", renewal_count=1, rates=rates)
    sold = factories.make_published_plan("talk", name="Talk", spec=spec, now=BOUGHT)

    held = subscribe(make_account(now=BOUGHT), sold, BOUGHT)

    assert held.state == "active"
