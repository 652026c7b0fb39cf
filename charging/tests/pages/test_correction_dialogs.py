"""Transfers, reversals and sharing on the account's page."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import Bucket, LedgerEntry
from charging.services import sharing
from charging.tests.services.reading import bucket_named, money_of
from portal.tenancy.actor import SYSTEM
from subscribers.models import Account, SharedGroup
from tests import factories

EURO = 10**9
BASE = "/accounts/acc-1/"
WHY = {"reason": "goodwill", "note": ""}


@pytest.fixture
def other(account, now) -> Account:
    return factories.make_account("acc-2", plan_code="flex-20", now=now)


@pytest.fixture
def charge(account, now) -> LedgerEntry:
    """€5.00 of €20.00."""
    factories.top_up(account, "20.00", now=now)
    with transaction.atomic():
        return ledger.spend(
            account=account, bucket=money_of(account), amount=5 * EURO,
            cause=Cause(actor=SYSTEM, now=now, reason="Roaming pass"),
        )  # fmt: skip


# ── transfer ─────────────────────────────────────────────────────────────────────────────────


def test_money_is_sent_to_another_account(dialog, charge, account, other):
    answer = dialog.post(f"{BASE}transfer/", {"to_account": "acc-2", "amount": "4", **WHY})

    assert answer.status_code == 204
    told = json.loads(answer.headers["HX-Trigger"])["toast"]["text"]
    assert told == "€4.00 moved to acc-2: Main balance."
    assert money_of(account).available == 11 * EURO
    assert money_of(other).available == 4 * EURO


def test_units_go_to_a_balance_of_the_same_kind(dialog, account, other):
    voice = bucket_named(account, "Voice")

    dialog.post(
        f"{BASE}transfer/?bucket={voice.ref}",
        {"to_account": "acc-2", "amount": "10", "amount_unit": "min", **WHY},
    )

    assert bucket_named(other, "Voice").available == 310 * 60


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"to_account": ""}, "to_account", "Name an account, or choose a balance of this one."),
        ({"to_account": "nobody"}, "to_account", "There is no account of this id."),
        ({"amount": ""}, "amount", "Enter an amount."),
        ({"amount": "16"}, "amount", "At most €15.00 can be taken away."),
        ({"reason": ""}, "reason", "Choose a reason."),
    ],
)
def test_what_is_wrong_with_a_transfer_is_said(dialog, charge, other, typed, field, message):
    sent = {"to_account": "acc-2", "amount": "4", **WHY, **typed}

    answer = dialog.post(f"{BASE}transfer/", sent)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [message]}
    assert not LedgerEntry.objects.filter(kind="transfer").exists()


# ── reverse ──────────────────────────────────────────────────────────────────────────────────


def test_a_charge_is_reversed_from_its_row_once(dialog, account, charge):
    address = f"{BASE}ledger/{charge.ref}/reverse/"
    assert address in dialog.get(BASE, {"tab": "ledger"}).text

    answer = dialog.post(address, {"amount": "", **WHY})

    assert answer.status_code == 204
    assert money_of(account).available == 20 * EURO
    assert address not in dialog.get(BASE, {"tab": "ledger"}).text
    again = dialog.post(address, {"amount": "", **WHY})
    assert again.status_code == 422
    assert "This charge was given back before." in again.text


def test_a_part_is_given_back_and_the_waterfall_shows_it(dialog, account, charge):
    money = money_of(account)
    before = dialog.get(f"{BASE}buckets/{money.ref}/")
    assert f"/ledger/{charge.ref}/reverse/" in before.text

    dialog.post(f"{BASE}ledger/{charge.ref}/reverse/", {"amount": "1.50", **WHY})

    after = dialog.get(f"{BASE}buckets/{money.ref}/")
    assert [(step["label"], step["change"]) for step in after.context["steps"]] == [
        ("Top-up", "+€20.00"),
        ("Roaming pass", "−€5.00"),
        ("Goodwill", "+€1.50"),
    ]
    assert f"/ledger/{charge.ref}/reverse/" not in after.text


def test_what_is_no_charge_of_the_account_has_no_dialog(dialog, account, charge, other):
    issued = LedgerEntry.objects.filter(account=account, kind="issue").first()

    assert dialog.get(f"{BASE}ledger/{issued.ref}/reverse/").status_code == 404
    assert dialog.get(f"{BASE}ledger/nonsense/reverse/").status_code == 404
    assert dialog.get(f"/accounts/acc-2/ledger/{charge.ref}/reverse/").status_code == 404


def test_those_who_may_not_adjust_see_no_way_to(sign_in, account, charge):
    page = sign_in("viewer").get(BASE, {"tab": "ledger"}).text

    assert "Reverse…" not in page
    assert sign_in("product-manager", htmx=True).post(
        f"{BASE}ledger/{charge.ref}/reverse/", WHY
    ).status_code == 403  # fmt: skip


# ── sharing ──────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_put_below_another_and_taken_away(dialog, account, other):
    assert dialog.post("/accounts/acc-2/parent/", {"parent": "acc-1"}).status_code == 204
    other.refresh_from_db()
    assert other.parent == account
    assert "acc-1" in dialog.get("/accounts/acc-2/").text

    refused = dialog.post(f"{BASE}parent/", {"parent": "acc-2"})
    assert refused.context["form"].errors == {"parent": ["An account cannot be below itself."]}
    dialog.post("/accounts/acc-2/parent/", {"parent": ""})
    other.refresh_from_db()
    assert other.parent is None


def test_a_group_is_started_joined_and_left(dialog, account, other):
    typed = {"code": "torres", "name": "Torres family", "order": "own_lowest"}

    assert dialog.post(f"{BASE}group/", typed).status_code == 204
    assert dialog.post("/accounts/acc-2/group/", typed).status_code == 204

    group = SharedGroup.objects.get(code="torres")
    assert {one.public_id for one in group.members.all()} == {"acc-1", "acc-2"}
    assert "Torres family" in dialog.get("/accounts/acc-2/").text
    refused = dialog.post(f"{BASE}group/", {"leave": "yes"})
    assert "The owner leaves last" in refused.text
    assert dialog.post("/accounts/acc-2/group/", {"leave": "yes"}).status_code == 204
    assert dialog.post(f"{BASE}group/", {"leave": "yes"}).status_code == 204
    assert not SharedGroup.objects.exists()


def test_a_cap_is_set_shown_and_taken_off(dialog, account, other, now):
    sharing.set_parent(account=other, parent=account, actor=SYSTEM, now=now)
    address = "/accounts/acc-2/cap/?scope=parent&service=data"

    assert dialog.post(address, {"amount": "2", "amount_unit": "GB"}).status_code == 204
    assert sharing.caps_of(other).get().granted == 2 * 2**30
    voice = bucket_named(account, "Voice")
    sharing.change_bucket(bucket=voice, is_shared=True, actor=SYSTEM, now=now)
    page = dialog.get("/accounts/acc-2/")
    assert "Taken from the parent: data" in page.text
    assert [one.pk for one in page.context["drawn_on"]] == [voice.pk]
    dialog.post(address, {"amount": "", "amount_unit": "GB"})
    assert not sharing.caps_of(other).exists()


def test_a_balance_is_shared_and_kept_again(dialog, account):
    data = bucket_named(account, "National data")
    address = f"{BASE}balances/{data.ref}/share/"
    assert address in dialog.get(f"{BASE}buckets/{data.ref}/").text

    assert dialog.post(address, {"on": "yes"}).status_code == 204
    assert Bucket.objects.get(pk=data.pk).is_shared
    dialog.post(address, {"on": ""})
    assert not Bucket.objects.get(pk=data.pk).is_shared
    dialog.post(address, {"blocked": "yes"})
    assert Bucket.objects.get(pk=data.pk).is_disabled
    dialog.post(address, {"blocked": ""})
    assert not Bucket.objects.get(pk=data.pk).is_disabled


@pytest.mark.parametrize("path", ["parent/", "group/", "cap/"])
def test_sharing_is_managed_only_by_those_who_may(sign_in, account, path):
    assert sign_in("viewer", htmx=True).post(f"{BASE}{path}", {}).status_code == 403
