"""One plan subscription through its periods: what is charged, given, told and logged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from charging.models import LedgerEntry
from charging.renewal import decisions, sweep
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
    periods,
    renew,
    subscribe,
    use,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of
from portal.tenancy.models import AuditEntry
from subscribers.models import Account

JAN_31 = datetime(2026, 1, 31, 11, tzinfo=UTC)
FEB_28 = datetime(2026, 2, 28, 11, tzinfo=UTC)
MAR_31 = datetime(2026, 3, 31, 10, tzinfo=UTC)  # summer time in Berlin
"""Noon in Berlin each."""


@pytest.fixture
def held(northwind):
    account = make_account("100", now=JAN_31)
    return subscribe(account, make_version(now=JAN_31), JAN_31, charge_price=True)


def test_nothing_happens_before_the_border(held):
    assert renew(FEB_28 - timedelta(seconds=1)).settled == 0
    assert periods(held) == [(1, "started")]


def test_at_the_border_the_price_is_taken_and_a_new_bucket_is_full(held):
    use(buckets(held)[0], 4 * GB)

    renew(FEB_28)

    old, new = buckets(held)
    assert (old.available, old.used, old.expired) == (0, 4 * GB, 6 * GB)
    assert (new.granted, new.available) == (10 * GB, 10 * GB)
    assert (new.valid_from, new.expires_at) == (FEB_28, MAR_31)
    assert money_left(held.account) == 80 * EURO  # 100 − 10 for January, − 10 for February
    assert_ledger_rebuilds_buckets(held.account)


def test_the_period_is_counted_from_the_start_and_returns_to_the_31st(held):
    renew(FEB_28)
    renew(MAR_31)

    now = again(held)
    assert (now.period_number, now.period_starts_at) == (3, MAR_31)
    assert now.period_ends_at == now.due_at == datetime(2026, 4, 30, 10, tzinfo=UTC)


def test_a_second_sweep_finds_nothing(held):
    renew(FEB_28)

    assert renew(FEB_28).settled == 0
    assert periods(held) == [(1, "started"), (2, "renewed")]
    assert money_left(held.account) == 80 * EURO


def test_renewal_is_told_logged_and_audited(held):
    renew(FEB_28)

    [(_, told)] = events_of(held.account, "plan_subscription.renewed")
    assert (told["plan"], told["period"], told["charged"]) == ("plan", 2, 10 * EURO)
    assert told["period_ends_at"] == MAR_31.isoformat()
    assert [(each["bucket"], each["amount"]) for each in told["buckets"]] == [("Data", 10 * GB)]
    assert [(each["bucket"], each["amount"]) for each in told["expired"]] == [("Data", 10 * GB)]
    entry = LedgerEntry.objects.get(reason="Plan v1 renewed, period 2")
    assert (entry.kind, entry.available, entry.actor_name) == ("post", -10 * EURO, "System")
    row = AuditEntry.objects.get(action="plan_subscription.renewed")
    assert (row.before["period"], row.after["period"]) == (1, 2)
    run = held.periods.get(number=2)
    assert (run.starts_at, run.ends_at, run.charged) == (FEB_28, MAR_31, 10 * EURO)


def test_events_of_the_account_stay_numbered_without_gap(held):
    renew(FEB_28)

    account = Account.objects.get(pk=held.account_id)
    assert len(events_of(account)) == account.event_seq


def test_missed_periods_are_logged_in_order_and_neither_given_nor_charged(held):
    """Down from before 28 February until 10 May: the periods from 28 February and 31 March are
    over, that from 30 April runs."""
    use(buckets(held)[0], GB)

    renew(datetime(2026, 5, 10, tzinfo=UTC))

    assert periods(held) == [(1, "started"), (2, "missed"), (3, "missed"), (4, "renewed")]
    assert money_left(held.account) == 80 * EURO
    assert [each.available for each in buckets(held)] == [0, 10 * GB]
    now = again(held)
    assert now.period_starts_at == datetime(2026, 4, 30, 10, tzinfo=UTC)
    assert now.period_ends_at == datetime(2026, 5, 31, 10, tzinfo=UTC)
    [(_, told)] = events_of(held.account, "plan_subscription.renewed")
    assert told["missed_periods"] == 2


def test_the_border_is_the_subscribers_not_the_operators(northwind):
    """A day that began at noon in Auckland ends at noon in Auckland, over its clock change."""
    start = datetime(2026, 4, 3, 23, tzinfo=UTC)  # 4 April, 12:00 NZDT (UTC+13)
    account = make_account("100", now=start, time_zone="Pacific/Auckland")
    held = subscribe(account, make_version(renewal="day", now=start), start)

    assert held.period_ends_at == datetime(2026, 4, 5, 0, tzinfo=UTC)  # 12:00 NZST (UTC+12)


def test_a_plan_without_renewal_is_never_due(northwind, now):
    held = subscribe(make_account(now=now), make_version(renewal="none", now=now), now)

    assert (held.period_ends_at, held.due_at) == (None, None)
    assert renew(now + 1000 * DAY).settled == 0


def test_a_plan_that_does_not_renew_by_itself_ends_with_its_period(northwind, now):
    version = make_version(renewal="day", auto_renews=False, now=now)
    held = subscribe(make_account("100", now=now), version, now)

    renew(now + 2 * DAY)

    over = again(held)
    assert (over.state, over.end_reason, over.ends_at) == ("ended", "period_over", now + DAY)
    assert money_left(held.account) == 100 * EURO
    assert buckets(held)[0].expired == 10 * GB


def test_a_terminated_account_is_not_renewed(held):
    from portal.tenancy.actor import SYSTEM
    from subscribers.services import change_account_state

    change_account_state(account=held.account, state="terminated", actor=SYSTEM, now=JAN_31)

    renew(FEB_28)

    assert again(held).end_reason == "account_terminated"
    assert money_left(held.account) == 90 * EURO


def test_the_test_clock_of_a_sandbox_account_makes_it_due(held):
    Account.objects.filter(pk=held.account_id).update(clock_offset=28 * 86_400)

    renew(JAN_31 + timedelta(seconds=60))

    assert periods(held) == [(1, "started"), (2, "renewed")]
    assert again(held).period_starts_at == FEB_28


def test_an_account_whose_clock_was_set_back_waits(held):
    Account.objects.filter(pk=held.account_id).update(clock_offset=-86_400)

    assert renew(FEB_28).settled == 0


def test_one_subscription_that_cannot_be_decided_does_not_sink_the_others(
    northwind, monkeypatch, caplog
):
    version = make_version(now=JAN_31)
    held = [
        subscribe(make_account("50", now=JAN_31, public_id=f"acc-{n}"), version, JAN_31)
        for n in range(3)
    ]
    give = decisions.give_period

    def break_one(one, *args, **kwargs):
        if one.id == held[1].pk:
            raise ZeroDivisionError
        return give(one, *args, **kwargs)

    monkeypatch.setattr(decisions, "give_period", break_one)

    done = renew(FEB_28)

    assert (done.settled, done.failed) == (2, 1)
    assert [money_left(each.account) for each in held] == [40 * EURO, 50 * EURO, 40 * EURO]
    assert again(held[1]).due_at == FEB_28 + timedelta(minutes=5)
    assert "cannot be renewed" in caplog.text
    monkeypatch.undo()
    renew(FEB_28 + timedelta(minutes=5))
    assert money_left(held[1].account) == 40 * EURO
    for each in held:
        assert_ledger_rebuilds_buckets(each.account)


def test_one_that_the_database_refuses_does_not_sink_the_others(northwind, caplog):
    """Somebody wrote its next period into the run log by hand: its row is refused."""
    version = make_version(now=JAN_31)
    held = [
        subscribe(make_account("50", now=JAN_31, public_id=f"acc-{n}"), version, JAN_31)
        for n in range(3)
    ]
    held[0].periods.create(number=2, starts_at=FEB_28, outcome="renewed", at=FEB_28)

    done = renew(FEB_28)

    assert (done.settled, done.failed) == (2, 1)
    assert [money_left(each.account) for each in held] == [50 * EURO, 40 * EURO, 40 * EURO]
    assert len(buckets(held[0])) == 1


def test_a_batch_takes_the_same_few_statements_however_many_it_renews(
    northwind, monkeypatch, django_assert_max_num_queries
):
    """Reads go through Django, writes through cursors of their own."""
    written = []

    class Counting(psycopg.Cursor):
        def execute(self, query, *args, **kwargs):
            written.append(query)
            return super().execute(query, *args, **kwargs)

    version = make_version("plan", data(), data(name="More", amount=GB), now=JAN_31)
    for n in range(40):
        subscribe(make_account("50", now=JAN_31, public_id=f"acc-{n}"), version, JAN_31)
    monkeypatch.setattr(psycopg, "Cursor", Counting)

    with django_assert_max_num_queries(18):
        assert sweep.renew_batch(now=FEB_28).settled == 40
    assert len(written) <= 9


def test_percent_marks_are_armed_again_and_measured_on_the_new_period(northwind):
    from decimal import Decimal

    from plans.specs import ThresholdSpec

    mark = ThresholdSpec(percent=Decimal(50))
    version = make_version("plan", data(10 * GB, thresholds=(mark,)), now=JAN_31)
    held = subscribe(make_account("100", now=JAN_31), version, JAN_31)
    use(buckets(held)[0], 9 * GB)
    assert len(events_of(held.account, "bucket.threshold_crossed")) == 1

    renew(FEB_28)
    use(buckets(held)[1], 4 * GB)
    assert len(events_of(held.account, "bucket.threshold_crossed")) == 1, "6 of 10 GB are left"
    use(buckets(held)[1], 1 * GB)

    [_, (_, told)] = events_of(held.account, "bucket.threshold_crossed")
    assert (told["limit"], told["after"]) == (5 * GB, 5 * GB)
