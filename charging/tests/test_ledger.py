from __future__ import annotations

import pytest
from django.db import transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import Bucket, LedgerEntry
from charging.tests.services.reading import bucket_named, events_of
from portal.tenancy.actor import SYSTEM


@pytest.fixture
def cause(now) -> Cause:
    return Cause(actor=SYSTEM, now=now, reason="because")


def test_an_entry_is_made_from_what_the_bucket_holds_and_not_from_a_stale_copy(account, cause):
    stale, fresh = bucket_named(account, "SMS"), bucket_named(account, "SMS")
    with transaction.atomic():
        ledger.issue(account=account, bucket=fresh, amount=5, cause=cause)

        entry = ledger.issue(account=account, bucket=stale, amount=5, cause=cause)

    assert entry.available_after == stale.available == 510
    assert bucket_named(account, "SMS").granted == 510


def test_expiry_takes_what_is_available_and_leaves_debt_alone(account, cause):
    sms, voice = bucket_named(account, "SMS"), bucket_named(account, "Voice")
    Bucket.objects.filter(pk=voice.pk).update(available=-60, used=18_060)
    with transaction.atomic():
        entry = ledger.expire(account=account, bucket=sms, cause=cause)
        assert ledger.expire(account=account, bucket=voice, cause=cause) is None

    assert entry is not None
    assert (entry.available, entry.expired, entry.available_after) == (-500, 500, 0)
    assert bucket_named(account, "Voice").available == -60


def test_spending_crosses_marks_as_use_does(account, cause):
    """300 minutes: 20 % is 60. Spending 240 leaves exactly 60, which is low."""
    with transaction.atomic():
        ledger.spend(
            account=account, bucket=bucket_named(account, "Voice"), amount=240 * 60, cause=cause
        )

    [(_, told)] = events_of(account, "bucket.threshold_crossed")
    assert (told["threshold"], told["state"], told["after"]) == ("20 %", "low", 3_600)
    assert (told["bucket"], told["unit"], told["account"]) == ("Voice", "SECONDS", "acc-1")


def test_the_ledger_cannot_be_rewritten(account):
    entry = LedgerEntry.objects.filter(account=account).first()
    assert entry is not None
    entry.reason = "something else"

    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        entry.save()
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        entry.delete()


def test_a_bucket_whose_parts_do_not_add_up_is_refused_by_the_database(account):
    with pytest.raises(Exception, match="bucket_units_add_up"), transaction.atomic():
        Bucket.objects.filter(account=account).update(used=1)
