"""Cancelling, changing and taking back, now and at the end of the period."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging import services
from charging.models import Bucket
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
    use,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of
from plans.models import PlanVersion
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers.models import PlanSubscription

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 5, 10, 8, tzinfo=UTC)
BORDER = datetime(2026, 6, 1, 8, tzinfo=UTC)
ANA = Actor(kind="user", id=7, name="Ana Ruiz")


@pytest.fixture
def small(northwind) -> PlanVersion:
    return make_version("small", data(4 * GB), price=5 * EURO, now=START)


@pytest.fixture
def big(small) -> PlanVersion:
    """20 GB under the same key as Small's, and 5 GB to roam."""
    key = small.allowances.get().key
    return make_version(
        "big", data(20 * GB, key=key), data(5 * GB, name="Roaming"), price=15 * EURO, now=START
    )


@pytest.fixture
def held(small) -> PlanSubscription:
    held = subscribe(make_account("100", now=START), small, START)
    use(buckets(held)[0], GB)
    return held


def cancel(held, now, *, at_period_end=True, **terms):
    return services.cancel_plan_subscription(
        subscription=held, at_period_end=at_period_end, actor=ANA, now=now, **terms
    )


def change(held, version, now, **terms):
    return services.change_plan_subscription(
        subscription=held, version=version, actor=ANA, now=now, **terms
    )


def current(held) -> PlanSubscription:
    return PlanSubscription.objects.get(account=held.account, ends_at=None)


# ── cancelling ───────────────────────────────────────────────────────────────────────────────


def test_cancelled_now_it_ends_and_what_is_left_expires(held):
    cancel(held, LATER, at_period_end=False, reason="Moves abroad")

    over = again(held)
    assert (over.state, over.end_reason, over.ends_at) == ("ended", "cancelled", LATER)
    assert (buckets(held)[0].available, buckets(held)[0].expired) == (0, 3 * GB)
    assert money_left(held.account) == 100 * EURO, "nothing comes back"
    assert renew(BORDER).settled == 0
    row = AuditEntry.objects.get(action="plan_subscription.cancelled")
    assert (row.actor_name, row.reason) == ("Ana Ruiz", "Moves abroad")
    assert_ledger_rebuilds_buckets(held.account)


def test_cancelled_for_the_end_it_runs_until_there_and_is_not_renewed(held):
    cancel(held, LATER)
    assert (again(held).state, again(held).scheduled) == ("active", "cancel")
    assert buckets(held)[0].available == 3 * GB

    renew(BORDER + HOUR)

    over = again(held)
    assert (over.state, over.end_reason, over.ends_at) == ("ended", "cancelled", BORDER)
    assert money_left(held.account) == 100 * EURO
    assert buckets(held)[0].expired == 3 * GB


def test_a_cancellation_can_be_taken_back(held):
    cancel(held, LATER)

    services.undo_scheduled(subscription=held, actor=ANA, now=LATER)
    renew(BORDER)

    assert periods(held) == [(1, "started"), (2, "renewed")]
    assert len(events_of(held.account, "plan_subscription.schedule_undone")) == 1


def test_there_is_nothing_to_take_back_when_nothing_is_scheduled(held):
    with pytest.raises(services.NothingScheduled):
        services.undo_scheduled(subscription=held, actor=ANA, now=LATER)


def test_what_is_over_takes_no_changes(held, big):
    cancel(held, LATER, at_period_end=False)

    for act in (cancel, lambda held, now: change(held, big, now)):
        with pytest.raises(services.PlanSubscriptionOver):
            act(held, LATER)


def test_without_periods_there_is_no_end_to_wait_for(northwind):
    sold = make_version(renewal="none", now=START)
    held = subscribe(make_account(now=START), sold, START)

    with pytest.raises(Invalid) as invalid:
        cancel(held, LATER)

    assert invalid.value.errors[0].path == "when"


# ── changing ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("leftovers", "small_left", "data_left"),
    [("expire", 0, 20), ("keep", 3, 20), ("carry_over", 0, 23)],
)
def test_changed_now_leftovers_expire_stay_or_move(held, big, leftovers, small_left, data_left):
    new = change(held, big, LATER, leftovers=leftovers, charge_price=True)

    old = again(held)
    assert (old.state, old.end_reason, old.ends_at) == ("ended", "changed", LATER)
    assert (new.state, new.starts_at, new.period_number) == ("active", LATER, 1)
    assert buckets(held)[0].available == small_left * GB
    assert buckets(new)[0].available == data_left * GB
    assert buckets(new, "Roaming")[0].available == 5 * GB
    assert money_left(held.account) == 85 * EURO
    assert_ledger_rebuilds_buckets(held.account)


def test_leftovers_that_stay_keep_their_end(held, big):
    change(held, big, LATER, leftovers="keep")

    assert buckets(held)[0].expires_at == BORDER


def test_a_change_is_told_and_audited_with_both_plans(held, big):
    change(held, big, LATER, charge_price=True)

    assert [kind for kind, _ in events_of(held.account)][-3:] == [
        "plan_subscription.ended",
        "plan_subscription.started",
        "plan_subscription.changed",
    ]
    [(_, told)] = events_of(held.account, "plan_subscription.changed")
    assert (told["before"]["plan"], told["plan"], told["charged"]) == ("small", "big", 15 * EURO)
    row = AuditEntry.objects.get(action="plan_subscription.changed")
    assert (row.before["plan"], row.after["plan"], row.actor_name) == ("small", "big", "Ana Ruiz")


def test_a_change_that_cannot_be_paid_changes_nothing(small, big):
    held = subscribe(make_account("14.99", now=START), small, START)

    with pytest.raises(services.NotEnoughMoney):
        change(held, big, LATER, charge_price=True)

    assert again(held).state == "active"
    assert PlanSubscription.objects.count() == 1


def test_a_change_at_renewal_waits_for_the_border_and_takes_the_new_price(held, big):
    change(held, big, LATER, at_renewal=True, leftovers="carry_over")
    assert again(held).version_id == held.version_id

    renew(BORDER)

    new = current(held)
    assert (new.version_id, new.starts_at, new.period_number) == (big.pk, BORDER, 1)
    assert new.period_ends_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert buckets(new)[0].available == 23 * GB
    assert money_left(held.account) == 85 * EURO
    assert (periods(held), periods(new)) == ([(1, "started")], [(1, "started")])
    assert again(held).end_reason == "changed"
    assert_ledger_rebuilds_buckets(held.account)


def test_at_renewal_leftovers_expire_unless_said_otherwise(held, big):
    change(held, big, LATER, at_renewal=True)

    renew(BORDER)

    assert buckets(held)[0].expired == 3 * GB
    assert buckets(current(held))[0].available == 20 * GB


def test_a_change_at_renewal_can_be_taken_back(held, big):
    change(held, big, LATER, at_renewal=True)
    services.undo_scheduled(subscription=held, actor=ANA, now=LATER)

    renew(BORDER)

    assert current(held).pk == held.pk


def test_a_change_that_the_money_does_not_cover_waits_in_the_grace_of_the_new_plan(small):
    big = make_version("big", price=15 * EURO, grace_hours=48, now=START)
    held = subscribe(make_account("14.99", now=START), small, START)
    change(held, big, LATER, at_renewal=True)
    renew(BORDER)
    assert (again(held).state, again(held).grace_ends_at) == ("grace", BORDER + 2 * DAY)

    from tests import factories

    factories.top_up(held.account, "0.01", now=BORDER + HOUR)

    assert current(held).version_id == big.pk
    assert (current(held).starts_at, money_left(held.account)) == (BORDER, 0)


def test_a_change_due_in_a_downtime_begins_where_it_should_have(held, big):
    change(held, big, LATER, at_renewal=True)

    renew(datetime(2026, 8, 15, tzinfo=UTC))

    new = current(held)
    assert new.starts_at == BORDER
    assert periods(new) == [(1, "missed"), (2, "missed"), (3, "started")]
    assert money_left(held.account) == 85 * EURO


def test_units_reserved_by_a_session_stay_with_it_through_a_change(held, big):
    Bucket.objects.filter(plan_subscription=held).update(available=2 * GB, reserved=GB)

    change(held, big, LATER, leftovers="carry_over")

    old = buckets(held)[0]
    assert (old.available, old.reserved) == (0, GB)
    assert buckets(current(held))[0].available == 22 * GB


def test_the_change_of_an_account_without_a_plan_subscribes_it(small):
    account = make_account("5", now=START)

    held = services.change_plan(
        account=account, version=small, charge_price=True, actor=SYSTEM, now=START
    )

    assert (held.state, money_left(account)) == ("active", 0)
