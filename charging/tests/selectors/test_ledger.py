from __future__ import annotations

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.selectors import ledger_of, waterfall_of
from charging.selectors.ledger import CHANGES, kinds_of
from portal.tenancy.actor import SYSTEM
from tests import factories


def use(bucket: Bucket, amount: int, now, *, from_reserve: int = 0) -> None:
    """As the charger writes it: used instead of available or reserved."""
    bucket.refresh_from_db()
    bucket.available -= amount - from_reserve
    bucket.reserved -= from_reserve
    bucket.used += amount
    bucket.save()
    LedgerEntry.objects.create(
        account=bucket.account,
        bucket=bucket,
        kind="post",
        available=from_reserve - amount,
        reserved=-from_reserve,
        used=amount,
        available_after=bucket.available,
        at=now,
    )


def reserve(bucket: Bucket, amount: int, now) -> None:
    bucket.refresh_from_db()
    bucket.available -= amount
    bucket.reserved += amount
    bucket.save()
    LedgerEntry.objects.create(
        account=bucket.account,
        bucket=bucket,
        kind="reserve",
        available=-amount,
        reserved=amount,
        available_after=bucket.available,
        at=now,
    )


def test_a_waterfall_goes_from_the_first_change_to_what_is_left(account, now):
    """500 given, 10 used in two goes of which one was reserved before, 20 given, 4 reserved."""
    sms = Bucket.objects.get(account=account, name="SMS")
    use(sms, 3, now)
    reserve(sms, 7, now)
    use(sms, 7, now, from_reserve=7)
    services.top_up_units(
        account=account, service="sms", amount=20, reason="Gift", actor=SYSTEM, now=now
    )
    reserve(sms, 4, now)
    sms.refresh_from_db()

    steps = waterfall_of(sms)

    assert [(step.label, step.entries, step.change, step.after) for step in steps] == [
        ("Flex 20 v1, period 1", 1, 500, 500),
        ("Used", 2, -10, 490),
        ("Gift", 1, 20, 510),
    ]
    assert steps[-1].after == sms.available + sms.reserved


def test_a_long_history_shows_its_newest_changes(account, now):
    for number in range(20):
        factories.top_up(account, "1", now=now, request_key=f"k{number}")
    money = Bucket.objects.get(account=account, service="money")

    steps = waterfall_of(money, steps_max=5)

    assert [step.after for step in steps] == [n * 10**9 for n in (16, 17, 18, 19, 20)]


def test_kinds_are_one_all_or_what_a_subscriber_notices():
    assert kinds_of("reserve") == ("reserve",)
    assert kinds_of("all") == kinds_of("nonsense") == ()
    assert set(kinds_of(CHANGES)) == {"issue", "post", "expire", "adjust", "transfer", "reverse"}


def test_the_ledger_of_an_account_is_its_own_and_newest_first(account, flex, now):
    factories.make_account("acc-2", plan_code="flex-20", now=now)
    factories.top_up(account, "1", now=now)

    entries = list(ledger_of(account))

    assert [entry.bucket.name for entry in entries] == [
        "Main balance",
        "SMS",
        "Voice",
        "National data",
    ]
