"""When the money is short: grace, retries, a top-up that comes in time, and the lapse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging import services
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
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of, money_of
from portal.tenancy.actor import SYSTEM
from subscribers.models import Account
from tests import factories

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
BORDER = datetime(2026, 6, 1, 8, tzinfo=UTC)
NEXT = datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.fixture
def held(northwind):
    """€10.00 a month, three days of grace with a retry a day; €4.00 are there."""
    version = make_version(
        "plan",
        data(),
        data(name="Bonus", amount=GB, validity_days=60),
        grace_hours=72,
        retry_hours=24,
        retries_max=3,
        now=START,
    )
    return subscribe(make_account("4", now=START), version, START)


def test_short_money_begins_the_grace_and_takes_nothing(held):
    renew(BORDER)

    now = again(held)
    assert (now.state, now.retries, now.period_number) == ("grace", 0, 1)
    assert (now.due_at, now.grace_ends_at) == (BORDER + DAY, BORDER + 3 * DAY)
    assert money_left(held.account) == 4 * EURO
    assert len(buckets(held)) == 1, "no new bucket"
    assert [kind for kind, _ in events_of(held.account)][-3:] == [
        "plan_subscription.renewal_failed",
        "account.state_changed",
        "plan_subscription.grace_started",
    ]
    [(_, failed)] = events_of(held.account, "plan_subscription.renewal_failed")
    assert (failed["needed"], failed["spendable"]) == (10 * EURO, 4 * EURO)


def test_it_is_tried_again_each_day_and_lapses_after_the_third_time(held):
    for day in range(4):
        renew(BORDER + day * DAY)

    over = again(held)
    assert (over.state, over.end_reason) == ("lapsed", "lapsed")
    assert over.ends_at == BORDER + 3 * DAY
    assert (over.due_at, over.period_ends_at) == (None, None)
    assert periods(held) == [(1, "started"), (2, "lapsed")]
    failed = events_of(held.account, "plan_subscription.renewal_failed")
    assert [told["retries"] for _, told in failed] == [0, 1, 2, 3]
    assert len(events_of(held.account, "plan_subscription.lapsed")) == 1


def test_the_account_is_in_grace_as_long_as_one_of_its_plans_waits(held):
    renew(BORDER)
    assert Account.objects.get(pk=held.account_id).state == "grace"

    factories.top_up(held.account, "6", now=BORDER + HOUR)

    account = Account.objects.get(pk=held.account_id)
    assert account.state == "active"
    assert len(events_of(account)) == account.event_seq


def test_what_is_left_expires_with_the_lapse_and_money_stays(held):
    for day in range(4):
        renew(BORDER + day * DAY)

    [bonus] = buckets(held, "Bonus")
    assert (bonus.available, bonus.expired, bonus.expires_at) == (0, GB, BORDER + 3 * DAY)
    assert money_left(held.account) == 4 * EURO
    assert_ledger_rebuilds_buckets(held.account)


def test_a_top_up_in_the_grace_renews_at_once_and_the_period_keeps_its_border(held):
    renew(BORDER)

    factories.top_up(held.account, "6", now=BORDER + 30 * HOUR)

    now = again(held)
    assert (now.state, now.period_number, now.grace_ends_at) == ("active", 2, None)
    assert (now.period_starts_at, now.period_ends_at, now.due_at) == (BORDER, NEXT, NEXT)
    assert money_left(held.account) == 0
    assert buckets(held)[-1].expires_at == NEXT
    assert periods(held) == [(1, "started"), (2, "renewed")]
    [(_, told)] = events_of(held.account, "plan_subscription.renewed")
    assert told["was_in_grace"] is True


def test_a_top_up_that_is_too_small_changes_nothing_but_the_money(held):
    renew(BORDER)

    factories.top_up(held.account, "5.99", now=BORDER + HOUR)

    now = again(held)
    assert (now.state, now.retries, now.due_at) == ("grace", 0, BORDER + DAY)
    assert money_left(held.account) == 9_990_000_000


def test_a_top_up_arrives_even_when_the_renewal_cannot_be_written(held):
    """Somebody wrote the period into the run log by hand, so that its row is refused."""
    renew(BORDER)
    held.periods.create(number=2, starts_at=BORDER, outcome="renewed", at=BORDER)

    factories.top_up(held.account, "6", now=BORDER + HOUR)

    assert money_left(held.account) == 10 * EURO
    assert again(held).due_at == BORDER + HOUR


def test_the_credit_limit_counts_for_a_renewal(held):
    Account.objects.filter(pk=held.account_id).update(credit_limit=6 * EURO)

    renew(BORDER)

    assert again(held).state == "active"
    assert money_left(held.account) == -6 * EURO


def test_the_last_cent_is_told_as_used_up(held):
    factories.top_up(held.account, "6", now=START)

    renew(BORDER)

    [(_, told)] = events_of(held.account, "bucket.exhausted")
    assert told["bucket"] == "Main balance"
    assert money_of(held.account).available == 0


def test_downtime_in_the_grace_gives_one_more_try_before_the_lapse(held):
    renew(BORDER)
    factories.top_up(held.account, "1", now=BORDER + HOUR)

    renew(BORDER + 10 * DAY)

    assert again(held).state == "lapsed"
    assert [
        t["retries"] for _, t in events_of(held.account, "plan_subscription.renewal_failed")
    ] == [0, 1]


def test_without_grace_a_plan_lapses_at_the_border(northwind):
    held = subscribe(make_account("4", now=START), make_version(now=START), START)

    renew(BORDER)

    assert (again(held).state, again(held).ends_at) == ("lapsed", BORDER)


def test_grace_without_retries_waits_for_a_top_up_until_it_ends(northwind):
    version = make_version(grace_hours=48, now=START)
    held = subscribe(make_account("4", now=START), version, START)
    renew(BORDER)
    assert again(held).due_at == BORDER + 2 * DAY

    renew(BORDER + 2 * DAY)

    assert again(held).state == "lapsed"


def test_retries_without_grace_last_until_the_last_of_them(northwind):
    version = make_version(retry_hours=12, retries_max=2, now=START)
    held = subscribe(make_account("4", now=START), version, START)

    for hours in (0, 12, 24):
        assert again(held).state in ("active", "grace")
        renew(BORDER + hours * HOUR)

    assert (again(held).state, again(held).ends_at) == ("lapsed", BORDER + DAY)


def test_a_grace_longer_than_the_period_passes_over_the_period_it_missed(northwind):
    """Daily at €10.00, three days of grace; the money comes after 50 hours: two periods are over
    and are not charged, the third is."""
    version = make_version(renewal="day", grace_hours=72, retry_hours=6, retries_max=20, now=START)
    held = subscribe(make_account(now=START), version, START)
    renew(START + DAY)

    factories.top_up(held.account, "25", now=START + DAY + 50 * HOUR)

    assert periods(held) == [(1, "started"), (2, "missed"), (3, "missed"), (4, "renewed")]
    assert money_left(held.account) == 15 * EURO
    assert again(held).period_ends_at == START + 4 * DAY


def test_one_top_up_pays_what_is_due_first_and_the_other_goes_on_waiting(northwind):
    base = make_version("base", grace_hours=72, now=START)
    extra = make_version("extra", data(name="Extra"), is_add_on=True, grace_hours=72, now=START)
    account = make_account(now=START)
    first = subscribe(account, base, START)
    second = subscribe(account, extra, START + HOUR)
    renew(BORDER + 2 * HOUR)

    factories.top_up(account, "15", now=BORDER + 3 * HOUR)

    assert (again(first).state, again(second).state) == ("active", "grace")
    assert money_left(account) == 5 * EURO


def test_in_the_grace_a_plan_can_be_cancelled(held):
    renew(BORDER)

    services.cancel_plan_subscription(
        subscription=held, at_period_end=True, actor=SYSTEM, now=BORDER + HOUR
    )

    assert (again(held).state, again(held).ends_at) == ("ended", BORDER + HOUR)


def test_a_grace_ends_in_the_accounts_own_time(held):
    Account.objects.filter(pk=held.account_id).update(clock_offset=31 * 86_400)

    renew(START)

    assert again(held).grace_ends_at == START + timedelta(days=31) + 3 * DAY
