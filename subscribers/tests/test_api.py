"""Devices over REST."""

from __future__ import annotations

import pytest

from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from subscribers.services import change_account_state
from tests.factories import make_account, make_device
from tests.harness.rest import make_caller

DEVICE = {
    "id": "phone-1",
    "account": "ana",
    "supi": "imsi-001010000000001",
    "gpsi": "msisdn-491510000001",
}


@pytest.fixture
def ana(northwind, now):
    with tenant_scope(northwind):
        return make_account("ana", now=now)


def params(answer):
    return {entry["param"] for entry in answer.json()["invalidParams"]}


def test_a_device_is_added_to_an_account(rest, ana):
    created = rest.post("devices/", DEVICE)

    assert created.status_code == 201
    shown = rest.get("devices/phone-1/").json()
    assert created.json() == shown
    assert {name: shown[name] for name in DEVICE} == DEVICE
    assert shown["state"] == "active"


def test_identities_are_taken_as_people_write_them(rest, ana):
    shown = rest.post(
        "devices/", {**DEVICE, "supi": "001010000000001", "gpsi": "+49 151 000 0001"}
    ).json()

    assert shown["supi"] == "imsi-001010000000001"
    assert shown["gpsi"] == "msisdn-491510000001"


def test_an_id_is_made_when_none_is_given(rest, ana):
    shown = rest.post("devices/", {"account": "ana", "gpsi": "491510000001"}).json()

    assert shown["id"]
    assert rest.get(f"devices/{shown['id']}/").status_code == 200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"account": "nobody"}, "/account"),
        ({"supi": "imsi-12"}, "/supi"),
        ({"gpsi": "mum"}, "/gpsi"),
        ({"id": "with space"}, "/id"),
        ({"id": "x" * 65}, "/id"),
        ({"charging_characteristics": "xyz"}, "/charging_characteristics"),
        ({"imsi": "001010000000001"}, "/imsi"),
    ],
)
def test_what_is_wrong_is_named(rest, ana, change, param):
    answer = rest.post("devices/", {**DEVICE, **change})

    assert answer.status_code == 400
    assert params(answer) == {param}
    assert rest.get("devices/").json()["results"] == []


def test_a_device_needs_an_account_by_name(rest, ana):
    answer = rest.post("devices/", {"id": "phone-1"})

    assert params(answer) == {"/account"}


@pytest.mark.parametrize(
    ("other", "param"),
    [
        ({"supi": "imsi-001010000000002", "gpsi": "msisdn-491510000002"}, "/id"),
        ({"id": "phone-2", "gpsi": "msisdn-491510000002"}, "/supi"),
        ({"id": "phone-2", "supi": "imsi-001010000000002"}, "/gpsi"),
    ],
)
def test_what_another_device_has_is_a_conflict(rest, ana, other, param):
    rest.post("devices/", DEVICE)

    answer = rest.post("devices/", {**DEVICE, **other})

    assert answer.status_code == 409
    assert params(answer) == {param}


def test_a_terminated_account_takes_no_device(rest, ana, northwind, now):
    with tenant_scope(northwind):
        state = Account.State.TERMINATED
        change_account_state(account=ana, state=state, actor=SYSTEM, now=now)

    assert rest.post("devices/", DEVICE).status_code == 409


def test_devices_are_listed_by_account(rest, ana, northwind, now):
    with tenant_scope(northwind):
        make_device(make_account("ben", now=now), public_id="of-ben", now=now)
        make_device(ana, public_id="of-ana", now=now)

    assert [one["id"] for one in rest.get("devices/").json()["results"]] == ["of-ana", "of-ben"]
    assert [one["id"] for one in rest.get("devices/", account="ben").json()["results"]] == [
        "of-ben"
    ]
    assert rest.get("devices/", account="nobody").json()["results"] == []


def test_another_operators_device_is_not_found_and_its_ids_are_free(rest, ana, contoso, now):
    rest.post("devices/", DEVICE)
    with tenant_scope(contoso):
        make_account("ana", now=now)
    stranger = make_caller(contoso)

    assert stranger.get("devices/phone-1/").status_code == 404
    assert stranger.post("devices/", DEVICE).status_code == 201


def test_viewing_does_not_add_devices(ana, rest_with):
    viewer = rest_with("subscribers.view")

    assert viewer.get("devices/").status_code == 200
    assert viewer.post("devices/", DEVICE).status_code == 403
