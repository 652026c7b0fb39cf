from __future__ import annotations

from typing import Any

import pytest

from charging.engine.cases.reading import BrokenCase, read_case
from charging.engine.cases.reporting import as_json, judge
from charging.tests.engine.cases.builders import case, event, given, money


def verdict(expect: dict[str, Any], *, ground: Any = None, op: str = "debit", **more: Any):
    ground = ground or given(money("m", "10"))
    return judge(read_case(case(ground, event(op, 4), expect=[expect], **more)))


RIGHT = {"cost": "4", "charged_usage": 4, "balances": {"m": "6.000"}}


def test_amounts_are_compared_as_numbers():
    assert verdict(RIGHT).ok


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cost": "4.000001"}, "expected 4.000001 got 4 (cost of event 1)"),
        ({"charged_usage": "5"}, "expected 5 got 4 (charged_usage of event 1)"),
        ({"balances": {"m": "6.1"}}, "expected 6.1 got 6 (balances.m of event 1)"),
        ({"balances": {"n": "0"}}, "expected 0 got nothing (balances.n of event 1)"),
        ({"granted": "4"}, "expected 4 got nothing (granted of event 1)"),
        (
            {"error": "INSUFFICIENT_CREDIT"},
            "expected INSUFFICIENT_CREDIT got nothing (error of event 1)",
        ),
    ],
)
def test_each_figure_that_is_wrong_is_named(wrong, said):
    found = verdict({**RIGHT, **wrong})

    assert not found.ok
    assert str(found) == f"FAIL one: {said}"


def test_an_error_that_nobody_expected_is_a_failure():
    found = verdict({}, ground={**given(money("m", "10")), "rating_profiles": []})

    assert str(found) == "FAIL one: expected nothing got RATING_PLAN_NOT_FOUND (error of event 1)"


def test_an_expected_error_with_balances_is_compared_whole():
    ground = {**given(money("m", "10")), "rating_profiles": []}
    expect = {"error": "RATING_PLAN_NOT_FOUND", "balances": {"m": "10"}}

    assert verdict(expect, ground=ground).ok
    assert not verdict({**expect, "balances": {"m": "9"}}, ground=ground).ok


def test_what_was_refused_costs_and_charges_nothing():
    ground = {**given(money("m", "10")), "rating_profiles": []}
    expect = {"error": "RATING_PLAN_NOT_FOUND", "cost": "0", "charged_usage": "0"}

    assert verdict(expect, ground=ground).ok
    assert not verdict({**expect, "cost": "1"}, ground=ground).ok


def test_a_debt_that_was_never_made_is_nothing():
    assert verdict({**RIGHT, "balances": {"*default": "0"}}).ok
    assert not verdict({**RIGHT, "balances": {"*default": "-1"}}).ok


def test_the_tolerance_is_for_costs_and_balances_only():
    near = {"cost": "4.1", "balances": {"m": "5.9"}}

    assert verdict(near, tolerance="0.1").ok
    assert not verdict(near, tolerance="0.09").ok
    assert not verdict({**near, "charged_usage": "4.1"}, tolerance="0.1").ok


def test_figures_with_and_without_intermediate_rounding_are_both_right():
    rounded = {"cost": "4.01", "balances": {"m": "5.99"}}

    assert verdict(rounded, expect_unrounded=[RIGHT]).ok
    assert verdict(RIGHT, expect_unrounded=[rounded]).ok
    assert not verdict(rounded, expect_unrounded=[{**RIGHT, "cost": "4.02"}]).ok


def test_an_unlimited_quote_is_no_number():
    ground = given(money("m", "10"), allow_negative=True)

    assert verdict({"granted": "unlimited"}, ground=ground, op="quote").ok
    assert not verdict({"granted": "4"}, ground=ground, op="quote").ok


def test_a_verdict_for_machines_has_what_was_expected_and_what_came():
    assert as_json(verdict({**RIGHT, "cost": "5"})) == {
        "id": "one",
        "ok": False,
        "expected": [{"cost": "5", "charged_usage": "4", "balances": {"m": "6.000"}}],
        "got": [{"cost": "4", "charged_usage": "4", "balances": {"m": "6"}}],
        "messages": ["expected 5 got 4 (cost of event 1)"],
    }


def test_a_case_that_could_not_be_read_fails_with_its_problem():
    found = judge(BrokenCase(id="x", problem="unknown field 'y'"))

    assert str(found) == "FAIL x: unknown field 'y'"
    assert as_json(found)["messages"] == ["unknown field 'y'"]


def test_a_balance_may_be_named_with_its_account_or_by_the_events_own():
    other = {"id": "bert", "balances": [money("y", "5")]}
    ground = {**given(money("m", "10")), "other_accounts": [other]}
    charged = case(ground, event("debit", 4, account="bert"), expect=[{"balances": {}}])

    for balances in ({"anna/m": "10", "bert/y": "1"}, {"m": "10", "y": "1"}):
        assert judge(read_case({**charged, "expect": [{"balances": balances}]})).ok
    wrong = judge(read_case({**charged, "expect": [{"balances": {"y": "5"}}]}))
    assert str(wrong) == "FAIL one: expected 5 got 1 (balances.y of event 1)"


def test_a_case_that_breaks_the_engine_does_not_keep_the_others_from_running(monkeypatch):
    def broken(case: Any) -> None:
        raise ZeroDivisionError("of no use")

    monkeypatch.setattr("charging.engine.cases.reporting.run_case", broken)

    assert str(verdict(RIGHT)) == "FAIL one: the engine failed: ZeroDivisionError('of no use')"
