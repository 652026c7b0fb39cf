from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging.renewal import sweep
from charging.tests.renewal.selling import EURO, GB, data, make_version
from charging.tests.services.reading import money_of
from subscribers.models import PlanSubscription
from tests import factories
from tests.harness.rest import make_caller


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def account(northwind, now):
    """With €50.00; Base costs €10.00 and Extra €3.00 a month."""
    make_version("base", now=now)
    make_version(
        "extra", data(5 * GB, name="Extra"), price=3 * EURO, is_add_on=True, quantity_max=3, now=now
    )
    make_version("big", data(20 * GB), price=15 * EURO, now=now)
    account = factories.make_account("acc-1", now=now)
    factories.top_up(account, "50", now=now)
    return account


@pytest.fixture
def rest(northwind):
    return make_caller(northwind, ["subscribers.view", "subscribers.manage"])


PLANS = "/api/v1/accounts/acc-1/plan-subscriptions/"


def buy(rest, plan, **body):
    answer = rest.post(PLANS, {"plan": plan, **body})
    assert answer.status_code == 201, answer.content
    return answer.json()


def act(rest, held, name, body=None, status=200):
    answer = rest.post(f"{PLANS}{held['id']}/{name}/", body or {})
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_base_plan_and_an_add_on_are_bought_from_the_main_balance(rest, account):
    base = buy(rest, "base")
    extra = buy(rest, "extra", quantity=2)

    assert (base["plan"], base["state"], base["period"], base["price"]) == (
        "base",
        "active",
        1,
        "10.00",
    )
    assert (extra["is_add_on"], extra["quantity"], extra["price"]) == (True, 2, "6.00")
    assert money_of(account).available == 34 * EURO
    listed = rest.get(PLANS).json()["results"]
    assert [each["plan"] for each in listed] == ["extra", "base"]


def test_an_accounts_plan_is_its_base_plan_whatever_was_bought_since(rest, account):
    buy(rest, "base")
    extra = buy(rest, "extra")

    shown = rest.get("/api/v1/accounts/acc-1/").json()

    assert shown["plan"] == "base"
    newest = shown["plan_subscriptions"][0]
    assert (newest["id"], newest["is_add_on"]) == (extra["id"], True)


def test_what_cannot_be_bought_is_said_at_its_field(rest, account):
    def refused(plan, **body):
        answer = rest.post(PLANS, {"plan": plan, **body})
        assert answer.status_code == 400
        return answer.json()["invalidParams"][0]["param"]

    assert refused("extra") == "/plan"
    buy(rest, "base")
    assert refused("big") == "/plan"
    assert refused("nothing") == "/plan"
    assert refused("extra", quantity=4) == "/quantity"
    assert refused("extra", overrides={"price": "x"}) == "/overrides/price"


def test_a_purchase_that_is_sent_again_with_its_id_is_done_once(rest, account):
    buy(rest, "base")
    mine = "5f0c7a52-8d5e-4f5b-9d0c-0a3b6f1e7c11"
    assert buy(rest, "extra", id=mine)["id"] == mine

    again = rest.post(PLANS, {"plan": "extra", "id": mine})

    assert (again.status_code, again.json()["invalidParams"][0]["param"]) == (409, "/id")
    assert money_of(account).available == 37 * EURO


def test_too_little_money_is_a_conflict_that_changes_nothing(rest, account):
    buy(rest, "base")

    answer = rest.post(PLANS, {"plan": "extra", "overrides": {"price": "41.00"}})

    assert answer.status_code == 409
    assert PlanSubscription.objects.count() == 1


def test_cancelled_for_the_end_and_taken_back(rest, account):
    held = buy(rest, "base")

    assert act(rest, held, "cancel", {"reason": "Moves"})["scheduled"] == "cancel"
    assert act(rest, held, "undo")["scheduled"] == ""
    act(rest, held, "undo", status=409)


def test_cancelled_now_it_is_over(rest, account):
    held = buy(rest, "base")

    over = act(rest, held, "cancel", {"when": "now"})

    assert (over["state"], over["end_reason"]) == ("ended", "cancelled")
    act(rest, held, "cancel", status=409)


def test_changed_now_the_answer_is_the_new_subscription(rest, account):
    held = buy(rest, "base")

    new = act(rest, held, "change", {"plan": "big", "when": "now", "leftovers": "keep"})

    assert (new["plan"], new["id"] != held["id"]) == ("big", True)
    assert money_of(account).available == 25 * EURO


def test_a_change_at_renewal_is_shown_until_it_happens(rest, account):
    held = buy(rest, "base")

    waiting = act(rest, held, "change", {"plan": "big"})

    assert (waiting["scheduled"], waiting["next_plan"], waiting["next_version"]) == (
        "change",
        "big",
        1,
    )


def test_more_of_an_add_on(rest, account):
    buy(rest, "base")
    held = buy(rest, "extra")

    assert act(rest, held, "quantity", {"quantity": 3})["quantity"] == 3
    assert act(rest, held, "quantity", {"quantity": 1})["next_quantity"] == 1


def test_own_terms_come_back_as_they_were_sent(rest, account):
    held = buy(rest, "base")
    key = str(PlanSubscription.objects.get().version.allowances.get().key)
    own = {"price": "7.90", "allowances": {key: {"amount": 3 * GB}}}

    answer = rest.post(f"{PLANS}{held['id']}/overrides/", own)

    assert (answer.status_code, answer.json()["overrides"]) == (200, own)
    assert answer.json()["price"] == "7.90"


def test_the_run_log_lists_each_period(rest, account):
    held = buy(rest, "base")
    sweep.renew_due(now=datetime.now(UTC) + timedelta(days=32), budget_seconds=10)

    log = rest.get(f"{PLANS}{held['id']}/periods/").json()["results"]

    assert [(each["number"], each["outcome"], each["charged"]) for each in log] == [
        (2, "renewed", "10.00"),
        (1, "started", "10.00"),
    ]


def test_a_plan_of_another_account_is_not_there(rest, account, now):
    held = buy(rest, "base")
    factories.make_account("acc-2", now=now)

    answer = rest.get(f"/api/v1/accounts/acc-2/plan-subscriptions/{held['id']}/")

    assert answer.status_code == 404
