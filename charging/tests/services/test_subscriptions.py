from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.tests.services.reading import (
    assert_ledger_rebuilds_buckets,
    bucket_named,
    events_of,
    money_of,
)
from plans.models import PlanVersion
from plans.specs import AllowanceSpec, VersionSpec
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers.models import Account, PlanSubscription
from subscribers.services import change_account_state
from tests import factories

GIGABYTE = 2**30
EURO = 10**9


def open_account(now, **fields) -> Account:
    return services.open_account(**{"public_id": "crm-1", "actor": SYSTEM, "now": now, **fields})


def test_an_account_with_a_plan_has_a_full_bucket_for_each_allowance_and_a_main_balance(flex, now):
    account = open_account(now, plan_code="flex-20")

    found = Bucket.objects.filter(account=account).order_by("name")
    assert [(b.name, b.unit, b.granted, b.available) for b in found] == [
        ("Main balance", "NANO_MONEY", 0, 0),
        ("National data", "OCTETS", 20 * GIGABYTE, 20 * GIGABYTE),
        ("SMS", "EVENTS", 500, 500),
        ("Voice", "SECONDS", 18_000, 18_000),
    ]
    assert_ledger_rebuilds_buckets(account)


def test_a_bucket_that_begins_full_crosses_no_mark(account):
    assert events_of(account, "bucket.threshold_crossed") == []


def test_a_bucket_knows_its_allowance_and_ends_with_the_period(flex, now):
    account = open_account(now, plan_code="flex-20")

    bucket = bucket_named(account, "National data")
    allowance = flex.allowances.get(name="National data")
    assert (bucket.allowance, bucket.allowance_key) == (allowance, allowance.key)
    assert bucket.weight == allowance.weight
    # 30 days from 10:30 in Berlin on 2 March: 10:30 on 1 April, by then in summer time.
    assert bucket.expires_at == datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
    assert bucket.plan_subscription.period_ends_at == bucket.expires_at
    assert money_of(account).expires_at is None


def test_the_zone_of_the_account_decides_when_the_period_ends(flex, now):
    account = open_account(now, plan_code="flex-20", time_zone="Asia/Kolkata")

    assert PlanSubscription.objects.get(account=account).period_ends_at == now + timedelta(days=30)


def test_an_allowance_may_have_a_life_of_its_own(northwind, now):
    spec = VersionSpec(
        currency="EUR",
        renewal="month",
        renewal_count=1,
        allowances=(
            AllowanceSpec(name="Welcome", service="data", amount=GIGABYTE, validity_days=3),
        ),
    )
    factories.make_published_plan("welcome", spec=spec, now=now)

    account = open_account(now, plan_code="welcome")

    assert bucket_named(account, "Welcome").expires_at == now + timedelta(days=3)


def test_the_start_of_a_plan_is_told_with_what_was_given(flex, now):
    account = open_account(now, plan_code="flex-20")

    [(_, told)] = events_of(account, "plan_subscription.started")
    assert (told["plan"], told["version"], told["charged"]) == ("flex-20", 1, 0)
    assert [(given["bucket"], given["amount"]) for given in told["buckets"]] == [
        ("National data", 20 * GIGABYTE),
        ("Voice", 18_000),
        ("SMS", 500),
    ]
    assert AuditEntry.objects.filter(action="plan_subscription.started").count() == 1


@pytest.mark.parametrize(
    ("plan_code", "currency"), [("nothing", "EUR"), ("draft-only", "EUR"), ("flex-20", "USD")]
)
def test_a_plan_that_cannot_be_had_is_named_and_no_account_is_left_behind(
    flex, now, plan_code, currency
):
    factories.make_plan("draft-only", name="Later", now=now)

    with pytest.raises(Invalid) as invalid:
        open_account(now, plan_code=plan_code, currency=currency)

    assert [error.path for error in invalid.value.errors] == ["plan"]
    assert not Account.objects.exists()


def subscribe(account, version, now, **fields) -> PlanSubscription:
    return services.start_plan_subscription(
        account=account, version=version, actor=SYSTEM, now=now, **fields
    )


def test_only_a_published_version_can_be_subscribed_to(flex, now):
    account = open_account(now)
    draft = factories.make_plan("later", now=now).versions.get()

    with pytest.raises(services.NotPublished):
        subscribe(account, draft, now)


def test_a_version_in_another_currency_is_refused(flex, now):
    account = open_account(now, currency="USD")

    with pytest.raises(services.CurrencyMismatch):
        subscribe(account, flex, now)


def test_a_terminated_account_gets_no_plan(flex, now):
    account = open_account(now)
    change_account_state(account=account, state="terminated", actor=SYSTEM, now=now)

    with pytest.raises(services.AccountTerminated):
        subscribe(account, flex, now)


def test_the_price_is_taken_from_the_main_balance_when_it_is_asked_for(flex, now):
    account = open_account(now)
    factories.top_up(account, "25.00", now=now)

    subscribe(account, flex, now, charge_price=True)

    money = money_of(account)
    assert (money.available, money.used) == (5_100_000_000, 19_900_000_000)  # 25.00 − 19.90
    entry = LedgerEntry.objects.get(bucket=money, kind="post")
    assert (entry.available, entry.used, entry.reason) == (
        -19_900_000_000,
        19_900_000_000,
        "Flex 20 v1 begins",
    )
    [(_, told)] = events_of(account, "plan_subscription.started")
    assert told["charged"] == 19_900_000_000


def test_a_price_that_the_main_balance_does_not_cover_changes_nothing(flex, now):
    account = open_account(now)
    factories.top_up(account, "19.89", now=now)

    with pytest.raises(services.NotEnoughMoney):
        subscribe(account, flex, now, charge_price=True)

    assert money_of(account).available == 19_890_000_000
    assert not PlanSubscription.objects.exists()
    assert Bucket.objects.count() == 1


def test_the_credit_limit_counts_for_the_price(flex, now):
    account = open_account(now)
    Account.objects.filter(pk=account.pk).update(credit_limit=20 * EURO)

    subscribe(account, flex, now, charge_price=True)

    assert money_of(account).available == -19_900_000_000


def test_the_test_clock_of_a_sandbox_account_dates_its_period(flex, now):
    account = open_account(now)
    Account.objects.filter(pk=account.pk).update(clock_offset=10 * 86_400)

    held = subscribe(account, flex, now)

    assert held.starts_at == now + timedelta(days=10)
    assert bucket_named(account, "SMS").valid_from == held.starts_at


def end(held, now) -> PlanSubscription:
    return services.end_plan_subscription(subscription=held, actor=SYSTEM, now=now)


def test_ending_a_plan_expires_what_is_left_and_says_so(account, now):
    held = PlanSubscription.objects.get(account=account)
    later = now + timedelta(days=2)

    end(held, later)

    data = bucket_named(account, "National data")
    assert (data.available, data.expired, data.expires_at) == (0, 20 * GIGABYTE, later)
    assert (held.ends_at, held.period_ends_at) == (later, None)
    told = {
        payload["bucket"]: payload["amount"] for _, payload in events_of(account, "bucket.expired")
    }
    assert told == {"National data": 20 * GIGABYTE, "Voice": 18_000, "SMS": 500}
    assert_ledger_rebuilds_buckets(account)


def test_reserved_units_stay_with_their_session_when_a_plan_ends(account, now):
    """The session hands them back as expired."""
    Bucket.objects.filter(name="SMS").update(available=498, reserved=2)

    end(PlanSubscription.objects.get(account=account), now + timedelta(days=1))

    sms = bucket_named(account, "SMS")
    assert (sms.available, sms.reserved, sms.expired) == (0, 2, 498)


def test_ending_twice_changes_nothing(account, now):
    held = PlanSubscription.objects.get(account=account)
    end(held, now)
    before = LedgerEntry.objects.count()

    end(held, now + timedelta(days=1))

    assert LedgerEntry.objects.count() == before
    assert len(events_of(account, "plan_subscription.ended")) == 1


def test_changing_the_plan_ends_one_and_starts_the_other_at_one_instant(account, now):
    small = factories.make_published_plan(
        "small",
        name="Small",
        spec=VersionSpec(
            currency="EUR",
            allowances=(AllowanceSpec(name="Small data", service="data", amount=GIGABYTE),),
        ),
        now=now,
    )
    later = now + timedelta(days=5)

    services.change_plan(account=account, version=small, actor=SYSTEM, now=later)

    old, new = PlanSubscription.objects.filter(account=account).order_by("pk")
    assert (old.ends_at, new.starts_at, new.ends_at) == (later, later, None)
    assert bucket_named(account, "Small data").available == GIGABYTE
    assert money_of(account).expires_at is None, "money is no part of the plan"


def test_a_failed_change_of_plan_keeps_the_old_one(account, flex, now):
    with pytest.raises(services.NotEnoughMoney):
        services.change_plan(
            account=account, version=flex, charge_price=True, actor=SYSTEM, now=now
        )

    assert PlanSubscription.objects.get(account=account).ends_at is None
    assert bucket_named(account, "SMS").available == 500


def test_a_retired_version_is_not_offered_any_more(account, flex, now):
    PlanVersion.objects.filter(pk=flex.pk).update(state="retired", retired_at=now)
    flex.refresh_from_db()

    with pytest.raises(services.NotPublished):
        subscribe(account, flex, now)
