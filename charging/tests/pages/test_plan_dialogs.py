from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from charging.tests.renewal.selling import EURO, GB, data, make_version
from charging.tests.services.reading import money_of
from subscribers.models import PlanSubscription
from tests import factories

BASE = "/accounts/acc-1/"


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def account(northwind, now):
    make_version("base", now=now)
    account = factories.make_account("acc-1", plan_code="base", now=now)
    factories.top_up(account, "50", now=now)
    return account


@pytest.fixture
def held(account):
    return PlanSubscription.objects.get()


@pytest.fixture
def extra(account, now):
    return make_version(
        "extra", data(5 * GB, name="Extra"), price=3 * EURO, is_add_on=True, quantity_max=3, now=now
    )


def test_an_add_on_is_bought(dialog, account, extra):
    assert "Extra v1" in dialog.get(f"{BASE}add-on/").text

    answer = dialog.post(
        f"{BASE}add-on/", {"version": extra.pk, "quantity": 2, "charge_price": "on"}
    )

    assert answer.status_code == 204
    assert PlanSubscription.objects.get(version=extra).quantity == 2
    assert money_of(account).available == 44 * EURO


def test_too_many_of_an_add_on_are_refused_at_the_field(dialog, account, extra):
    answer = dialog.post(f"{BASE}add-on/", {"version": extra.pk, "quantity": 4})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"quantity": ["At most 3 of Extra at once."]}


def test_base_plans_and_add_ons_are_offered_apart(dialog, account, extra):
    assert "Extra v1" not in dialog.get(f"{BASE}plan/").text
    assert "Base v1</span>" not in dialog.get(f"{BASE}add-on/").text


def test_a_plan_is_cancelled_for_its_end_and_that_is_taken_back(dialog, held):
    of_plan = f"{BASE}plans/{held.public_id}/"
    assert "At the end of the period" in dialog.get(f"{of_plan}cancel/").text

    assert dialog.post(f"{of_plan}cancel/", {"when": "period_end"}).status_code == 204
    assert PlanSubscription.objects.get().scheduled == "cancel"
    assert "It is cancelled" in dialog.get(f"{of_plan}undo/").text
    assert dialog.post(f"{of_plan}undo/").status_code == 204
    assert PlanSubscription.objects.get().scheduled == ""
    assert dialog.post(f"{of_plan}undo/").status_code == 422


def test_a_plan_is_changed_at_renewal(dialog, held, now):
    big = make_version("big", data(20 * GB), now=now)

    answer = dialog.post(
        f"{BASE}plans/{held.public_id}/change/",
        {"version": big.pk, "when": "renewal", "leftovers": "keep"},
    )

    assert answer.status_code == 204
    found = PlanSubscription.objects.get()
    assert (found.next_version, found.next_leftovers) == (big, "keep")


def test_a_change_that_money_does_not_cover_is_refused(dialog, held, now):
    big = make_version("big", price=60 * EURO, now=now)

    answer = dialog.post(
        f"{BASE}plans/{held.public_id}/change/",
        {"version": big.pk, "when": "now", "leftovers": "expire", "charge_price": "on"},
    )

    assert answer.status_code == 422
    assert "charge_price" in answer.context["form"].errors


def test_more_of_an_add_on(dialog, account, extra):
    dialog.post(f"{BASE}add-on/", {"version": extra.pk, "quantity": 1})
    held = PlanSubscription.objects.get(version=extra)

    answer = dialog.post(
        f"{BASE}plans/{held.public_id}/quantity/", {"quantity": 3, "charge_price": "on"}
    )

    assert answer.status_code == 204
    assert money_of(account).available == 44 * EURO


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "renews"),
        ({"scheduled": "cancel"}, "ends"),
        ({"state": "grace", "grace_ends_at": datetime(2027, 1, 1, tzinfo=UTC)}, "tried again"),
        ({"state": "pending"}, "begins with its first use"),
        ({"next_quantity": 2}, "then 2 of it"),
        ({"overrides": {"price": 7 * EURO}}, "own terms"),
    ],
)
def test_the_list_of_plans_says_what_comes_next(dialog, held, changes, words):
    PlanSubscription.objects.filter(pk=held.pk).update(**changes)

    page = dialog.get(f"{BASE}?tab=plans").text

    assert words in page


def test_a_plan_of_another_account_is_not_there(dialog, held, now):
    factories.make_account("acc-2", now=now + timedelta(seconds=1))

    assert dialog.get(f"/accounts/acc-2/plans/{held.public_id}/cancel/").status_code == 404
