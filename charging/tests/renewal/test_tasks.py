"""What beat starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from charging import tasks
from charging.tests.renewal.selling import (
    DAY,
    HOUR,
    make_account,
    make_version,
    periods,
    subscribe,
)
from subscribers.models import Account


def test_an_operator_is_due_once_one_of_its_plans_is(northwind, now):
    subscribe(make_account("50", now=now), make_version(renewal="day", now=now), now)

    assert list(tasks.tenants_with_due_plans(now=now + DAY - HOUR)) == []
    assert list(tasks.tenants_with_due_plans(now=now + DAY)) == [northwind]


def test_a_clock_that_was_moved_on_makes_its_operator_due(northwind, now):
    account = make_account("50", now=now)
    subscribe(account, make_version(renewal="day", now=now), now)
    Account.objects.filter(pk=account.pk).update(clock_offset=2 * 86_400)

    assert list(tasks.tenants_with_due_plans(now=now)) == [northwind]


def test_the_sweep_sends_workers_and_each_does_what_is_due(northwind, monkeypatch):
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    version = make_version(renewal="day", now=yesterday)
    held = subscribe(make_account("50", now=yesterday), version, yesterday)
    sent = []
    monkeypatch.setattr(
        tasks.renew_plan_subscriptions, "apply_async", lambda **call: sent.append(call["kwargs"])
    )

    tasks.sweep_plan_subscriptions()
    for kwargs in sent:
        tasks.renew_plan_subscriptions(**kwargs)

    assert [each["tenant_id"] for each in sent] == [northwind.pk] * tasks.RENEWAL_HANDS
    assert periods(held) == [(1, "started"), (2, "renewed")]
