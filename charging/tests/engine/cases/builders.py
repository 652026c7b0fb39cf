"""A small case of one tariff, with everything unsaid defaulted."""

from __future__ import annotations

from typing import Any

from charging.engine.cases.outcome import Outcome
from charging.engine.cases.reading import read_case
from charging.engine.cases.running import run_case

MONDAY = "2024-05-06T10:00:00Z"
PER_SECOND = {
    "connect_fee": "0",
    "slots": [{"from": 0, "rate": "1", "unit": 1, "increment": 1}],
}


def event(op: str, usage: int | None = None, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "op": op,
        "type": "voice",
        "category": "call",
        "destination": "4917012345",
        "answer_time": MONDAY,
        **more,
    }
    return said if usage is None else {**said, "usage": usage}


def money(name: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "monetary", "value": value, "weight": 0, **more}


def seconds(name: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "voice", "value": value, "weight": 0, **more}


def given(*balances: dict[str, Any], rate: Any = PER_SECOND, **account: Any) -> dict[str, Any]:
    rule = {
        "destination": "*any",
        "rate": "R",
        "timing": "always",
        "weight": 0,
        "rounding": "middle",
        "decimals": 9,
    }
    activation = {"from": "2024-01-01T00:00:00Z", "plan": "P"}
    return {
        "settings": {"money_decimals": 9},
        "destinations": {"GERMANY": ["49"]},
        "rates": {"R": rate},
        "rating_plans": {"P": [rule]},
        "rating_profiles": [{"category": "call", "subject": "*any", "activations": [activation]}],
        "account": {"id": "anna", "balances": list(balances), **account},
    }


def case(ground: dict[str, Any], *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    expect = more.pop("expect", [{} for _ in events])
    return {"id": "one", "given": ground, "events": list(events), "expect": expect, **more}


def run(ground: dict[str, Any], *events: dict[str, Any]) -> list[Outcome]:
    return run_case(read_case(case(ground, *events)))
