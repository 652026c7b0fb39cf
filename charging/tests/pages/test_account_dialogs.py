from __future__ import annotations

import pytest

from charging.models import Bucket
from plans.specs import AllowanceSpec, VersionSpec
from portal.tenancy.models import AuditEntry
from subscribers.models import Account, Device, PlanSubscription
from tests import factories

BASE = "/accounts/acc-1/"


def test_a_device_is_added(dialog, account):
    answer = dialog.post(
        f"{BASE}devices/new/",
        {"supi": "imsi-001010000000001", "label": "Watch", "charging_characteristics": "0800"},
    )

    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == BASE
    device = Device.objects.get()
    assert (device.account, device.charging_characteristics) == (account, "0800")


def test_a_number_that_is_taken_is_said_at_its_field(dialog, account, now):
    factories.make_device(account, msisdn="4915100000001", now=now)

    answer = dialog.post(f"{BASE}devices/new/", {"gpsi": "+49 151 0000 0001", "label": "Watch"})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"gpsi": ["Another device has this number."]}
    assert 'value="Watch"' in answer.text


def test_a_plan_is_changed(dialog, account, now):
    spec = VersionSpec(
        currency="EUR",
        allowances=(AllowanceSpec(name="Small data", service="data", amount=2**30),),
    )
    small = factories.make_published_plan("small", name="Small", spec=spec, now=now)

    answer = dialog.post(f"{BASE}plan/", {"version": small.pk})

    assert answer.status_code == 204
    assert PlanSubscription.objects.filter(account=account, ends_at=None).get().version == small
    assert Bucket.objects.get(name="Small data").available == 2**30


def test_a_plan_that_money_does_not_cover_is_refused_at_the_choice(dialog, account, flex):
    answer = dialog.post(f"{BASE}plan/", {"version": flex.pk, "charge_price": "on"})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "charge_price": ["The main balance does not cover the price."]
    }
    assert PlanSubscription.objects.get().ends_at is None


@pytest.mark.parametrize("version", ["", "999999", "x"])
def test_a_plan_that_is_not_offered_is_refused(dialog, account, version):
    answer = dialog.post(f"{BASE}plan/", {"version": version})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["version"]


def test_an_account_is_suspended_with_a_reason(dialog, account):
    answer = dialog.post(f"{BASE}state/?to=suspended", {"reason": "Lost phone"})

    assert answer.status_code == 204
    assert Account.objects.get().state == "suspended"
    assert AuditEntry.objects.filter(reason="Lost phone").exists()


def test_a_state_is_not_changed_without_a_reason(dialog, account):
    answer = dialog.post(f"{BASE}state/?to=suspended", {"reason": " "})

    assert answer.status_code == 422
    assert Account.objects.get().state == "active"


def test_what_somebody_has_done_already_is_said(dialog, account):
    dialog.post(f"{BASE}state/?to=suspended", {"reason": "Lost phone"})

    answer = dialog.post(f"{BASE}state/?to=suspended", {"reason": "Lost phone"})

    assert answer.status_code == 422
    assert "Somebody has done that already." in answer.text


@pytest.mark.parametrize("path", ["devices/new/", "plan/", "state/?to=terminated"])
@pytest.mark.parametrize("role", ["viewer", "product-manager", "publisher", "network-engineer"])
def test_accounts_are_managed_only_by_those_who_may(sign_in, account, role, path):
    answer = sign_in(role, htmx=True).post(f"{BASE}{path}", {"reason": "x", "label": "x"})

    assert answer.status_code == 403
    assert Account.objects.get().state == "active"


def test_another_operators_account_cannot_be_changed(sign_in, account):
    stranger = sign_in(tenant=factories.make_tenant("contoso"), htmx=True)

    for path in ("devices/new/", "plan/", "state/", "top-up/", "adjust/", "adjust/preview/"):
        assert stranger.post(f"{BASE}{path}", {"amount": "1"}).status_code == 404
