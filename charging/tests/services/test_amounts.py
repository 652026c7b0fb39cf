from __future__ import annotations

from datetime import timedelta

import pytest

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.tests.services.reading import (
    assert_ledger_rebuilds_buckets,
    bucket_named,
    events_of,
    money_of,
)
from plans.specs import AllowanceSpec, VersionSpec
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers.models import Account
from subscribers.services import change_account_state
from tests import factories

GIGABYTE = 2**30
EURO = 10**9

SUPPORT = Actor(kind="user", id=7, name="Sam Support", permissions=frozenset({"balances.adjust"}))
ADMIN = Actor(
    kind="user",
    id=8,
    name="Ada Admin",
    permissions=frozenset({"balances.adjust", "tenant.manage"}),
)
CLIENT = Actor(kind="client", id=9, name="crm", permissions=frozenset({"balances.adjust"}))


def add_money(account, amount, now, **fields) -> LedgerEntry:
    return services.top_up_money(
        **{
            "account": account,
            "amount": amount,
            "reason": "Voucher",
            "actor": SYSTEM,
            "now": now,
            **fields,
        }
    )


def add_units(account, service, amount, now, **fields) -> LedgerEntry:
    return services.top_up_units(
        **{
            "account": account,
            "service": service,
            "amount": amount,
            "reason": "Gift",
            "actor": SYSTEM,
            "now": now,
            **fields,
        }
    )


def adjust(bucket, delta, now, **fields) -> LedgerEntry:
    return services.adjust_bucket(
        **{
            "bucket": bucket,
            "delta": delta,
            "reason": "goodwill",
            "actor": SYSTEM,
            "now": now,
            **fields,
        }
    )


def use(bucket: Bucket, amount: int) -> None:
    """As the charger would: used instead of available."""
    Bucket.objects.filter(pk=bucket.pk).update(available=bucket.available - amount, used=amount)


# ── topping up ───────────────────────────────────────────────────────────────────────────────


def test_money_goes_to_the_main_balance_with_the_name_of_who_added_it(account, now):
    entry = add_money(account, 10 * EURO, now, actor=SUPPORT)

    assert (entry.kind, entry.available, entry.available_after) == ("issue", 10 * EURO, 10 * EURO)
    assert (entry.actor_kind, entry.actor_name, entry.reason) == ("user", "Sam Support", "Voucher")
    assert (entry.at, entry.granted) == (now, 10 * EURO)
    assert money_of(account).available == 10 * EURO
    [(_, told)] = events_of(account, "account.topped_up")
    assert (told["amount"], told["available"], told["currency"]) == ("10.00", "10.00", "EUR")
    audited = AuditEntry.objects.get(action="account.topped_up")
    assert audited.before == {"Main balance": "0.00 EUR"}
    assert audited.after == {"Main balance": "10.00 EUR"}


def test_a_repeated_top_up_is_answered_from_the_first_entry(account, now):
    first = add_money(account, 10 * EURO, now, request_key="crm-17")

    second = add_money(account, 10 * EURO, now + timedelta(hours=1), request_key="crm-17")

    assert second == first
    assert money_of(account).available == 10 * EURO
    assert len(events_of(account, "account.topped_up")) == 1


@pytest.mark.parametrize("change", [{"amount": 11 * EURO}, {"reason": "Cash"}])
def test_a_key_that_comes_back_with_another_request_is_refused(account, now, change):
    add_money(account, 10 * EURO, now, request_key="crm-17")

    with pytest.raises(services.RequestKeyReused):
        add_money(
            **{"account": account, "amount": 10 * EURO, "now": now, **change}, request_key="crm-17"
        )

    assert money_of(account).available == 10 * EURO


def test_a_key_belongs_to_one_account_one_service_and_one_kind_of_change(account, now):
    other = factories.make_account("acc-2", now=now)
    add_money(account, 500, now, request_key="crm-17")

    with pytest.raises(services.RequestKeyReused):
        add_money(other, 500, now, request_key="crm-17")
    with pytest.raises(services.RequestKeyReused):
        add_units(account, "sms", 500, now, reason="Voucher", request_key="crm-17")
    with pytest.raises(services.RequestKeyReused):
        adjust(money_of(account), 500, now, request_key="crm-17")


def test_no_balance_grows_beyond_what_can_be_counted(account, now):
    add_money(account, 10**18, now)

    with pytest.raises(Invalid) as topped_up:
        add_money(account, 1, now)
    with pytest.raises(Invalid) as adjusted:
        adjust(money_of(account), 1, now)

    assert [error.path for error in (*topped_up.value.errors, *adjusted.value.errors)] == [
        "amount",
        "amount",
    ]
    assert money_of(account).granted == 10**18


def test_top_ups_without_a_key_all_count(account, now):
    add_money(account, EURO, now)
    add_money(account, EURO, now)

    assert money_of(account).available == 2 * EURO


@pytest.mark.parametrize("amount", [0, -1, 10**18 + 1])
def test_an_amount_that_cannot_be_topped_up_is_refused_at_its_field(account, now, amount):
    with pytest.raises(Invalid) as invalid:
        add_money(account, amount, now)

    assert [error.path for error in invalid.value.errors] == ["amount"]


def test_units_raise_the_plans_own_bucket_and_its_percentages_with_it(account, now):
    """5 GB on top of 20 GB: 50 % is 12.5 GB from then on."""
    entry = add_units(account, "data", 5 * GIGABYTE, now)

    data = bucket_named(account, "National data")
    assert entry.bucket == data
    assert (data.granted, data.available) == (25 * GIGABYTE, 25 * GIGABYTE)
    [(_, told)] = events_of(account, "account.topped_up")
    assert (told["bucket"], told["amount"]) == ("National data", 5 * GIGABYTE)


def test_a_top_up_that_lifts_a_bucket_above_a_mark_reports_it_back_to_normal(account, now):
    """9 of 20 GB are below 50 %. With 4 GB more, 13 of 24 GB are above it (12 GB)."""
    use(bucket_named(account, "National data"), 11 * GIGABYTE)

    add_units(account, "data", 4 * GIGABYTE, now)

    [(_, told)] = events_of(account, "bucket.threshold_crossed")
    assert (told["threshold"], told["percent"], told["state"]) == ("50 %", "50", "normal")
    assert (told["previous_state"], told["limit"]) == ("low", 12 * GIGABYTE)
    assert (told["before"], told["after"]) == (9 * GIGABYTE, 13 * GIGABYTE)


def test_a_top_up_into_an_empty_bucket_passes_every_mark_once(account, now):
    """20 GB more make 20 of 40 GB: exactly 50 % still counts as low, 20 % and 5 % do not."""
    use(bucket_named(account, "National data"), 20 * GIGABYTE)

    add_units(account, "data", 20 * GIGABYTE, now)

    told = [payload["threshold"] for _, payload in events_of(account, "bucket.threshold_crossed")]
    assert sorted(told) == ["20 %", "5 %"]


def test_units_without_a_plan_go_to_a_bucket_of_their_own_that_does_not_expire(northwind, now):
    account = factories.make_account("acc-2", now=now)

    first = add_units(account, "data", GIGABYTE, now)
    second = add_units(account, "data", GIGABYTE, now)

    assert first.bucket == second.bucket
    bucket = bucket_named(account, "Data top-up")
    assert (bucket.granted, bucket.expires_at, bucket.unit) == (2 * GIGABYTE, None, "OCTETS")


def test_units_do_not_go_to_a_bucket_that_has_expired(account, now):
    add_units(account, "sms", 10, now + timedelta(days=40))

    assert bucket_named(account, "SMS").granted == 500
    assert bucket_named(account, "SMS top-up").granted == 10


def test_units_do_not_go_to_a_bucket_that_is_kept_for_some_rating_groups(northwind, now):
    spec = VersionSpec(
        currency="EUR",
        allowances=(
            AllowanceSpec(name="Social", service="data", amount=GIGABYTE, rating_groups=(310,)),
        ),
    )
    factories.make_published_plan("social", spec=spec, now=now)
    account = factories.make_account("acc-2", plan_code="social", now=now)

    assert add_units(account, "data", 5, now).bucket.name == "Data top-up"


def test_a_terminated_account_takes_no_amounts(account, now):
    change_account_state(account=account, state="terminated", actor=SYSTEM, now=now)

    with pytest.raises(services.AccountTerminated):
        add_money(account, EURO, now)
    with pytest.raises(services.AccountTerminated):
        adjust(money_of(account), EURO, now)


def test_a_suspended_account_can_be_topped_up(account, now):
    change_account_state(account=account, state="suspended", actor=SYSTEM, now=now)

    assert add_money(account, EURO, now).available_after == EURO


# ── adjusting ────────────────────────────────────────────────────────────────────────────────


def test_an_adjustment_upwards_and_downwards_keeps_the_sums(account, now):
    add_money(account, 10 * EURO, now)
    money = money_of(account)

    adjust(money, 5 * EURO, now)
    entry = adjust(money, -12 * EURO, now, note="Ticket 4711")

    assert (entry.kind, entry.available, entry.available_after) == ("adjust", -12 * EURO, 3 * EURO)
    assert entry.reason == "Goodwill: Ticket 4711"
    assert money_of(account).granted == 3 * EURO
    assert [told["amount"] for _, told in events_of(account, "account.adjusted")] == [
        "5.00",
        "-12.00",
    ]
    assert_ledger_rebuilds_buckets(account)


def test_an_adjustment_never_takes_more_than_is_available(account, now):
    """500 SMS of which 2 are reserved: 498 may be taken."""
    Bucket.objects.filter(name="SMS").update(available=498, reserved=2)
    sms = bucket_named(account, "SMS")

    with pytest.raises(services.AdjustmentTooLow) as refusal:
        adjust(sms, -499, now)
    assert refusal.value.available == 498
    assert bucket_named(account, "SMS").available == 498

    adjust(sms, -498, now)
    assert bucket_named(account, "SMS").granted == 2


def test_money_may_be_adjusted_down_to_the_credit_limit(account, now):
    Account.objects.filter(pk=account.pk).update(credit_limit=5 * EURO)

    add_money(account, 20 * EURO, now)

    with pytest.raises(services.AdjustmentTooLow) as refusal:
        adjust(money_of(account), -20 * EURO - 1, now)
    assert refusal.value.available == 20 * EURO, "more was never granted"

    use(money_of(account), 18 * EURO)
    assert adjust(money_of(account), -7 * EURO, now).available_after == -5 * EURO


def test_a_debt_can_be_adjusted_away_in_parts(account, now):
    """Over-run by 3 euro: used 3, available -3."""
    Bucket.objects.filter(name="Main balance").update(available=-3 * EURO, used=3 * EURO)

    entry = adjust(money_of(account), EURO, now)

    assert entry.available_after == -2 * EURO


def test_an_adjustment_below_a_mark_reports_it_as_low(account, now):
    """300 minutes less 250 leave 50 of 50: percentages are of what was granted, so not low."""
    adjust(bucket_named(account, "Voice"), -250 * 60, now)

    assert events_of(account, "bucket.threshold_crossed") == []


def test_an_adjustment_to_nothing_is_told_as_used_up(account, now):
    adjust(bucket_named(account, "SMS"), -500, now)

    [(_, told)] = events_of(account, "bucket.exhausted")
    assert (told["bucket"], told["granted"]) == ("SMS", 0)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"delta": 0}, "amount"),
        ({"delta": -(10**18) - 1}, "amount"),
        ({"reason": "because"}, "reason"),
        ({"reason": "other"}, "note"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_an_adjustment_says_what_is_wrong_at_its_field(account, now, fields, path):
    with pytest.raises(Invalid) as invalid:
        adjust(**{"bucket": money_of(account), "delta": EURO, "now": now, **fields})

    assert [error.path for error in invalid.value.errors] == [path]
    assert not LedgerEntry.objects.filter(kind="adjust").exists()


def test_a_repeated_adjustment_is_made_once(account, now):
    money = money_of(account)
    first = adjust(money, EURO, now, request_key="fix-1")

    assert adjust(money, EURO, now, request_key="fix-1") == first
    with pytest.raises(services.RequestKeyReused):
        adjust(money, -EURO, now, request_key="fix-1")
    assert money_of(account).available == EURO


def test_a_key_of_one_bucket_is_not_taken_for_another_of_the_same_service(account, now):
    manual = services.top_up_units(
        account=account,
        service="sms",
        amount=10,
        reason="Gift",
        actor=SYSTEM,
        now=now + timedelta(days=40),
    ).bucket
    adjust(bucket_named(account, "SMS"), 5, now, request_key="fix-2")

    with pytest.raises(services.RequestKeyReused):
        adjust(manual, 5, now, request_key="fix-2")


# ── who may ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("amount", [50 * EURO, -50 * EURO])
def test_support_may_move_money_up_to_the_tenants_limit(account, now, amount):
    add_money(account, 100 * EURO, now)

    adjust(money_of(account), amount, now, actor=SUPPORT)


@pytest.mark.parametrize("amount", [50 * EURO + 1, -50 * EURO - 1])
def test_support_may_not_move_more(account, now, amount):
    add_money(account, 100 * EURO, now)

    with pytest.raises(services.AmountAboveLimit) as refusal:
        adjust(money_of(account), amount, now, actor=SUPPORT)

    assert refusal.value.limit == 50 * EURO
    assert money_of(account).available == 100 * EURO


def test_a_top_up_does_not_get_around_the_limit(account, now):
    with pytest.raises(services.AmountAboveLimit):
        add_money(account, 51 * EURO, now, actor=SUPPORT)


@pytest.mark.parametrize("actor", [ADMIN, CLIENT, SYSTEM])
def test_who_manages_the_tenant_and_systems_are_not_bound_by_the_limit(account, now, actor):
    assert add_money(account, 51 * EURO, now, actor=actor).available_after == 51 * EURO


def test_the_limit_is_about_money_only(account, now):
    adjust(bucket_named(account, "National data"), 100 * GIGABYTE, now, actor=SUPPORT)

    assert bucket_named(account, "National data").available == 120 * GIGABYTE
