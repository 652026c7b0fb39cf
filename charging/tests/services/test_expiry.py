from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import Bucket, LedgerEntry
from charging.services.expiry import sweep_expired
from charging.tasks import sweep_expired_buckets, tenants_with_due_buckets
from charging.tests.services.reading import (
    assert_ledger_rebuilds_buckets,
    bucket_named,
    events_of,
)
from charging.verification import discrepancies
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.locking import lock_account
from subscribers.models import Account, PlanSubscription
from tests import factories

DAY = timedelta(days=1)


def give(account, name, amount, *, now, days, **more) -> Bucket:
    """A gift of seconds that is valid for so many days."""
    with transaction.atomic():
        return ledger.open_bucket(
            account=account, amount=amount, cause=Cause(actor=SYSTEM, now=now), name=name,
            service="voice", unit="SECONDS", valid_from=now, expires_at=now + days * DAY, **more,
        )  # fmt: skip


def test_what_is_left_past_the_end_expires_once_and_is_told(account, now):
    give(account, "Gift", 600, now=now, days=1)

    assert sweep_expired(now=now + DAY - timedelta(seconds=1)).buckets == 0
    assert sweep_expired(now=now + DAY).expired == 1
    assert sweep_expired(now=now + 2 * DAY).buckets == 0

    gift = bucket_named(account, "Gift")
    assert (gift.granted, gift.available, gift.expired) == (600, 0, 600)
    entry = LedgerEntry.objects.get(bucket=gift, kind="expire")
    assert (entry.available, entry.expired, entry.available_after) == (-600, 600, 0)
    [(_, told)] = events_of(account, "bucket.expired")
    assert (told["bucket"], told["amount"], told["unit"]) == ("Gift", 600, "SECONDS")
    assert_ledger_rebuilds_buckets(account)
    assert discrepancies() == []


def test_debt_and_reservations_stay(account, now):
    debt = give(account, "Debt", 60, now=now, days=1)
    held = give(account, "Held", 60, now=now, days=1)
    Bucket.objects.filter(pk=debt.pk).update(available=-30, used=90)
    Bucket.objects.filter(pk=held.pk).update(available=10, reserved=50)

    assert sweep_expired(now=now + DAY).expired == 1

    debt.refresh_from_db()
    held.refresh_from_db()
    assert (debt.available, debt.expired, debt.is_swept) == (-30, 0, True)
    assert (held.available, held.reserved, held.expired) == (0, 50, 10)


def test_a_counter_past_its_end_is_no_loss(account, now):
    counter = give(account, "Counter", 600, now=now, days=1, role="counts")

    assert sweep_expired(now=now + DAY).expired == 0
    counter.refresh_from_db()
    assert (counter.available, counter.is_swept) == (600, True)
    assert events_of(account, "bucket.expired") == []


def test_what_a_renewal_is_due_for_is_left_to_it(account, now):
    later = now + 31 * DAY

    assert sweep_expired(now=later).buckets == 0
    PlanSubscription.objects.filter(account=account).update(period_ends_at=now + 60 * DAY)
    assert sweep_expired(now=later).expired == 3
    assert sorted(told["bucket"] for _, told in events_of(account, "bucket.expired")) == [
        "National data", "SMS", "Voice",
    ]  # fmt: skip


def test_the_test_clock_of_a_sandbox_counts(account, now, northwind):
    give(account, "Gift", 600, now=now, days=1)
    assert northwind not in tenants_with_due_buckets(now=now)
    Account.objects.filter(pk=account.pk).update(clock_offset=86_400)

    assert northwind in tenants_with_due_buckets(now=now)
    assert sweep_expired(now=now).expired == 1


def test_the_task_sweeps_every_tenant_in_batches(account, now, northwind):
    for number in range(3):
        give(account, f"Old gift {number}", 60, now=now - 400 * DAY, days=1)

    assert sweep_expired(now=now, limit=2).buckets == 2
    sweep_expired_buckets()

    assert Bucket.objects.filter(name__startswith="Old", expired=60, is_swept=True).count() == 3


@pytest.fixture
def tenant(committed_db):
    return factories.make_tenant()


def test_workers_side_by_side_expire_each_bucket_once_and_pass_over_busy_accounts(tenant, now):
    with tenant_scope(tenant):
        accounts = [factories.make_account(f"acc-{number}", now=now) for number in range(12)]
        for account in accounts:
            give(account, "Gift", 60, now=now, days=1)

    def sweep(_: int) -> int:
        try:
            with tenant_scope(tenant):
                return sum(sweep_expired(now=now + DAY, limit=5).expired for _ in range(40))
        finally:
            connections.close_all()

    with tenant_scope(tenant), transaction.atomic():
        lock_account(accounts[0].pk)  # busy: nobody waits for it
        with ThreadPoolExecutor(4) as pool:
            swept = list(pool.map(sweep, range(4)))
    with tenant_scope(tenant):
        assert sum(swept) == 11
        assert sweep_expired(now=now + DAY).expired == 1
        assert LedgerEntry.objects.filter(kind="expire").count() == 12
        assert [len(events_of(account, "bucket.expired")) for account in accounts] == [1] * 12
        assert discrepancies() == []
