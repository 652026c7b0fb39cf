from __future__ import annotations

import json

import pytest

from charging.models import Bucket, LedgerEntry
from portal.tenancy.actor import SYSTEM
from subscribers.services import change_account_state
from tests import factories

EURO = 10**9
GIGABYTE = 2**30
TOP_UP = "/accounts/acc-1/top-up/"
ADJUST = "/accounts/acc-1/adjust/"


def bucket(account, name) -> Bucket:
    return Bucket.objects.get(account=account, name=name)


def test_money_is_topped_up_and_the_page_is_told_to_look_again(dialog, account):
    answer = dialog.post(TOP_UP, {"amount": "12.50", "reason": "Voucher", "request_key": "k"})

    assert answer.status_code == 204
    assert json.loads(answer.headers["HX-Trigger"]) == {
        "dialog:close": {},
        "toast": {"text": "€12.50 added."},
        "balances:changed": {},
    }
    assert bucket(account, "Main balance").available == 12_500_000_000
    assert LedgerEntry.objects.get(request_key="k").actor_name == "Support"


def test_units_are_topped_up_in_the_unit_they_are_typed_in(dialog, account):
    dialog.post(f"{TOP_UP}?service=data", {"amount": "1.5", "amount_unit": "GB", "reason": "Gift"})

    assert bucket(account, "National data").granted == 20 * GIGABYTE + GIGABYTE * 3 // 2


def test_a_form_sent_twice_counts_once(dialog, account):
    typed = {"amount": "5", "reason": "Voucher", "request_key": "page-1"}

    assert dialog.post(TOP_UP, typed).status_code == 204
    assert dialog.post(TOP_UP, typed).status_code == 204

    assert bucket(account, "Main balance").available == 5 * EURO


def test_every_dialog_has_a_key_of_its_own(dialog, account):
    keys = {dialog.get(TOP_UP).context["form"]["request_key"].value() for _ in range(2)}

    assert len(keys) == 2


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"amount": ""}, "amount", "Enter an amount."),
        ({"amount": "abc"}, "amount", "Enter a number, such as 20 or 4.5."),
        ({"amount": "0"}, "amount", "Enter an amount above 0."),
        ({"amount": "-5"}, "amount", "Enter an amount above 0."),
        ({"amount": "0.0000000001"}, "amount", "At most nine decimals."),
        ({"amount": "9999999999"}, "amount", "This is more than one change may move."),
        (
            {"amount": "50.01"},
            "amount",
            "You may move at most €50.00 at once; ask an administrator.",
        ),
        ({"reason": ""}, "reason", "Say where it comes from."),
    ],
)
def test_what_is_wrong_with_a_top_up_is_said_at_its_field(dialog, account, typed, field, message):
    answer = dialog.post(TOP_UP, {"amount": "5", "reason": "Voucher", **typed})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [message]}
    assert not LedgerEntry.objects.filter(bucket__service="money").exists()


def test_an_unknown_unit_is_refused_and_not_guessed(dialog, account):
    answer = dialog.post(
        f"{TOP_UP}?service=data", {"amount": "5", "amount_unit": "", "reason": "Gift"}
    )

    assert answer.context["form"].errors == {"amount": ["Choose a unit."]}


def test_what_was_typed_is_still_there(dialog, account):
    answer = dialog.post(TOP_UP, {"amount": "five", "reason": "Voucher 17"})

    assert 'value="five"' in answer.text
    assert 'value="Voucher 17"' in answer.text


def test_a_balance_is_adjusted_downwards_with_a_reason(dialog, account):
    factories.top_up(account, "10", now=account.created_at)
    money = bucket(account, "Main balance")

    answer = dialog.post(
        f"{ADJUST}?bucket={money.ref}",
        {"amount": "4", "direction": "take", "reason": "wrong-charge", "note": "Ticket 4711"},
    )

    assert answer.status_code == 204
    entry = LedgerEntry.objects.get(kind="adjust")
    assert (entry.available, entry.reason) == (-4 * EURO, "Wrong charge: Ticket 4711")


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"amount": "501"}, "amount", "At most 500 SMS can be taken away."),
        ({"reason": ""}, "reason", "Choose a reason."),
        ({"reason": "other"}, "note", "Say what the reason is."),
        ({"direction": ""}, "direction", "This field is required."),
        ({"amount": "1.5"}, "amount", "1.5 SMS is no whole number."),
    ],
)
def test_what_is_wrong_with_an_adjustment_is_said_at_its_field(
    dialog, account, typed, field, message
):
    sms = bucket(account, "SMS")
    answer = dialog.post(
        f"{ADJUST}?bucket={sms.ref}",
        {
            "amount": "1",
            "amount_unit": "SMS",
            "direction": "take",
            "reason": "goodwill",
            "note": "",
            **typed,
        },
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [message]}
    assert bucket(account, "SMS").available == 500


@pytest.mark.parametrize(
    ("typed", "after"),
    [
        ({"amount": "5", "direction": "add"}, 25 * GIGABYTE),
        ({"amount": "5", "direction": "take"}, 15 * GIGABYTE),
        ({"amount": "x", "direction": "take"}, None),
        ({"amount": "", "direction": ""}, None),
    ],
)
def test_before_and_after_are_shown_while_typing(dialog, account, typed, after):
    data = bucket(account, "National data")

    answer = dialog.post(f"{ADJUST}preview/?bucket={data.ref}", {**typed, "amount_unit": "GB"})

    assert answer.status_code == 200
    assert answer.context["after"] == after
    assert bucket(account, "National data").available == 20 * GIGABYTE


def test_a_terminated_account_says_that_it_takes_no_changes(dialog, account, now):
    change_account_state(account=account, state="terminated", actor=SYSTEM, now=now)

    answer = dialog.post(TOP_UP, {"amount": "5", "reason": "Voucher"})

    assert answer.status_code == 422
    assert "The account is terminated and takes no changes." in answer.text


def test_the_history_of_a_balance_is_a_waterfall_from_the_first_change_to_the_last(
    dialog, account, now
):
    """10 in, 2 out by adjustment: bars from 0 to 10 and from 10 to 8, of a track of 10."""
    factories.top_up(account, "10", now=now)
    money = bucket(account, "Main balance")
    dialog.post(
        f"{ADJUST}?bucket={money.ref}", {"amount": "2", "direction": "take", "reason": "goodwill"}
    )

    answer = dialog.get(f"/accounts/acc-1/buckets/{money.ref}/")

    assert [
        (step["kind"], step["start"], step["width"], step["change"], step["after"])
        for step in answer.context["steps"]
    ] == [
        ("gain", "0.00", "100.00", "+€10.00", "€10.00"),
        ("loss", "80.00", "20.00", "−€2.00", "€8.00"),
    ]


def test_a_bucket_of_another_account_is_not_there(dialog, account, flex, now):
    other = factories.make_account("acc-2", plan_code="flex-20", now=now)
    foreign = bucket(other, "SMS").ref

    assert dialog.get(f"/accounts/acc-1/buckets/{foreign}/").status_code == 404
    assert dialog.get(f"{ADJUST}?bucket={foreign}").status_code == 404
    assert dialog.post(f"{ADJUST}?bucket={foreign}", {"amount": "1"}).status_code == 404


@pytest.mark.parametrize("path", ["top-up/", "adjust/", "adjust/preview/"])
@pytest.mark.parametrize("role", ["viewer", "product-manager", "network-engineer"])
def test_balances_are_moved_only_by_those_who_may(sign_in, account, role, path):
    answer = sign_in(role, htmx=True).post(f"/accounts/acc-1/{path}", {"amount": "5"})

    assert answer.status_code == 403
    assert not LedgerEntry.objects.filter(bucket__service="money").exists()


def test_a_dialog_opened_as_a_page_leads_to_the_account(admin, account):
    assert admin.get(TOP_UP).headers["Location"] == "/accounts/acc-1/"


def test_a_decimal_comma_is_a_decimal_comma(dialog, account):
    """What a support agent types as “0,50” is fifty cents, never fifty."""
    dialog.post(TOP_UP, {"amount": "0,50", "reason": "Goodwill"})

    assert bucket(account, "Main balance").available == EURO // 2
