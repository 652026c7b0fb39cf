"""Every term of a version over REST, there and back, and what is refused on the way."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from plans import selectors
from plans.reference.models import DestinationGroup
from plans.tests.samples import FULL
from portal.tenancy.scope import tenant_scope
from tests.factories import make_published_plan

DATA = "00000000-0000-0000-0000-000000000001"
MINUTES = "00000000-0000-0000-0000-000000000002"
PREMIUM = "00000000-0000-0000-0000-000000000004"
SPENT = "00000000-0000-0000-0000-000000000003"

TO_SPAIN = {
    "destinations": {"included": ["spain"], "excluded": ["spain-premium"]},
    "zones": ["home"],
    "networks": ["26201"],
    "rats": ["NR", "EUTRA"],
    "dnns": ["internet"],
    "slices": ["1-0000FF"],
    "number_classes": ["mobile"],
    "categories": ["call"],
    "characteristics_mask": 2048,
    "characteristics_value": 2048,
    "on_net": False,
    "band": "weekday-evenings",
}
BODY: dict[str, Any] = {
    "price": "19.90",
    "renewal": "2 months",
    "auto_renews": False,
    "anchor_day": 31,
    "start": "first_use",
    "proration": "day",
    "purchase_fee": "5.00",
    "first_use_fee": "1.00",
    "grace_hours": 48,
    "retry_hours": 6,
    "retries_max": 8,
    "is_add_on": True,
    "quantity_max": 3,
    "money_first": True,
    "zero_rated": [380],
    "fallback_plans": ["basic"],
    "bands": [
        {
            "code": "weekday-evenings",
            "name": "Weekday evenings",
            "windows": [
                {"weekdays": [1, 2, 3, 4, 5], "start": "18:00", "end": "23:30"},
                {"years": [2026, 2027], "months": [12], "month_days": [24, 25]},
            ],
            "closed": [{"holidays": True}],
        }
    ],
    "allowances": [
        {
            "key": DATA,
            "name": "Data",
            "service": "data",
            "rating_groups": [300, 310],
            "amount": 21474836480,
            "weight": 40,
            "thresholds": [
                {
                    "name": "low",
                    "percent": 12.5,
                    "state": "critical",
                    "action": "block",
                    "target": PREMIUM,
                    "quiet_from": "22:00",
                    "quiet_until": "07:30",
                    "is_paused": True,
                }
            ],
            "lifetime": {"span": "weeks", "count": 2, "from_first_use": True},
            "conditions": {"zones": ["home"], "rats": ["NR"]},
            "is_blocker": True,
            "is_shared": True,
            "step": 1024,
            "factors": [
                {"times": 3, "conditions": {"dnns": ["video"]}},
                {"times": 2, "key": "premium"},
            ],
            "own_rate": {
                "service": "data",
                "price": "0.01",
                "per": 1048576,
                "slots": [{"start": 1073741824, "price": "0.005", "per": 1048576}],
                "conditions": {"zones": ["roaming"]},
            },
            "renewal": "roll_over",
            "roll_over_amount_max": 5368709120,
            "roll_over_periods_max": 2,
            "roll_over_order": "newest",
        },
        {
            "key": MINUTES,
            "name": "Fair use minutes",
            "service": "voice",
            "amount": 60000,
            "weight": 40,
            "is_unlimited": True,
            "lifetime": {"span": "until", "until": "2027-01-01T00:00:00Z"},
            "renewal": "extend",
        },
        {
            "key": PREMIUM,
            "name": "Neutral units",
            "service": "generic",
            "amount": 100,
            "weight": 20,
            "validity_days": 7,
        },
        {
            "key": SPENT,
            "name": "Spent abroad",
            "service": "money",
            "amount": "50.00",
            "weight": 10,
            "role": "counts",
            "limits": True,
            "conditions": {"zones": ["roaming"]},
            "thresholds": [
                {"name": "most of it", "percent": 80, "action": "throttle"},
                {"name": "nearly spent", "amount": "45.00", "action": "suspend"},
            ],
        },
    ],
    "rates": [
        {
            "key": "00000000-0000-0000-0000-000000000065",
            "service": "voice",
            "rating_groups": [100],
            "price": "0.09",
            "per": 60,
            "connect_fee": "0.05",
            "pricing": "package",
            "slots": [
                {"start": 600, "price": "0.08", "per": 60},
                {"start": 3600, "price": "0.07", "per": 300},
            ],
            "rounding": "up",
            "decimals": 4,
            "minimum": "0.10",
            "maximum": "2.00",
            "at_maximum": "stop",
            "conditions": TO_SPAIN,
            "weight": 5,
            "active_from": "2027-01-01T00:00:00Z",
            "tax_percent": 19.5,
            "label": "Spain, evenings",
        },
        {
            "key": "00000000-0000-0000-0000-000000000066",
            "service": "data",
            "price": "0.01",
            "per": 1048576,
            "pricing": "volume",
            "slots": [{"start": 1073741824, "price": "0.005", "per": 1048576}],
        },
    ],
    "examples": [
        {
            "title": "2 MB beyond the allowance",
            "case": {
                "events": [
                    {
                        "op": "rate",
                        "type": "data",
                        "answer_time": "2026-11-25T19:00:00Z",
                        "usage": 2097152,
                    }
                ],
                "expect": [{"cost": 0.02}],
            },
        }
    ],
}
"""plans/tests/samples.py in JSON."""


@pytest.fixture
def address(rest, northwind, now):
    """A new plan of a tenant with what the sample names."""
    with tenant_scope(northwind):
        make_published_plan("basic", now=now)
        for code in ("spain", "spain-premium"):
            DestinationGroup.objects.create(code=code, name=code.title())
    assert rest.post("plans/", {"code": "flex-20", "name": "Flex 20"}).status_code == 201
    return "plans/flex-20/versions/"


def test_a_body_says_what_the_sample_says(rest, northwind, address):
    created = rest.post(address, BODY)

    assert created.status_code == 201, created.json()
    with tenant_scope(northwind):
        spec = selectors.spec_of(selectors.find_version("flex-20", 1))
    # The unit in which an amount was typed is the designer's.
    assert [row.display_unit for row in spec.allowances] == [""] * 4
    assert strip_units(spec) == strip_units(FULL)


def strip_units(spec):
    return replace(spec, allowances=tuple(replace(row, display_unit="") for row in spec.allowances))


READ_ONLY = {"plan", "number", "state", "revision", "created_at", "published_at", "retired_at"}


def test_what_is_answered_can_be_sent_again(rest, northwind, address):
    version = rest.post(address, BODY).json()
    with tenant_scope(northwind):
        before = selectors.spec_of(selectors.find_version("flex-20", 1))
    again = {name: value for name, value in version.items() if name not in READ_ONLY}
    for row in again["allowances"]:
        del row["unit"]

    answer = rest.put(f"{address}1/", again)

    assert answer.status_code == 200, answer.json()
    assert answer.json()["revision"] == version["revision"]  # nothing changed
    with tenant_scope(northwind):
        assert selectors.spec_of(selectors.find_version("flex-20", 1)) == before


def test_money_and_times_are_answered_as_texts(rest, address):
    version = rest.post(address, BODY).json()

    rate = version["rates"][0]
    assert (rate["minimum"], rate["maximum"], rate["increment"]) == ("0.10", "2.00", 60)
    assert rate["slots"][1] == {"start": 3600, "price": "0.07", "per": 300, "increment": 300}
    assert rate["conditions"] == TO_SPAIN
    assert version["bands"][0]["windows"][0] == {
        "weekdays": [1, 2, 3, 4, 5],
        "start": "18:00",
        "end": "23:30",
    }
    data, *_, spent = version["allowances"]
    assert data["own_rate"]["slots"][0]["price"] == "0.005"
    assert (data["thresholds"][0]["quiet_from"], data["unit"]) == ("22:00", "octets")
    assert (spent["amount"], spent["unit"]) == ("50.00", "EUR")
    assert version["examples"][0]["case"]["expect"] == [{"cost": "0.02"}]


def rate(**changes: Any) -> dict[str, Any]:
    return {"rates": [{"service": "sms", "price": "1", "per": 1, **changes}]}


def allowance(**changes: Any) -> dict[str, Any]:
    return {"allowances": [{"name": "SMS", "service": "sms", "amount": 1, **changes}]}


def window(**fields: Any) -> dict[str, Any]:
    return {"bands": [{"code": "x", "name": "X", "windows": [fields]}]}


def example(text: str) -> dict[str, Any]:
    case = {"events": [{"op": "rate", "category": text}], "expect": [{}]}
    return {"examples": [{"title": "x", "case": case}]}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"anchor": 3}, "/anchor"),
        ({"purchase_fee": "1.0000000001"}, "/purchase_fee"),
        ({"fallback_plans": ["flex-20"]}, "/fallback_plans/0"),
        (window(hours=[1]), "/bands/0/windows/0/hours"),
        (window(start="25:00"), "/bands/0/windows/0/start"),
        (rate(maximum="0.1234567891"), "/rates/0/maximum"),
        (rate(slots=[{"start": 5, "price": "1", "unit": 1}]), "/rates/0/slots/0/unit"),
        (rate(slots=[{"start": 5, "price": "x", "per": 1}]), "/rates/0/slots/0/price"),
        (rate(conditions={"zone": ["eu"]}), "/rates/0/conditions/zone"),
        (rate(conditions={"zones": ["moon"]}), "/rates/0/conditions/zones"),
        (
            rate(conditions={"destinations": {"in": []}}),
            "/rates/0/conditions/destinations/in",
        ),
        (allowance(amount=0), "/allowances/0/amount"),
        (allowance(factors=[{"times": 1.5}]), "/allowances/0/factors/0/times"),
        (allowance(factors=[{"times": 0}]), "/allowances/0/factors/0/times"),
        (allowance(lifetime={"span": "weeks", "for": 1}), "/allowances/0/lifetime/for"),
        (
            allowance(own_rate={"price": "1", "per": 1, "fee": "1"}),
            "/allowances/0/own_rate/fee",
        ),
        (example("a\x00b"), "/examples/0/case"),
        (example("\ud800"), "/examples/0/case"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(rest, address, change, param):
    answer = rest.post(address, change)

    assert answer.status_code == 400
    assert param in {entry["param"] for entry in answer.json()["invalidParams"]}


def test_a_version_that_names_a_zero_rated_group_is_not_published_by_default(rest, address):
    rest.post(address, {"zero_rated": [380], "rates": BODY["rates"][1:]})

    answer = rest.post(f"{address}1/publish/")

    assert answer.status_code == 400
    assert [entry["param"] for entry in answer.json()["invalidParams"]] == ["/zero_rated"]


@pytest.mark.parametrize(
    ("text", "answered"),
    [("PT12H", "12 hours"), ("P1Y", "year"), ("hour", "hour"), ("2 years", "2 years")],
)
def test_periods_of_hours_and_years(rest, address, text, answered):
    assert rest.post(address, {"renewal": text}).json()["renewal"] == answered


@pytest.mark.parametrize("text", ["P12H", "PT1D", "PT", "3 fortnights"])
def test_no_period(rest, address, text):
    assert rest.post(address, {"renewal": text}).status_code == 400


def test_five_hundred_rates_are_saved_in_seconds(rest, address):
    rate = {**BODY["rates"][1], "conditions": {"destinations": {"included": ["spain"]}}}
    del rate["key"]
    body = {"rates": [{**rate, "weight": place} for place in range(500)]}

    begin = time.process_time()
    answer = rest.post(address, body)

    assert answer.status_code == 201
    assert time.process_time() - begin < 4
