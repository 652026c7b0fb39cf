"""Many hands on one account, each on a connection of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import pytest
from django.db import connections, transaction

from charging import ledger, services
from charging.models import LedgerEntry
from charging.tests.services.reading import (
    assert_ledger_rebuilds_buckets,
    bucket_named,
    events_of,
    money_of,
)
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from tests import factories

EURO = 10**9
HANDS = 8


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant()


@pytest.fixture
def account(tenant: Tenant, now: datetime) -> Account:
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        return factories.make_account("acc-1", plan_code="flex-20", now=now)


def at_once(tenant: Tenant, acts: Iterable[Callable[[], object]]) -> list[object]:
    """What the acts return, or raise, when they run side by side."""

    def run(act: Callable[[], object]) -> object:
        try:
            with tenant_scope(tenant):
                return act()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(run, acts))


def test_top_ups_and_adjustments_side_by_side_lose_nothing(tenant, account, now):
    """40 times 3 euro up, 40 times 1 euro down after 100 to begin with: 180 left."""
    with tenant_scope(tenant):
        factories.top_up(account, "100", now=now)
        money = money_of(account)
    top_up = partial(
        services.top_up_money,
        account=account,
        amount=3 * EURO,
        reason="Voucher",
        actor=SYSTEM,
        now=now,
    )
    take = partial(
        services.adjust_bucket,
        delta=-EURO,
        reason="goodwill",
        actor=SYSTEM,
        now=now,
    )

    with tenant_scope(tenant):
        own = [type(money).objects.get(pk=money.pk) for _ in range(40)]
    results = at_once(tenant, [act for b in own for act in (top_up, partial(take, bucket=b))])

    assert {type(result) for result in results} == {LedgerEntry}
    with tenant_scope(tenant):
        assert money_of(account).available == 180 * EURO
        assert_ledger_rebuilds_buckets(account)


def test_the_last_unit_is_taken_once(tenant, account, now):
    """500 SMS and twelve hands that take 100 each: five succeed."""
    with tenant_scope(tenant):
        buckets = [bucket_named(account, "SMS") for _ in range(12)]
    take = partial(services.adjust_bucket, delta=-100, reason="test", actor=SYSTEM, now=now)

    results = at_once(tenant, [partial(take, bucket=bucket) for bucket in buckets])

    assert Counter(type(result).__name__ for result in results) == {
        "LedgerEntry": 5,
        "AdjustmentTooLow": 7,
    }
    with tenant_scope(tenant):
        assert bucket_named(account, "SMS").available == 0
        assert len(events_of(account, "bucket.exhausted")) == 1
        assert_ledger_rebuilds_buckets(account)


def test_one_request_sent_twelve_times_at_once_counts_once(tenant, account, now):
    top_up = partial(
        services.top_up_money,
        account=account,
        amount=EURO,
        reason="Voucher",
        request_key="crm-17",
        actor=SYSTEM,
        now=now,
    )

    results = at_once(tenant, [top_up] * 12)

    assert len({result.pk for result in results}) == 1
    with tenant_scope(tenant):
        assert money_of(account).available == EURO


def test_one_key_sent_for_many_accounts_at_once_counts_for_one(tenant, account, now):
    with tenant_scope(tenant):
        others = [factories.make_account(f"other-{n}", now=now) for n in range(5)]
    top_up = partial(
        services.top_up_money,
        amount=EURO,
        reason="Voucher",
        request_key="crm-17",
        actor=SYSTEM,
        now=now,
    )

    results = at_once(tenant, [partial(top_up, account=each) for each in [account, *others]])

    assert Counter(type(result).__name__ for result in results) == {
        "LedgerEntry": 1,
        "RequestKeyReused": 5,
    }


def test_events_of_one_account_are_numbered_without_gap_or_double(tenant, account, now):
    top_up = partial(
        services.top_up_money, account=account, amount=EURO, reason="x", actor=SYSTEM, now=now
    )

    at_once(tenant, [top_up] * 20)

    with tenant_scope(tenant):
        account.refresh_from_db()
        assert len(events_of(account)) == account.event_seq == 22  # created, plan started, 20


def test_of_two_base_plans_bought_at_once_there_is_one(tenant, account, now):
    with tenant_scope(tenant):
        version = account.plan_subscriptions.get().version
        other = factories.make_account("acc-2", now=now)
        factories.top_up(other, "50", now=now)
    start = partial(
        services.start_plan_subscription,
        account=other,
        version=version,
        charge_price=True,
        actor=SYSTEM,
        now=now,
    )

    results = at_once(tenant, [start, start])

    names = Counter(type(result).__name__ for result in results)
    assert names == {"PlanSubscription": 1, "Invalid": 1}
    with tenant_scope(tenant):
        assert money_of(other).available == 30_100_000_000  # 50 − 19.90, once
        assert_ledger_rebuilds_buckets(other)


def test_transfers_both_ways_at_once_wait_for_each_other_and_lose_nothing(
    tenant: Tenant, account: Account, now: datetime
) -> None:
    """Both locks are taken in the order of their ids, whichever side gives."""
    with tenant_scope(tenant):
        other = factories.make_account("acc-2", now=now)
        factories.top_up(account, "50.00", now=now)
        factories.top_up(other, "50.00", now=now)

    def send(source: Account, target: Account) -> object:
        return services.transfer_amount(
            source=money_of(source), target=money_of(target), amount=EURO, reason="request",
            actor=SYSTEM, now=now,
        )  # fmt: skip

    acts = [partial(send, account, other), partial(send, other, account)] * 20
    made = at_once(tenant, acts)

    assert all(isinstance(one, LedgerEntry) for one in made), made
    with tenant_scope(tenant):
        assert money_of(account).available == money_of(other).available == 50 * EURO
        assert_ledger_rebuilds_buckets(account)
        assert_ledger_rebuilds_buckets(other)


def test_a_charge_that_many_reverse_at_once_is_given_back_once(
    tenant: Tenant, account: Account, now: datetime
) -> None:
    with tenant_scope(tenant):
        factories.top_up(account, "10.00", now=now)
        with transaction.atomic():
            charge = ledger.spend(
                account=account,
                bucket=money_of(account),
                amount=EURO,
                cause=ledger.Cause(actor=SYSTEM, now=now),
            )

    def give_back() -> object:
        entry = LedgerEntry.objects.select_related("account", "bucket").get(pk=charge.pk)
        return services.reverse_entry(entry=entry, reason="goodwill", actor=SYSTEM, now=now)

    made = Counter(type(one) for one in at_once(tenant, [give_back] * HANDS))

    assert made == {LedgerEntry: 1, services.AlreadyReversed: HANDS - 1}
    with tenant_scope(tenant):
        assert money_of(account).available == 10 * EURO
