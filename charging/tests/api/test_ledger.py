"""The ledger, transfers and reversals over REST."""

from __future__ import annotations

import pytest
from django.db import transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import Bucket
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from tests import factories

EURO = 10**9


@pytest.fixture
def ana(rest, northwind, now):
    """On Flex 20, with €20.00 of which €5.00 are spent."""
    with tenant_scope(northwind):
        factories.make_published_plan(now=now)
        account = factories.make_account("ana", plan_code="flex-20", now=now)
        factories.top_up(account, "20.00", now=now)
        money = Bucket.objects.get(account=account, service="money")
        with transaction.atomic():
            ledger.spend(
                account=account,
                bucket=money,
                amount=5 * EURO,
                cause=Cause(actor=SYSTEM, now=now, reason="Roaming pass"),
            )
        return account


@pytest.fixture
def ben(northwind, ana, now):
    with tenant_scope(northwind):
        return factories.make_account("ben", plan_code="flex-20", now=now)


def entries(rest, **query):
    return rest.get("accounts/ana/ledger/", **query).json()["results"]


def test_the_ledger_lists_every_move_newest_first(rest, ana):
    found = entries(rest)

    assert [(one["kind"], one["name"], one["available"]) for one in found] == [
        ("post", "Main balance", "-5.00"),
        ("issue", "Main balance", "20.00"),
        ("issue", "SMS", 500),
        ("issue", "Voice", 18_000),
        ("issue", "National data", 20 * 2**30),
    ]
    assert (found[0]["used"], found[0]["available_after"], found[0]["reason"]) == (
        "5.00", "15.00", "Roaming pass",
    )  # fmt: skip
    assert [one["kind"] for one in entries(rest, kind="post")] == ["post"]
    voice = found[3]["bucket"]
    assert [one["name"] for one in entries(rest, bucket=voice)] == ["Voice"]
    assert entries(rest, bucket="nonsense") == []


def test_money_is_sent_to_another_account(rest, ana, ben):
    answer = rest.post(
        "accounts/ana/transfers/",
        {"to_account": "ben", "amount": "4.00", "reason": "request", "note": "Gift"},
        idempotency_key="gift-1",
    )

    assert answer.status_code == 201
    taken, given = answer.json()["entries"]
    assert (taken["available"], given["available"]) == ("-4.00", "4.00")
    assert taken["reference"] == given["reference"]
    assert taken["details"]["to"][0] == "ben"
    assert taken["reason"] == "Asked for by the subscriber: Gift"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"amount": "99.00"}, 400, "/amount"),
        ({"amount": "0"}, 400, "/amount"),
        ({"to_account": "nobody"}, 400, "/to_account"),
        ({"to_bucket": "nonsense"}, 400, "/to_bucket"),
        ({"reason": "because"}, 400, "/reason"),
        ({"reason": "other"}, 400, "/note"),
        ({"to_account": "ana"}, 400, "/target"),
    ],
)
def test_what_is_wrong_with_a_transfer_is_named(rest, ana, ben, body, status, param):
    sent = {"to_account": "ben", "amount": "4.00", "reason": "request", **body}

    answer = rest.post("accounts/ana/transfers/", sent)

    assert answer.status_code == status
    assert {one["param"] for one in answer.json()["invalidParams"]} == {param}


def test_a_charge_is_given_back_by_its_entry_once(rest, ana):
    charged = entries(rest, kind="post")[0]["id"]
    sent = {"entry": charged, "amount": "1.50", "reason": "goodwill"}

    answer = rest.post("accounts/ana/reversals/", sent)

    assert answer.status_code == 201
    [made] = answer.json()["entries"]
    assert (made["kind"], made["reverses"], made["available"], made["used"]) == (
        "reverse", charged, "1.50", "-1.50",
    )  # fmt: skip
    again = rest.post("accounts/ana/reversals/", sent)
    assert again.status_code == 409
    assert {one["param"] for one in again.json()["invalidParams"]} == {"/entry"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "/entry"),
        ({"entry": "x", "session": "y"}, "/entry"),
        ({"entry": "nonsense"}, "/entry"),
        ({"session": "nonsense"}, "/session"),
        ({"session": "y", "amount": "1.00"}, "/amount"),
    ],
)
def test_what_is_wrong_with_a_reversal_is_named(rest, ana, body, param):
    answer = rest.post("accounts/ana/reversals/", {"reason": "goodwill", **body})

    assert answer.status_code == 400
    assert {one["param"] for one in answer.json()["invalidParams"]} == {param}
