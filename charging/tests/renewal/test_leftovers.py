"""What becomes of what is left: new, extend, replace, roll over; figures by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging.models import Bucket, LedgerEntry
from charging.services.expiry import sweep_expired
from charging.tests.renewal.selling import (
    GB,
    buckets,
    data,
    make_account,
    make_version,
    renew,
    subscribe,
    use,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of

START = datetime(2026, 4, 1, 8, tzinfo=UTC)
MAY, JUNE, JULY, AUGUST, SEPTEMBER = (
    datetime(2026, month, 1, 8, tzinfo=UTC) for month in range(5, 10)
)


@pytest.fixture
def sell(northwind):
    def sell(**terms):
        version = make_version("plan", data(10 * GB, **terms), now=START)
        return subscribe(make_account("100", now=START), version, START)

    return sell


def left(held) -> list[tuple[str, int]]:
    """What may be used, in GB, in the order in which the buckets were made."""
    return [(b.name, b.available // GB) for b in buckets(held) if b.available]


def test_new_leaves_a_bucket_that_lives_longer_as_it_is(sell):
    held = sell(renewal="new", validity_days=45)
    use(buckets(held)[0], 4 * GB)

    renew(MAY)

    assert left(held) == [("Data", 6), ("Data", 10)]
    assert buckets(held)[0].expires_at == datetime(2026, 5, 16, 8, tzinfo=UTC)


def test_replace_expires_even_a_bucket_that_would_live_longer(sell):
    held = sell(renewal="replace", validity_days=45)
    use(buckets(held)[0], 4 * GB)

    renew(MAY)

    assert left(held) == [("Data", 10)]
    old = buckets(held)[0]
    assert (old.expired, old.expires_at) == (6 * GB, MAY)
    assert_ledger_rebuilds_buckets(held.account)


def test_extend_adds_what_is_left_to_the_new_period_by_a_transfer(sell):
    held = sell(renewal="extend")
    use(buckets(held)[0], 4 * GB)

    renew(MAY)

    assert left(held) == [("Data", 16)]
    new = buckets(held)[-1]
    assert (new.granted, new.expires_at) == (16 * GB, JUNE)
    pair = LedgerEntry.objects.filter(kind="transfer").order_by("pk")
    assert [entry.available for entry in pair] == [-6 * GB, 6 * GB]
    assert len({entry.reference for entry in pair}) == 1
    assert_ledger_rebuilds_buckets(held.account)


def test_what_a_session_holds_of_an_extended_bucket_comes_back_usable(sell):
    held = sell(renewal="extend")
    Bucket.objects.filter(plan_subscription=held).update(available=8 * GB, reserved=2 * GB)

    renew(MAY)

    old, new = buckets(held)
    assert (old.available, old.reserved, old.expires_at) == (0, 2 * GB, JUNE)
    assert new.available == 18 * GB


def test_what_expired_within_the_period_is_not_carried_along(sell):
    held = sell(renewal="extend", validity_days=10)

    renew(MAY)

    assert left(held) == [("Data", 10)]


def test_rolled_over_units_are_their_own_bucket_and_used_first(sell):
    held = sell(renewal="roll_over")
    use(buckets(held)[0], 7 * GB)

    renew(MAY)

    assert left(held) == [("Data (rolled over)", 3), ("Data", 10)]
    rolled, new = buckets(held)
    assert rolled.expires_at == new.expires_at == JUNE
    assert rolled.weight == new.weight, "equal, so the older one pays first"
    [(_, told)] = events_of(held.account, "plan_subscription.renewed")
    assert [(each["bucket"], each["amount"]) for each in told["rolled_over"]] == [
        ("Data (rolled over)", 3 * GB)
    ]


def test_rolled_over_units_may_be_used_last(sell):
    held = sell(renewal="roll_over", roll_over_order="newest")
    renew(MAY)
    renew(JUNE)

    weights = [each.weight for each in buckets(held) if each.available]
    assert weights == [9, 9, 10], "one below the new one's, however often they are rolled over"


def test_units_roll_over_for_so_many_periods(sell):
    """One period: what April left may be used in May and is gone in June."""
    held = sell(renewal="roll_over", roll_over_periods_max=1)
    use(buckets(held)[0], 7 * GB)
    renew(MAY)
    use(buckets(held)[1], 8 * GB)

    renew(JUNE)

    assert left(held) == [("Data (rolled over)", 2), ("Data", 10)]
    assert buckets(held)[0].expired == 3 * GB
    assert_ledger_rebuilds_buckets(held.account)


def test_two_periods_keep_what_two_periods_left(sell):
    held = sell(renewal="roll_over", roll_over_periods_max=2)
    for month in (MAY, JUNE, JULY):
        use(buckets(held)[-1], 9 * GB)
        renew(month)

    assert left(held) == [("Data (rolled over)", 1), ("Data (rolled over)", 1), ("Data", 10)]
    assert buckets(held)[0].expired == GB, "April's"


def test_the_cap_holds_for_all_that_is_rolled_over_together(sell):
    """Cap 8 GB: 6 GB of April roll over; of May 5 GB are left and all roll over, and of April's
    6 GB only 3."""
    held = sell(renewal="roll_over", roll_over_amount_max=8 * GB)
    use(buckets(held)[0], 4 * GB)
    renew(MAY)
    assert left(held) == [("Data (rolled over)", 6), ("Data", 10)]
    use(buckets(held)[1], 5 * GB)

    renew(JUNE)

    assert left(held) == [("Data (rolled over)", 3), ("Data (rolled over)", 5), ("Data", 10)]
    assert buckets(held)[0].expired == 3 * GB
    assert_ledger_rebuilds_buckets(held.account)


def test_missed_periods_count_for_how_long_units_roll_over(sell):
    """Nobody renewed in May and June; April's rest, good for one period, is gone by July."""
    held = sell(renewal="roll_over", roll_over_periods_max=1)

    renew(JULY)

    assert left(held) == [("Data", 10)]
    assert buckets(held)[0].expired == 10 * GB


def test_the_expiry_sweep_leaves_what_waits_for_its_renewal(sell):
    held = sell(renewal="roll_over")

    sweep_expired(now=MAY)
    renew(MAY)

    assert left(held) == [("Data (rolled over)", 10), ("Data", 10)]


def test_reserved_units_of_an_old_bucket_stay_with_their_session(sell):
    held = sell()
    Bucket.objects.filter(plan_subscription=held).update(available=8 * GB, reserved=2 * GB)

    renew(MAY)

    old = buckets(held)[0]
    assert (old.available, old.reserved, old.expired) == (0, 2 * GB, 8 * GB)
