from __future__ import annotations

from datetime import timedelta

import pytest

from charging.models import Bucket, LedgerEntry
from charging.selectors import balances_of, counters_of
from charging.services import sharing
from charging.services.expiry import sweep_expired
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, bucket_named, money_of
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers.models import PlanSubscription
from tests import factories

GIGABYTE = 2**30


@pytest.fixture
def child(account, now):
    """Below acc-1, which shares its data until its plan renews in 30 days."""
    child = factories.make_account("child", now=now)
    data = bucket_named(account, "National data")
    sharing.change_bucket(bucket=data, is_shared=True, actor=SYSTEM, now=now)
    return sharing.set_parent(account=child, parent=account, actor=SYSTEM, now=now)


def cap(account, amount, now, *, scope="parent", service="data"):
    return sharing.set_cap(
        account=account, scope=scope, service=service, amount=amount, actor=SYSTEM, now=now
    )


def test_a_cap_is_a_counter_of_the_child_that_ends_with_the_parents_period(account, child, now):
    counter = cap(child, 5 * GIGABYTE, now)

    assert (counter.account_id, counter.role, counter.caps) == (child.pk, "counts", "parent")
    assert (counter.granted, counter.available, counter.used) == (5 * GIGABYTE, 5 * GIGABYTE, 0)
    held = PlanSubscription.objects.get(account=account)
    assert counter.expires_at == held.period_ends_at
    assert counter.name == "Taken from the parent: data"
    assert_ledger_rebuilds_buckets(child)


def test_counters_are_no_balances(child, now):
    cap(child, 5 * GIGABYTE, now)

    assert [one.bucket.name for one in balances_of(child, now=now)] == ["Main balance"]
    [counter] = counters_of(child, now=now)
    assert (counter.used, counter.limit, counter.left) == (0, 5 * GIGABYTE, 5 * GIGABYTE)


def test_another_cap_keeps_what_was_taken(child, now):
    counter = cap(child, 5 * GIGABYTE, now)
    Bucket.objects.filter(pk=counter.pk).update(available=2 * GIGABYTE, used=3 * GIGABYTE)

    changed = cap(child, 2 * GIGABYTE, now)

    assert changed.pk == counter.pk
    changed.refresh_from_db()
    assert (changed.granted, changed.available, changed.used) == (
        2 * GIGABYTE, -GIGABYTE, 3 * GIGABYTE,
    )  # fmt: skip
    assert [one.after for one in AuditEntry.objects.filter(action="account.cap_changed")] == [
        {"Taken from the parent: data": f"{5 * GIGABYTE} octets"},
        {"Taken from the parent: data": f"{2 * GIGABYTE} octets"},
    ]


def test_a_cap_is_renewed_with_the_cycle_and_begins_at_nothing(child, now):
    counter = cap(child, 5 * GIGABYTE, now)
    Bucket.objects.filter(pk=counter.pk).update(available=GIGABYTE, used=4 * GIGABYTE)
    later = counter.expires_at

    assert sweep_expired(now=later).buckets == 1

    fresh = sharing.caps_of(child).first()
    assert fresh.pk != counter.pk
    assert (fresh.granted, fresh.used, fresh.valid_from) == (5 * GIGABYTE, 0, later)
    assert fresh.expires_at > later + timedelta(days=27)
    assert sweep_expired(now=later).buckets == 0


def test_a_cap_ends_with_the_tie(account, child, now):
    counter = cap(child, 5 * GIGABYTE, now)

    sharing.set_parent(account=child, parent=None, actor=SYSTEM, now=now)

    counter.refresh_from_db()
    assert (counter.caps, counter.expires_at) == ("", now)
    assert sweep_expired(now=now + timedelta(days=40)).buckets == 0
    assert not sharing.caps_of(child).exists()


def test_a_cap_is_taken_off(child, now):
    cap(child, 5 * GIGABYTE, now)

    assert cap(child, None, now) is None

    assert not sharing.caps_of(child).exists()


def test_a_cap_needs_somebody_who_shares_and_an_amount(account, child, now):
    with pytest.raises(Invalid, match="no group"):
        cap(child, GIGABYTE, now, scope="group")
    with pytest.raises(Invalid, match="above 0"):
        cap(child, 0, now)


def test_sharing_and_blocking_a_balance_is_audited(account, now):
    money = money_of(account)

    sharing.change_bucket(
        bucket=money, is_shared=True, is_disabled=True, reason="Lost", actor=SYSTEM, now=now
    )
    sharing.change_bucket(bucket=money, is_shared=True, actor=SYSTEM, now=now)

    money.refresh_from_db()
    assert (money.is_shared, money.is_disabled) == (True, True)
    [audited] = AuditEntry.objects.filter(action="bucket.changed")
    assert audited.after == {"Main balance shared": True, "Main balance disabled": True}
    assert not LedgerEntry.objects.filter(bucket=money).exists()
