from __future__ import annotations

from datetime import timedelta

import pytest

from charging import services
from charging.models import Bucket
from charging.selectors import balances_of, find_bucket
from portal.tenancy.actor import SYSTEM
from subscribers.models import Account
from tests import factories

GIGABYTE = 2**30


def named(balances) -> dict:
    return {balance.bucket.name: balance for balance in balances}


def test_balances_come_in_the_order_in_which_people_look_for_them(account, now):
    names = [balance.bucket.name for balance in balances_of(account, now=now)]

    assert names == ["National data", "Voice", "SMS", "Main balance"]


def test_a_threshold_says_where_it_is_and_whether_it_was_reached(account, now):
    """12 of 20 GB used, 1 reserved: 8 remain, below 50 % and above 20 %."""
    Bucket.objects.filter(name="National data").update(
        available=7 * GIGABYTE, reserved=GIGABYTE, used=12 * GIGABYTE
    )

    data = named(balances_of(account, now=now))["National data"]

    assert data.remaining == 8 * GIGABYTE
    assert data.state == "low"
    assert data.plan == "Flex 20 v1"
    assert [(mark.percent_hundredths, mark.limit, mark.is_low) for mark in data.thresholds] == [
        (5_000, 10 * GIGABYTE, True),
        (2_000, 4 * GIGABYTE, False),
        (500, GIGABYTE, False),
    ]


@pytest.mark.parametrize(
    ("available", "reserved", "used", "state"),
    [
        (500, 0, 0, "normal"),
        (0, 1, 499, "normal"),
        (0, 0, 500, "exhausted"),
        (-2, 0, 502, "exhausted"),
    ],
)
def test_a_balance_is_exhausted_when_nothing_remains(
    account, now, available, reserved, used, state
):
    Bucket.objects.filter(name="SMS").update(available=available, reserved=reserved, used=used)

    assert named(balances_of(account, now=now))["SMS"].state == state


def test_what_has_expired_is_shown_to_those_who_ask(account, now):
    later = now + timedelta(days=31)

    assert list(named(balances_of(account, now=later))) == ["Main balance"]
    assert len(balances_of(account, now=later, include_expired=True)) == 4


def test_the_test_clock_of_an_account_expires_its_balances(account, now):
    Account.objects.filter(pk=account.pk).update(clock_offset=31 * 86_400)
    account.refresh_from_db()

    assert list(named(balances_of(account, now=now))) == ["Main balance"]


def test_reading_balances_costs_the_same_however_many_there_are(
    account, now, django_assert_max_num_queries
):
    for service in ("data", "voice", "sms"):
        services.top_up_units(
            account=account,
            service=service,
            amount=1,
            reason="Gift",
            actor=SYSTEM,
            now=now + timedelta(days=40),
        )

    with django_assert_max_num_queries(3):
        balances = balances_of(account, now=now, include_expired=True)
    assert len(balances) == 7


def test_a_bucket_is_found_only_at_its_account(account, flex, now):
    other = factories.make_account("acc-2", plan_code="flex-20", now=now)
    sms = Bucket.objects.get(account=account, name="SMS")

    assert find_bucket(account, sms.pk) == sms
    assert find_bucket(other, sms.pk) is None
