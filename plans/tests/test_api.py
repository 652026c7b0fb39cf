"""Plans and rating groups over REST."""

from __future__ import annotations

import json

import pytest

from plans.models import PlanVersion
from portal.tenancy.scope import tenant_scope
from tests.factories import make_plan
from tests.harness.rest import make_caller

FLEX = {
    "price": "19.90",
    "currency": "EUR",
    "renewal": "30 days",
    "allowances": [
        {
            "name": "National data",
            "service": "data",
            "amount": 21474836480,
            "weight": 20,
            "thresholds": [
                {"name": "Half", "percent": 50},
                {"name": "Low", "percent": 12.5},
                {"name": "Last gigabyte", "amount": 1073741824},
            ],
        },
        {"name": "Voice", "service": "voice", "amount": 18000, "weight": 10},
        {"name": "Bonus", "service": "money", "amount": "2.50", "weight": 5},
    ],
    "rates": [
        {"service": "voice", "price": "0.09", "per": 60, "increment": 60, "connect_fee": "0.05"},
        {"service": "data", "price": "0.01", "per": 1048576},
    ],
}


@pytest.fixture
def flex(rest):
    """A plan without content."""
    assert rest.post("plans/", {"code": "flex-20", "name": "Flex 20"}).status_code == 201
    return "plans/flex-20/"


def params(answer):
    """What a problem document calls wrong."""
    assert answer["Content-Type"] == "application/problem+json"
    return {entry["param"] for entry in answer.json().get("invalidParams", [])}


def test_a_new_plan_begins_with_a_draft(rest):
    answer = rest.post("plans/", {"code": "flex-20", "name": "Flex 20"})

    assert answer.status_code == 201
    assert answer.json()["code"] == "flex-20"
    assert answer.json()["versions"] == [{"number": 1, "state": "draft", "published_at": None}]


def test_a_version_says_what_was_sent(rest, flex):
    created = rest.post(f"{flex}versions/", FLEX)

    assert created.status_code == 201
    version = rest.get(f"{flex}versions/1/").json()
    assert created.json() == version
    assert (version["number"], version["state"]) == (1, "draft")
    assert (version["price"], version["currency"]) == ("19.90", "EUR")
    assert version["renewal"] == "30 days"
    data, voice, bonus = version["allowances"]
    assert (data["amount"], data["unit"], data["weight"]) == (21474836480, "octets", 20)
    assert [(mark["name"], mark["percent"], mark["amount"]) for mark in data["thresholds"]] == [
        ("Half", 50, None),
        ("Low", 12.5, None),
        ("Last gigabyte", None, 1073741824),
    ]
    assert (voice["amount"], voice["unit"]) == (18000, "seconds")
    assert (bonus["amount"], bonus["unit"]) == ("2.50", "EUR")
    first, second = version["rates"]
    assert (first["price"], first["per"], first["increment"]) == ("0.09", 60, 60)
    assert first["connect_fee"] == "0.05"
    assert (second["price"], second["increment"], second["connect_fee"]) == ("0.01", 1, "0.00")


def test_publishing_freezes_the_draft_and_retires_the_version_before(rest, flex):
    rest.post(f"{flex}versions/", FLEX)
    first = rest.post(f"{flex}versions/1/publish/")
    assert first.status_code == 201
    assert first.json()["state"] == "published"

    second = rest.post(f"{flex}versions/", {**FLEX, "price": "24.90"})
    assert second.json()["number"] == 2
    rest.post(f"{flex}versions/2/publish/")

    states = [(each["number"], each["state"]) for each in rest.get(flex).json()["versions"]]
    assert states == [(1, "retired"), (2, "published")]
    assert rest.put(f"{flex}versions/2/", FLEX).status_code == 409
    assert rest.post(f"{flex}versions/2/publish/").status_code == 409


def test_a_second_draft_is_a_conflict_and_put_replaces_the_first(rest, flex):
    rest.post(f"{flex}versions/", FLEX)

    refused = rest.post(f"{flex}versions/", FLEX)
    assert refused.status_code == 409
    assert "PUT" in refused.json()["detail"]

    replaced = rest.put(f"{flex}versions/1/", {**FLEX, "price": "9.90"})
    assert replaced.status_code == 200
    assert replaced.json()["price"] == "9.90"


def test_a_draft_based_on_an_older_revision_is_a_conflict(rest, flex):
    revision = rest.post(f"{flex}versions/", FLEX).json()["revision"]
    saved = rest.put(f"{flex}versions/1/", {**FLEX, "price": "9.90", "revision": revision})
    assert saved.status_code == 200

    late = rest.put(f"{flex}versions/1/", {**FLEX, "price": "1.00", "revision": revision})

    assert late.status_code == 409
    assert rest.get(f"{flex}versions/1/").json()["price"] == "9.90"


def test_an_empty_version_is_not_published(rest, flex):
    answer = rest.post(f"{flex}versions/1/publish/")

    assert answer.status_code == 400
    assert params(answer) == {"/allowances"}


def test_a_code_that_is_taken_is_a_conflict(rest, flex):
    answer = rest.post("plans/", {"code": "flex-20", "name": "Another"})

    assert answer.status_code == 409
    assert params(answer) == {"/code"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"price": "-1"}, "/price"),
        ({"price": "1.2.3"}, "/price"),
        ({"price": True}, "/price"),
        ({"price": "1e3"}, "/price"),
        ({"price": "19.999"}, "/price"),
        ({"currency": "USD"}, "/currency"),
        ({"currency": "euro"}, "/currency"),
        ({"renewal": "sometimes"}, "/renewal"),
        ({"renewal": 30}, "/renewal"),
        ({"prize": "19.90"}, "/prize"),
        ({"allowances": "all"}, "/allowances"),
        ({"allowances": [{"name": "X", "service": "fax", "amount": 1}]}, "/allowances/0/service"),
        ({"allowances": [{"name": "X", "service": "data"}]}, "/allowances/0/amount"),
        ({"allowances": [{"name": "X", "service": "data", "amount": 0}]}, "/allowances/0/amount"),
        ({"allowances": [{"name": "X", "service": "data", "amount": 1.5}]}, "/allowances/0/amount"),
        (
            {"allowances": [{"name": "X", "service": "data", "amount": 2**63}]},
            "/allowances/0/amount",
        ),
        ({"allowances": [{"name": "X", "amount": 1}]}, "/allowances/0/service"),
        (
            {"allowances": [{"name": "X", "amount": 1, "rating_groups": [100, 999]}]},
            "/allowances/0/rating_groups",
        ),
        (
            {"allowances": [{"name": "X", "amount": 1, "rating_groups": [100, 300]}]},
            "/allowances/0/rating_groups",
        ),
        (
            {"allowances": [{"name": "X", "amount": 1, "rating_groups": ["voice"]}]},
            "/allowances/0/rating_groups/0",
        ),
        (
            {"allowances": [{**FLEX["allowances"][1], "thresholds": [{"name": "Low"}]}]},
            "/allowances/0/thresholds/0/percent",
        ),
        (
            {
                "allowances": [
                    {**FLEX["allowances"][1], "thresholds": [{"name": "Low", "percent": 101}]}
                ]
            },
            "/allowances/0/thresholds/0/percent",
        ),
        (
            {
                "allowances": [
                    {**FLEX["allowances"][1], "thresholds": [{"name": "L", "amount": "much"}]}
                ]
            },
            "/allowances/0/thresholds/0/amount",
        ),
        ({"rates": [{"service": "voice", "price": "0.09"}]}, "/rates/0/per"),
        ({"rates": [{"service": "voice", "price": "0.09", "per": 0}]}, "/rates/0/per"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_saved(rest, flex, change, param):
    answer = rest.post(f"{flex}versions/", {**FLEX, **change})

    assert answer.status_code == 400
    assert params(answer) == {param}
    assert rest.get(f"{flex}versions/1/").json()["allowances"] == []


def test_an_unknown_field_is_an_error_that_suggests_the_right_name(rest, flex):
    answer = rest.post(f"{flex}versions/", {"alowances": []})

    (entry,) = answer.json()["invalidParams"]
    assert entry == {"param": "/alowances", "reason": "Unknown field; did you mean “allowances”?"}


def test_a_price_written_as_a_number_is_taken_exactly(rest, flex):
    body = json.dumps(FLEX).replace('"19.90"', "19.90")
    answer = rest.post(f"{flex}versions/", body)

    assert answer.json()["price"] == "19.90"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("month", "month"),
        ("P1M", "month"),
        ("2 weeks", "2 weeks"),
        ("none", "none"),
        ("P30D", "30 days"),
    ],
)
def test_renewal_is_read_in_words_and_as_a_duration(rest, flex, sent, kept):
    answer = rest.post(f"{flex}versions/", {**FLEX, "renewal": sent})

    assert answer.json()["renewal"] == kept


def test_allowances_and_rates_may_name_rating_groups(rest, flex):
    answer = rest.post(
        f"{flex}versions/",
        {
            "allowances": [{"name": "Social", "amount": 1024, "rating_groups": [310, 380]}],
            "rates": [{"rating_groups": [300], "price": "0.01", "per": 1048576}],
        },
    )

    allowance = answer.json()["allowances"][0]
    assert (allowance["service"], allowance["unit"]) == ("data", "octets")
    assert allowance["rating_groups"] == [310, 380]
    assert answer.json()["rates"][0]["service"] == "data"


def test_design_alone_does_not_publish(rest, flex, rest_with):
    designer = rest_with("plans.view", "plans.design")
    assert designer.post(f"{flex}versions/", FLEX).status_code == 201

    refused = designer.post(f"{flex}versions/1/publish/")

    assert refused.status_code == 403
    assert "plans.publish" in refused.json()["detail"]


def test_another_operators_plan_is_not_found(flex, contoso):
    stranger = make_caller(contoso)

    assert stranger.get(flex).status_code == 404
    assert stranger.get(f"{flex}versions/1/").status_code == 404
    assert stranger.post(f"{flex}versions/", FLEX).status_code == 404
    assert stranger.post(f"{flex}versions/1/publish/").status_code == 404
    assert stranger.get("plans/").json()["results"] == []


def test_plans_are_listed_by_code_in_pages(rest, northwind, now):
    with tenant_scope(northwind):
        for code in ("c", "a", "b"):
            make_plan(code, name=code, now=now)

    first = rest.get("plans/", page_size=2).json()
    assert [plan["code"] for plan in first["results"]] == ["a", "b"]
    second = rest.get(first["next"]).json()
    assert [plan["code"] for plan in second["results"]] == ["c"]
    assert second["next"] is None


def test_the_number_of_queries_does_not_grow_with_the_plans(
    rest, northwind, now, django_assert_max_num_queries
):
    with tenant_scope(northwind):
        for code in "abcdefgh":
            make_plan(code, name=code, now=now)

    with django_assert_max_num_queries(12):
        assert len(rest.get("plans/").json()["results"]) == 8


# ── rating groups ────────────────────────────────────────────────────────────────────────────


def test_a_new_tenants_rating_groups_are_listed(rest):
    groups = rest.get("rating-groups/").json()["results"]

    assert [group["number"] for group in groups] == [100, 200, 300, 310, 380, 400]
    voice = groups[0]
    assert (voice["service"], voice["unit"], voice["mode"]) == ("voice", "seconds", "online")
    assert (voice["grant"], voice["validity_time"]) == (300, 3600)


def test_a_rating_group_is_created_and_replaced_by_put(rest):
    body = {"name": "Video", "service": "data", "unit": "octets", "mode": "offline", "grant": 1024}

    created = rest.put("rating-groups/320/", body)
    assert created.status_code == 201
    replaced = rest.put("rating-groups/320/", {**body, "number": 320, "validity_time": 60})
    assert replaced.status_code == 200

    group = rest.get("rating-groups/320/").json()
    assert (group["number"], group["unit"], group["mode"]) == (320, "octets", "offline")
    assert (group["grant"], group["validity_time"]) == (1024, 60)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"unit": "miles"}, "/unit"),
        ({"grant": 0}, "/grant"),
        ({"service": "fax"}, "/service"),
        ({"number": 999}, "/number"),
        ({"name": ""}, "/name"),
        ({"final_unit_action": "REDIRECT"}, "/redirect_address"),
        ({"size": 1}, "/size"),
    ],
)
def test_a_wrong_rating_group_is_named(rest, change, param):
    body = {"name": "Video", "service": "data", "unit": "octets", "grant": 1024, **change}

    answer = rest.put("rating-groups/320/", body)

    assert answer.status_code == 400
    assert params(answer) == {param}
    assert rest.get("rating-groups/320/").status_code == 404


def test_the_unit_of_a_rated_group_cannot_change(rest, flex):
    rest.post(f"{flex}versions/", FLEX)
    rest.post(f"{flex}versions/1/publish/")

    answer = rest.put(
        "rating-groups/100/", {"name": "Voice", "service": "voice", "unit": "events", "grant": 1}
    )

    assert answer.status_code == 400
    assert params(answer) == {"/unit"}


def test_a_published_version_stays_what_it_was(rest, flex, northwind):
    rest.post(f"{flex}versions/", FLEX)
    rest.post(f"{flex}versions/1/publish/")

    rest.put(f"{flex}versions/1/", {**FLEX, "price": "1.00"})

    with tenant_scope(northwind):
        assert PlanVersion.objects.get().price == 19_900_000_000
