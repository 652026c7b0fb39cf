"""A base plan and what is held beside it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging import services
from charging.tests.renewal.selling import (
    DAY,
    EURO,
    GB,
    again,
    buckets,
    data,
    make_account,
    make_version,
    money_left,
    renew,
    subscribe,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of
from portal.tenancy.actor import SYSTEM
from portal.tenancy.validation import Invalid

START = datetime(2026, 5, 1, tzinfo=UTC)
BORDER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def base(northwind):
    return make_version("base", now=START)


@pytest.fixture
def extra(northwind):
    """5 GB for €3.00 a month, at most three at once."""
    return make_version(
        "extra",
        data(5 * GB, name="Extra"),
        price=3 * EURO,
        is_add_on=True,
        quantity_max=3,
        now=START,
    )


@pytest.fixture
def account(base):
    account = make_account("100", now=START)
    subscribe(account, base, START)
    return account


def refused(act) -> tuple[str, str]:
    with pytest.raises(Invalid) as invalid:
        act()
    [error] = invalid.value.errors
    return error.path, error.message


def resize(held, quantity, now=START, **terms):
    return services.change_quantity(
        subscription=held, quantity=quantity, actor=SYSTEM, now=now, **terms
    )


def test_an_add_on_runs_beside_the_base_plan(account, extra):
    held = subscribe(account, extra, START, charge_price=True)

    assert buckets(held, "Extra")[0].available == 5 * GB
    assert money_left(account) == 97 * EURO


def test_an_add_on_needs_a_base_plan(northwind, extra):
    account = make_account(now=START)

    assert refused(lambda: subscribe(account, extra, START)) == (
        "plan",
        "An add-on needs a base plan; the account has none.",
    )


def test_there_is_one_base_plan(account):
    other = make_version("other", now=START)

    assert refused(lambda: subscribe(account, other, START)) == (
        "plan",
        "The account has the base plan Base v1 already; change it instead.",
    )


def test_so_many_of_an_add_on_and_no_more(account, extra):
    subscribe(account, extra, START, quantity=2)
    subscribe(account, extra, START)

    assert refused(lambda: subscribe(account, extra, START)) == (
        "quantity",
        "At most 3 of Extra at once; there are 3 already.",
    )


@pytest.mark.parametrize("quantity", [0, -1, 1001])
def test_a_quantity_is_a_small_number(account, extra, quantity):
    assert refused(lambda: subscribe(account, extra, START, quantity=quantity))[0] == "quantity"


def test_a_base_plan_is_held_once(northwind, base):
    account = make_account(now=START)

    assert refused(lambda: subscribe(account, base, START, quantity=2))[0] == "quantity"


def test_a_quantity_multiplies_price_and_allowance_at_purchase_and_renewal(account, extra):
    held = subscribe(account, extra, START, quantity=3, charge_price=True)
    assert (buckets(held, "Extra")[0].granted, money_left(account)) == (15 * GB, 91 * EURO)

    renew(BORDER)

    assert buckets(held, "Extra")[-1].granted == 15 * GB
    assert money_left(account) == 72 * EURO  # − 10 for the base plan, − 9


def test_more_of_it_is_paid_and_given_at_once(account, extra):
    held = subscribe(account, extra, START)

    resize(held, 3, START + 5 * DAY)

    assert again(held).quantity == 3
    assert buckets(held, "Extra")[0].available == 15 * GB
    assert money_left(account) == 94 * EURO
    [(_, told)] = events_of(account, "plan_subscription.quantity_changed")
    assert (told["before"], told["quantity"], told["charged"]) == (1, 3, 6 * EURO)
    assert_ledger_rebuilds_buckets(account)


def test_more_of_it_costs_what_is_left_of_the_period_where_the_plan_says_so(account):
    """May has 31 days; from the 11th at noon there are 21 left, the 11th included.
    3.00 × 21 ÷ 31 = 2.0322… → 2.03."""
    extra = make_version(
        "day",
        data(GB, name="Extra"),
        price=3 * EURO,
        is_add_on=True,
        proration="day",
        anchor_day=1,
        now=START,
    )
    held = subscribe(account, extra, START)

    resize(held, 2, datetime(2026, 5, 11, 12, tzinfo=UTC))

    assert money_left(account) == 97_970_000_000


def test_fewer_of_it_counts_from_the_next_period(account, extra):
    held = subscribe(account, extra, START, quantity=3)

    resize(held, 1)
    assert (again(held).quantity, again(held).next_quantity) == (3, 1)
    renew(BORDER)

    assert (again(held).quantity, again(held).next_quantity) == (1, None)
    assert buckets(held, "Extra")[-1].granted == 5 * GB
    assert money_left(account) == 87 * EURO


def test_fewer_of_it_can_be_taken_back(account, extra):
    held = subscribe(account, extra, START, quantity=3)
    resize(held, 1)

    services.undo_scheduled(subscription=held, actor=SYSTEM, now=START)

    assert again(held).next_quantity is None


def test_an_add_on_is_not_renewed_once_the_base_plan_is_gone(account, extra):
    held = subscribe(account, extra, START)
    base = account.plan_subscriptions.exclude(pk=held.pk).get()
    services.end_plan_subscription(subscription=base, actor=SYSTEM, now=START + DAY)
    assert buckets(held, "Extra")[0].available == 5 * GB, "what was paid may be used"

    renew(BORDER)

    assert again(held).end_reason == "base_plan_ended"
    assert money_left(account) == 100 * EURO


def test_an_add_on_stays_when_the_base_plan_changes(account, extra):
    held = subscribe(account, extra, START)
    other = make_version("other", now=START)

    services.change_plan(account=account, version=other, actor=SYSTEM, now=START + DAY)

    assert again(held).state == "active"


def test_a_base_plan_cannot_become_an_add_on(account, extra):
    base = account.plan_subscriptions.get()

    def act():
        services.change_plan_subscription(subscription=base, version=extra, actor=SYSTEM, now=START)

    assert refused(act)[0] == "plan"
