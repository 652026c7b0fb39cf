"""What holds for all case files, whatever they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given as holds_for
from hypothesis import strategies as st

from charging.tests.engine.cases.builders import event, given, money, run, seconds

PRICES = st.sampled_from(["0", "0.01", "0.1", "0.25", "1", "3.333333333"])
STEPS = st.sampled_from([1, 7, 10, 60])


@st.composite
def rates(draw: st.DrawFn) -> dict[str, Any]:
    slots = [{"from": 0, "rate": draw(PRICES), "unit": 1, "increment": draw(STEPS)}]
    if draw(st.booleans()):
        later = draw(st.sampled_from([10, 60, 61]))
        slots.append({"from": later, "rate": draw(PRICES), "unit": 60, "increment": draw(STEPS)})
    return {"connect_fee": draw(st.sampled_from(["0", "0.5", "3"])), "slots": slots}


@st.composite
def balances(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for place in range(draw(st.integers(0, 4))):
        weight = draw(st.sampled_from([0, 10]))
        blocker = draw(st.integers(0, 5)) == 0
        if draw(st.booleans()):
            value = draw(st.sampled_from(["0", "0.3", "1", "12.5", "400"]))
            made.append(money(f"b{place}", value, weight=weight, blocker=blocker))
        else:
            rating = {"zero_increment": draw(STEPS)}
            value = str(draw(st.integers(0, 200)))
            made.append(seconds(f"b{place}", value, weight=weight, blocker=blocker, rating=rating))
    return made


USAGE = st.integers(1, 400)


def total_money(held: list[dict[str, Any]], now: Any) -> tuple[Decimal, Decimal]:
    """Money before and after."""
    names = {each["id"] for each in held if each["type"] == "monetary"}
    before = sum((Decimal(each["value"]) for each in held if each["id"] in names), Decimal(0))
    after = sum((v for name, v in now.items() if name in names | {"*default"}), Decimal(0))
    return before, after


@holds_for(rates(), balances(), USAGE)
def test_what_is_charged_is_what_balances_lose(rate, held, usage):
    [outcome] = run(given(*held, rate=rate), event("debit", usage))

    before, after = total_money(held, outcome.balances)
    assert before - after == (outcome.cost or 0)


@holds_for(rates(), balances(), USAGE)
def test_nothing_but_the_default_balance_goes_below_zero(rate, held, usage):
    [outcome] = run(given(*held, rate=rate), event("debit", usage))

    assert all(amount >= 0 for name, amount in outcome.balances.items() if name != "*default")


@holds_for(rates(), balances(), USAGE)
def test_a_quote_changes_nothing_and_a_debit_of_it_leaves_no_debt(rate, held, usage):
    [quote] = run(given(*held, rate=rate), event("quote", usage))
    assert {each["id"]: Decimal(each["value"]) for each in held} == quote.balances
    assert isinstance(quote.granted, Decimal)
    assert quote.granted <= usage

    if quote.granted:
        [debit] = run(given(*held, rate=rate), event("debit", int(quote.granted)))
        assert not debit.error
        assert "*default" not in debit.balances


@holds_for(rates(), balances(), USAGE)
def test_one_more_step_than_quoted_leaves_a_debt_or_is_blocked(rate, held, usage):
    """A quote grants all that can be had."""
    [quote] = run(given(*held, rate=rate), event("quote", 1000))
    assert isinstance(quote.granted, Decimal)
    if quote.granted < 1000:
        [debit] = run(given(*held, rate=rate), event("debit", int(quote.granted) + 1))
        assert debit.error or debit.balances["*default"] < 0


@holds_for(rates(), balances(), USAGE)
def test_a_reservation_is_a_quote_and_its_debit(rate, held, usage):
    ground = given(*held, rate=rate)
    [quote], [reserved] = run(ground, event("quote", usage)), run(ground, event("reserve", usage))

    assert reserved.granted == quote.granted
    if quote.granted:
        [debit] = run(ground, event("debit", int(quote.granted)))
        assert (debit.cost, debit.balances) == (reserved.cost, reserved.balances)


@holds_for(rates(), balances(), st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_a_session_that_ends_at_nothing_leaves_no_trace(rate, held, grants):
    updates = [event("session_update", usage) for usage in grants]
    outcomes = run(given(*held, rate=rate), *updates, event("session_end", total_usage=0))

    assert outcomes[-1].cost == 0
    assert outcomes[-1].balances == {each["id"]: Decimal(each["value"]) for each in held}


@holds_for(rates(), st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_a_session_in_parts_costs_what_one_use_costs(rate, grants):
    """With money enough; increments carry over from one grant to the next."""
    ground = given(money("m", "1000000"), rate=rate)
    updates = [event("session_update", usage) for usage in grants]

    parts = run(ground, *updates, event("session_end"))
    [whole] = run(ground, event("debit", sum(grants)))

    assert (parts[-1].cost, parts[-1].balances) == (whole.cost, whole.balances)


@holds_for(rates(), balances(), st.lists(st.integers(1, 90), min_size=1, max_size=5), USAGE)
def test_a_session_costs_what_its_balances_lost(rate, held, grants, used):
    updates = [event("session_update", usage) for usage in grants]
    outcomes = run(given(*held, rate=rate), *updates, event("session_end", total_usage=used))

    before, after = total_money(held, outcomes[-1].balances)
    if not outcomes[-1].error:
        assert before - after == outcomes[-1].cost


@holds_for(rates(), USAGE, st.integers(1, 400))
def test_a_longer_use_never_costs_less(rate, usage, more):
    ground = given(rate=rate)
    [short], [long] = run(ground, event("rate", usage)), run(ground, event("rate", usage + more))

    assert short.cost is not None
    assert long.cost is not None
    assert short.cost <= long.cost
