"""Hierarchies and shared groups over REST."""

from __future__ import annotations

import pytest

from portal.tenancy.scope import tenant_scope
from tests import factories

GIGABYTE = 2**30


@pytest.fixture
def accounts(rest, northwind, now):
    """ana on Flex 20; ben and eve without a plan."""
    with tenant_scope(northwind):
        factories.make_published_plan(now=now)
        factories.make_account("ana", plan_code="flex-20", now=now)
        factories.make_account("ben", now=now)
        factories.make_account("eve", now=now)


def params(answer) -> set[str]:
    return {one["param"] for one in answer.json()["invalidParams"]}


def test_a_child_is_put_below_its_parent_within_a_cap(rest, accounts):
    caps = [{"service": "data", "amount": GIGABYTE}, {"service": "money", "amount": "5.00"}]

    answer = rest.put("accounts/ben/parent/", {"parent": "ana", "caps": caps})

    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["account"], shown["parent"], shown["children"]) == ("ben", "ana", [])
    assert [(one["service"], one["unit"], one["amount"], one["used"]) for one in shown["caps"]] == [
        ("data", "octets", GIGABYTE, 0),
        ("money", "EUR", "5.00", "0.00"),
    ]
    assert rest.get("accounts/ana/parent/").json()["children"] == ["ben"]
    assert rest.get("accounts/ben/").json()["parent"] == "ana"
    [data, money] = rest.get("accounts/ben/counters/").json()["results"]
    assert (data["caps"], data["limit"], money["limit"]) == ("parent", GIGABYTE, "5.00")

    rest.put("accounts/ben/parent/", {"parent": "ana", "caps": caps[:1]})
    assert len(rest.get("accounts/ben/counters/").json()["results"]) == 1
    rest.put("accounts/ben/parent/", {"parent": None})
    assert rest.get("accounts/ben/parent/").json()["parent"] is None
    assert rest.get("accounts/ben/counters/").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "/parent"),
        ({"parent": "nobody"}, "/parent"),
        ({"parent": "ben"}, "/parent"),
        ({"parent": "ana", "caps": [{"service": "data", "amount": 0}]}, "/caps/0/amount"),
        ({"parent": "ana", "caps": [{"service": "fax", "amount": 1}]}, "/caps/0/service"),
    ],
)
def test_what_is_wrong_with_a_parent_is_named(rest, accounts, body, param):
    answer = rest.put("accounts/ben/parent/", body)

    assert answer.status_code == 400
    assert params(answer) == {param}


def test_a_group_is_started_changed_and_read(rest, accounts):
    answer = rest.post(
        "shared-groups/",
        {
            "code": "family",
            "name": "Family",
            "owner": "ana",
            "members": [{"account": "ben", "caps": [{"service": "data", "amount": GIGABYTE}]}],
        },
    )

    assert answer.status_code == 201
    assert answer.json()["order"] == "own_lowest"
    assert [one["account"] for one in answer.json()["members"]] == ["ana", "ben"]
    assert answer.json()["members"][1]["caps"][0]["amount"] == GIGABYTE

    changed = rest.put(
        "shared-groups/family/",
        {"name": "Home", "order": "highest", "members": [{"account": "eve"}]},
    ).json()
    assert (changed["name"], changed["order"]) == ("Home", "highest")
    assert [one["account"] for one in changed["members"]] == ["ana", "eve"]
    assert rest.get("accounts/ben/").json()["shared_group"] is None
    assert rest.get("accounts/eve/").json()["shared_group"] == "family"
    assert [one["code"] for one in rest.get("shared-groups/").json()["results"]] == ["family"]


def test_a_group_that_cannot_be_is_refused_whole(rest, accounts):
    body = {"code": "family", "name": "Family", "owner": "ana", "members": [{"account": "nobody"}]}

    assert params(rest.post("shared-groups/", body)) == {"/members"}
    assert rest.get("shared-groups/").json()["results"] == []
    assert rest.post("shared-groups/", {**body, "members": []}).status_code == 201
    again = rest.post("shared-groups/", {**body, "owner": "ben", "members": []})
    assert (again.status_code, params(again)) == (409, {"/code"})


def test_a_balance_is_shared_and_blocked(rest, accounts):
    data = rest.get("accounts/ana/balances/").json()["results"][0]
    assert (data["is_shared"], data["is_disabled"]) == (False, False)
    address = f"accounts/ana/balances/{data['bucket']}/"

    assert rest.put(address, {"is_shared": True}).json()["is_shared"] is True
    changed = rest.put(address, {"is_disabled": True, "reason": "Lost phone"}).json()

    assert (changed["is_shared"], changed["is_disabled"]) == (True, True)
    assert rest.put("accounts/ben/balances/nonsense/", {"is_shared": True}).status_code == 404
    assert rest.put(address.replace("ana", "ben"), {"is_shared": True}).status_code == 404


def test_another_operators_groups_are_not_there(rest, accounts, contoso):
    from tests.harness.rest import make_caller

    rest.post("shared-groups/", {"code": "family", "name": "Family", "owner": "ana"})
    stranger = make_caller(contoso)

    assert stranger.get("shared-groups/family/").status_code == 404
    assert stranger.get("shared-groups/").json()["results"] == []
    assert stranger.put("accounts/ben/parent/", {"parent": "ana"}).status_code == 404
