"""Accounts, balances and top-ups over REST."""

from __future__ import annotations

import pytest

from charging.models import LedgerEntry
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from subscribers.services import change_account_state
from tests.factories import flex_spec, make_plan, make_published_plan
from tests.harness.rest import make_caller

ANA = {"id": "ana", "name": "Ana", "plan": "flex-20"}


@pytest.fixture
def flex(northwind, now):
    """Flex 20: 20 GB, 300 minutes, 500 SMS."""
    with tenant_scope(northwind):
        return make_published_plan(now=now)


@pytest.fixture
def ana(rest, flex):
    return rest.post("accounts/", ANA).json()


def params(answer):
    return {entry["param"] for entry in answer.json()["invalidParams"]}


def balances(rest, account="ana"):
    listed = rest.get(f"accounts/{account}/balances/").json()
    assert listed["next"] is None
    return {balance["service"]: balance for balance in listed["results"]}


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_opened_on_the_newest_published_version(rest, flex):
    created = rest.post("accounts/", ANA)

    assert created.status_code == 201
    shown = rest.get("accounts/ana/").json()
    assert created.json() == shown
    assert (shown["id"], shown["name"], shown["state"]) == ("ana", "Ana", "active")
    assert (shown["plan"], shown["currency"]) == ("flex-20", "EUR")
    (held,) = shown["plan_subscriptions"]
    assert (held["plan"], held["version"]) == ("flex-20", 1)


def test_an_account_without_a_plan_has_an_empty_main_balance(rest, northwind):
    shown = rest.post("accounts/", {}).json()

    assert shown["id"]
    assert shown["plan"] is None
    assert list(balances(rest, shown["id"])) == ["money"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"id": "with space"}, "/id"),
        ({"id": "x" * 65}, "/id"),
        ({"plan": "no-such"}, "/plan"),
        ({"currency": "USD"}, "/plan"),
        ({"currency": "euro"}, "/currency"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"nmae": "Ana"}, "/nmae"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_opened(rest, flex, change, param):
    answer = rest.post("accounts/", {**ANA, **change})

    assert answer.status_code == 400
    assert params(answer) == {param}
    assert rest.get("accounts/").json()["results"] == []


def test_a_plan_that_was_never_published_cannot_be_had(rest, northwind, now):
    with tenant_scope(northwind):
        make_plan("draft-only", now=now)

    answer = rest.post("accounts/", {"id": "ana", "plan": "draft-only"})

    assert answer.status_code == 400
    assert params(answer) == {"/plan"}


def test_an_id_that_exists_is_a_conflict(rest, ana):
    answer = rest.post("accounts/", ANA)

    assert answer.status_code == 409
    assert params(answer) == {"/id"}


def test_accounts_are_listed_newest_first_and_searched(rest, flex):
    for name in ("ana", "ben", "eve"):
        rest.post("accounts/", {"id": name, "name": name.title()})
    rest.post("devices/", {"id": "phone", "account": "ben", "gpsi": "491510000001"})

    def ids(**query):
        return [one["id"] for one in rest.get("accounts/", **query).json()["results"]]

    assert ids() == ["eve", "ben", "ana"]
    assert ids(search="+49 151") == ["ben"]
    assert ids(search="nobody") == []
    assert rest.get("accounts/ben/").json()["devices"] == ["phone"]


def test_listing_asks_the_database_as_often_for_many_as_for_one(
    rest, flex, django_assert_max_num_queries
):
    for number in range(6):
        rest.post("accounts/", {"id": f"acc-{number}", "plan": "flex-20"})

    with django_assert_max_num_queries(12):
        assert len(rest.get("accounts/").json()["results"]) == 6


def test_another_operators_account_is_not_found(ana, contoso):
    stranger = make_caller(contoso)

    assert stranger.get("accounts/ana/").status_code == 404
    assert stranger.get("accounts/ana/balances/").status_code == 404
    assert stranger.post("accounts/ana/topups/", {"amount": "1.00"}).status_code == 404
    assert stranger.get("accounts/").json()["results"] == []
    assert stranger.post("accounts/", {"id": "ana"}).status_code == 201
    assert stranger.post("accounts/", ANA | {"id": "x"}).status_code == 400  # not their plan


# ── balances ─────────────────────────────────────────────────────────────────────────────────


def test_balances_are_full_at_first(rest, ana):
    found = balances(rest)

    assert list(found) == ["data", "voice", "sms", "money"]
    data = found["data"]
    assert (data["name"], data["unit"]) == ("National data", "octets")
    assert (data["granted"], data["available"]) == (20 * 2**30, 20 * 2**30)
    assert (data["reserved"], data["used"], data["expired"]) == (0, 0, 0)
    assert data["expires_at"]
    assert isinstance(data["bucket"], str)
    assert data["thresholds"] == [
        {"name": "50 %", "percent": 50, "limit": 10 * 2**30, "state": "normal"},
        {"name": "20 %", "percent": 20, "limit": 4 * 2**30, "state": "normal"},
        {"name": "5 %", "percent": 5, "limit": 2**30, "state": "normal"},
    ]
    assert (found["voice"]["unit"], found["voice"]["available"]) == ("seconds", 18_000)
    assert (found["sms"]["unit"], found["sms"]["available"]) == ("events", 500)
    money = found["money"]
    assert (money["unit"], money["available"], money["used"]) == ("EUR", "0.00", "0.00")
    assert money["expires_at"] is None


# ── top-ups ──────────────────────────────────────────────────────────────────────────────────


def test_money_is_added_to_the_main_balance(rest, ana):
    answer = rest.post("accounts/ana/topups/", {"amount": "10.00", "reason": "Voucher 17"})

    assert answer.status_code == 201
    entry = answer.json()
    assert (entry["service"], entry["unit"]) == ("money", "EUR")
    assert (entry["amount"], entry["available"]) == ("10.00", "10.00")
    assert entry["reason"] == "Voucher 17"
    assert balances(rest)["money"]["available"] == "10.00"


def test_units_are_added_to_the_plans_bucket(rest, ana):
    answer = rest.post(
        "accounts/ana/topups/", {"service": "data", "amount": 1073741824, "reason": "Sorry"}
    )

    assert answer.status_code == 201
    assert answer.json()["available"] == 21 * 2**30
    assert balances(rest)["data"]["granted"] == 21 * 2**30


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "/amount"),
        ({"amount": "0"}, "/amount"),
        ({"amount": "-5.00"}, "/amount"),
        ({"amount": "much"}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": {"value": 1}}, "/amount"),
        ({"amount": "1.0000000001"}, "/amount"),
        ({"amount": "99999999999.00"}, "/amount"),
        ({"service": "data", "amount": "1.5"}, "/amount"),
        ({"service": "data", "amount": 0}, "/amount"),
        ({"service": "data", "amount": 2**63}, "/amount"),
        ({"service": "fax", "amount": 1}, "/service"),
        ({"amount": "1.00", "currency": "EUR"}, "/currency"),
        ({"amount": "1.00", "reason": "x" * 301}, "/reason"),
        ({"amount": "1.00", "request_key": "x" * 129}, "/request_key"),
    ],
)
def test_a_wrong_top_up_is_named_and_nothing_moves(rest, ana, body, param):
    answer = rest.post("accounts/ana/topups/", body)

    assert answer.status_code == 400
    assert params(answer) == {param}
    assert balances(rest)["money"]["granted"] == "0.00"


def test_a_repeated_key_tops_up_once_and_is_answered_alike(rest, ana):
    body = {"amount": "10.00", "reason": "Voucher"}

    first = rest.post("accounts/ana/topups/", body, Idempotency_Key="crm-17")
    second = rest.post("accounts/ana/topups/", body, Idempotency_Key="crm-17")
    third = rest.post("accounts/ana/topups/", {**body, "request_key": "crm-17"})

    assert first.status_code == second.status_code == third.status_code == 201
    assert first.json() == second.json() == third.json()
    assert first.json()["request_key"] == "crm-17"
    assert balances(rest)["money"]["available"] == "10.00"


def test_a_key_that_stands_for_another_request_is_refused(rest, ana):
    rest.post("accounts/ana/topups/", {"amount": "10.00"}, Idempotency_Key="crm-17")

    answer = rest.post("accounts/ana/topups/", {"amount": "20.00"}, Idempotency_Key="crm-17")

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("#problem-key-reused")
    assert balances(rest)["money"]["available"] == "10.00"


def test_header_and_body_must_name_the_same_key(rest, ana):
    answer = rest.post(
        "accounts/ana/topups/", {"amount": "1.00", "request_key": "a"}, Idempotency_Key="b"
    )

    assert answer.status_code == 400
    assert params(answer) == {"header Idempotency-Key"}


def test_two_operators_may_use_the_same_key(rest, ana, contoso, now):
    stranger = make_caller(contoso)
    stranger.post("accounts/", {"id": "ana"})

    for caller in (rest, stranger):
        answer = caller.post("accounts/ana/topups/", {"amount": "1.00"}, Idempotency_Key="k")
        assert answer.status_code == 201


def test_a_terminated_account_takes_no_top_up(rest, ana, northwind, now):
    with tenant_scope(northwind):
        account = Account.objects.get(public_id="ana")
        state = Account.State.TERMINATED
        change_account_state(account=account, state=state, actor=SYSTEM, now=now)

    assert rest.post("accounts/ana/topups/", {"amount": "1.00"}).status_code == 409


def test_the_ledger_names_the_system_that_topped_up(rest, ana, northwind):
    rest.post("accounts/ana/topups/", {"amount": "1.00"})

    with tenant_scope(northwind):
        entry = LedgerEntry.objects.get(reason="Top-up")
    assert (entry.actor_kind, entry.actor_name) == ("client", "test")


def test_each_act_needs_its_own_scope(ana, rest_with):
    viewer = rest_with("subscribers.view")
    assert viewer.get("accounts/ana/").status_code == 200
    assert viewer.get("accounts/ana/balances/").status_code == 200
    assert viewer.post("accounts/", {"id": "ben"}).status_code == 403
    assert viewer.post("accounts/ana/topups/", {"amount": "1.00"}).status_code == 403

    cashier = rest_with("balances.adjust")
    assert cashier.post("accounts/ana/topups/", {"amount": "1.00"}).status_code == 201
    assert cashier.get("accounts/ana/balances/").status_code == 403

    manager = rest_with("subscribers.manage")
    assert manager.post("accounts/", {"id": "ben"}).status_code == 201
    assert manager.get("accounts/ben/").status_code == 403


def test_money_without_cents_is_shown_without_them(contoso, now):
    contoso.currency = "JPY"
    with tenant_scope(contoso):
        contoso.save()
        make_published_plan(spec=flex_spec(currency="JPY", price=1_000 * 10**9), now=now)
    caller = make_caller(contoso)
    caller.post("accounts/", ANA)

    assert caller.post("accounts/ana/topups/", {"amount": "500"}).json()["amount"] == "500"


# ── states ───────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_suspended_and_reactivated_with_a_reason(rest, ana):
    shown = rest.get("accounts/ana/state/").json()
    assert (shown["state"], shown["services"], shown["may_buy"]) == ("active", None, True)

    changed = rest.put("accounts/ana/state/", {"state": "suspended", "reason": "Lost phone"})

    assert changed.status_code == 200
    assert (changed.json()["state"], changed.json()["services"]) == ("suspended", [])
    again = rest.put("accounts/ana/state/", {"state": "suspended", "reason": "Lost phone"})
    assert again.json() == changed.json()
    assert rest.put("accounts/ana/state/", {"state": "gone", "reason": "x"}).status_code == 400
    rest.put("accounts/ana/state/", {"state": "terminated", "reason": "Left"})
    back = rest.put("accounts/ana/state/", {"state": "active", "reason": "Came back"})
    assert back.status_code == 409
