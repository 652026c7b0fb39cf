from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from charging.engine.cases.case import Case
from charging.engine.cases.nodes import NotACase
from charging.engine.cases.reading import (
    BrokenCase,
    NotACaseFile,
    parse,
    read_case,
    read_document,
    read_file,
)
from charging.tests.engine.cases.builders import PER_SECOND, case, event, given, money


def with_field(path: tuple[object, ...], value: object) -> dict:
    """A sound case with one thing put in it."""
    sound = case(given(money("m", "1", windows=[{}])), event("debit", 1, max_rate={"rate": "1"}))
    made = deepcopy(sound)
    target = made
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("expected",), "'expected'"),
        (("given", "rate"), "'given.rate'"),
        (("given", "settings", "decimals"), "'given.settings.decimals'"),
        (("given", "rates", "R", "fee"), "'given.rates.R.fee'"),
        (("given", "rates", "R", "slots"), "'given.rates.R.slots[0].step'"),
        (("given", "rating_plans", "P", 0, "tax"), "'given.rating_plans.P[0].tax'"),
        (("given", "rating_profiles", 0, "tenant"), "'given.rating_profiles[0].tenant'"),
        (
            ("given", "rating_profiles", 0, "activations", 0, "until"),
            "'given.rating_profiles[0].activations[0].until'",
        ),
        (("given", "account", "name"), "'given.account.name'"),
        (("given", "account", "balances", 0, "unit"), "'given.account.balances[0].unit'"),
        (
            ("given", "account", "balances", 0, "windows", 0, "open"),
            "'given.account.balances[0].windows[0].open'",
        ),
        (("given", "timings"), "'given.timings.T.begin'"),
        (("given", "shared_groups"), "'given.shared_groups.G.order'"),
        (("events", 0, "number"), "'events[0].number'"),
        (("events", 0, "max_rate", "per"), "'events[0].max_rate.per'"),
        (("expect", 0, "price"), "'expect[0].price'"),
    ],
)
def test_an_unknown_field_is_an_error_that_names_it(path, named):
    values: dict[str, object] = {
        "slots": [{**PER_SECOND["slots"][0], "step": 1}],
        "timings": {"T": {"begin": "08:00:00"}},
        "shared_groups": {"G": {"order": "lowest", "members": []}},
    }

    with pytest.raises(NotACase, match="unknown field") as refused:
        read_case(with_field(path, values.get(str(path[-1]), 1)))

    assert named in str(refused.value)


def test_where_a_case_came_from_is_not_looked_at():
    made = case(given(), event("rate", 1), source=1, basis=[2], upstream_asserts={"x": "y"})

    assert read_case(made).id == "one"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("id",), 7, "id: must be a text"),
        (("events", 0, "op"), "charge", "events[0].op: 'charge' is none of"),
        (("events", 0, "type"), "monetary", "events[0].type: 'monetary' is none of"),
        (("events", 0, "usage"), "1.5", "events[0].usage: must be a whole number"),
        (("events", 0, "usage"), 10**12, "events[0].usage: must be at most 1000000000"),
        (("events", 0, "usage"), True, "events[0].usage: must be a decimal number"),
        (("events", 0, "usage"), None, "events[0]: 'usage' is missing"),
        (("events", 0, "answer_time"), "noon", "events[0].answer_time: 'noon' is not a time"),
        (("events", 0, "round_cost"), 1, "events[0].round_cost: must be true or false"),
        (("expect",), [], "expect: must have one entry for each event"),
        (("tolerance",), "-1", "tolerance: must not be below zero"),
        (("tolerance",), "much", "tolerance: 'much' is not a decimal number"),
        (("tolerance",), "NaN", "tolerance: 'NaN' is not a decimal number"),
        (("tolerance",), "1e999999", "tolerance: '1e999999' has too many digits"),
        (("given", "rates", "R", "slots"), [], "the first slot must begin at 0"),
        (
            ("given", "rating_plans", "P", 0, "rate"),
            "S",
            "rating_plans.P[0].rate: 'S' is not given",
        ),
        (
            ("given", "rating_plans", "P", 0, "timing"),
            "T",
            "rating_plans.P[0].timing: 'T' is not given",
        ),
        (("given", "timings"), {"T": {"start": "25:00:00"}}, "'25:00:00' is not a time of day"),
        (("given", "timings"), {"T": {"start": "24:00"}}, "no timing begins at the end of the day"),
        (("given", "timings"), {"T": {"weekdays": [7]}}, "weekdays[0]: must be at most 6"),
        (("given", "other_accounts"), [{"id": "anna"}], "two accounts have the same id"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(path, value, problem):
    with pytest.raises(NotACase) as refused:
        read_case(with_field(path, value))

    assert problem in str(refused.value)


def test_numbers_are_read_exactly():
    made = read_case(
        {
            **case(given(money("m", "0.1000000000000000001")), event("debit", 1)),
            "expect": [
                {"cost": parse("0.1"), "balances": {"m": parse("12345678901234567890.123")}}
            ],
        }
    )

    assert made.given.account is not None
    assert made.given.account.balances[0].value == Decimal("0.1000000000000000001")
    assert made.expect[0].cost == Decimal("0.1")
    assert made.expect[0].balances["m"] == Decimal("12345678901234567890.123")


def test_a_case_that_cannot_be_read_does_not_spoil_the_others():
    good = case(given(), event("rate", 1))
    read = read_document({"format": "rating-cases/1", "cases": [{"id": "bad", "x": 1}, good]})

    assert read[0] == BrokenCase(id="bad", problem="unknown field 'x'")
    assert isinstance(read[1], Case)


def test_a_bare_list_of_cases_is_a_file_too():
    good = case(given(), event("rate", 1))

    assert [each.id for each in read_document([good])] == ["one"]


def test_an_id_that_comes_twice_is_an_error():
    good = case(given(), event("rate", 1))

    assert isinstance(read_document([good, good])[1], BrokenCase)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ('{"format": "rating-cases/2", "cases": []}', "is of the format 'rating-cases/2'"),
        ('{"format": "rating-cases/1", "cases": [], "author": "x"}', "unknown field 'author'"),
        ('{"format": "rating-cases/1"}', "'cases' is missing"),
        ('{"cases": [], "cases": []}', "'cases' twice in one object"),
        ('[{"id": NaN}]', "NaN is not a number"),
        ("[" * 100_000, "is nested too deeply"),
        ("7", "must be an object"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text, problem):
    path = tmp_path / "cases.json"
    path.write_text(text)

    with pytest.raises(NotACaseFile) as refused:
        read_file(path)

    assert str(path) in str(refused.value)
    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(NotACaseFile, match=r"missing\.json: cannot be read: No such file"):
        read_file(tmp_path / "missing.json")
