"""Cases that give no prices of their own, priced by a plan's tariff."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from charging.engine.calendar import Band, Window
from charging.engine.cases.outcome import Outcome
from charging.engine.cases.reading import read_case
from charging.engine.cases.running import run_case
from charging.engine.conditions import Conditions, Destinations
from charging.engine.prefixes import PrefixTable
from charging.engine.tariff import Rate, Rates, Tariff
from charging.tests.engine.builders import CENT, DATA, EURO, VOICE
from charging.tests.engine.cases.builders import case, event, money, seconds

CHEAP = Rate.flat(
    key="france",
    service="voice",
    price=5 * CENT,
    per=60,
    when=Conditions(destinations=Destinations(included=frozenset(("FRANCE",)))),
)
NIGHT = Rate.flat(
    key="night",
    service="voice",
    price=3 * CENT,
    per=60,
    weight=10,
    when=Conditions(band=Band(key="night", windows=(Window(start=22 * 3600, end=6 * 3600),))),
)
STANDARD = Rate.flat(key="voice", service="voice", price=9 * CENT, per=60, connect_fee=EURO // 10)
PER_MB = Rate.flat(key="data", service="data", price=CENT, per=2**20)
FLEX = Tariff(version_id=1, label="Flex 20 v3", rates=Rates((CHEAP, NIGHT, STANDARD, PER_MB)))


def run(*events: dict[str, Any], balances: tuple[dict[str, Any], ...] = ()) -> list[Outcome]:
    ground = {"account": {"id": "anna", "balances": list(balances)}}
    return run_case(
        read_case(case(ground, *events)),
        tariff=FLEX,
        rating_groups={"voice": VOICE, "data": DATA},
        prefixes=PrefixTable([("33", "FRANCE")]),
    )


def test_a_price_is_the_plans_rounded_by_its_rate():
    minute, france, night, data = run(
        event("rate", 252),
        event("rate", 90, destination="331"),
        event("rate", 60, answer_time="2024-05-06T23:00:00Z"),
        event("rate", 3 * 2**20, type="data", category="data"),
    )

    assert minute.cost == Decimal("0.48")  # 0.10 + 0.378 = 0.478
    assert france.cost == Decimal("0.08")  # 0.075
    assert night.cost == Decimal("0.03")
    assert data.cost == Decimal("0.03")


def test_a_call_is_split_where_the_plans_price_changes():
    [call] = run(
        event("debit", 120, answer_time="2024-05-06T21:59:00Z"), balances=(money("m", "1"),)
    )

    assert call.cost == Decimal("0.22")  # 0.10 + 0.09 until ten, then 0.03
    assert call.balances["m"] == Decimal("0.78")


def test_money_buckets_pay_together_as_in_live_charging():
    [call] = run(event("debit", 60), balances=(money("a", "0.05", weight=1), money("b", "1")))

    assert call.cost == Decimal("0.19")
    assert call.balances == {"a": 0, "b": Decimal("0.86")}


def test_a_plans_bundle_pays_before_money():
    [call] = run(event("debit", 120), balances=(seconds("v", "60"), money("m", "1")))

    assert call.cost == Decimal("0.19")
    assert call.balances == {"v": 0, "m": Decimal("0.81")}


def test_what_a_plan_has_no_price_for_is_an_error():
    [call] = run(event("debit", 1, type="sms", category="sms"), balances=(money("m", "1"),))

    assert call.error == "UNAUTHORIZED_DESTINATION"
