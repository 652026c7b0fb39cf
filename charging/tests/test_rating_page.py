"""docs/rating.md: each example is played to the engine, and its figures are those printed."""

from __future__ import annotations

import ast
import json
import operator
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest

from charging.tests.stories import calendar, charging, renewal
from charging.tests.stories.figures import Figure, amount, figures, figures_within

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rating.md").read_text()
_EXAMPLE: Final = re.compile(r"<!-- example: ([a-z0-9-]+) -->\n((?:[>|].*\n)+)")


def load(name: str) -> dict[str, Any]:
    """Examples by name, each a story or several."""
    return json.loads((ROOT / "docs" / "examples" / f"{name}.json").read_text())


EXAMPLES = {
    key: story if isinstance(story, list) else [story]
    for path in sorted((ROOT / "docs" / "examples").glob("*.json"))
    for key, story in load(path.stem).items()
}
PROSE: dict[str, str] = dict(_EXAMPLE.findall(PAGE))


def test_every_example_is_printed_and_every_printed_example_is_played() -> None:
    assert len(_EXAMPLE.findall(PAGE)) == len(PROSE)
    assert PAGE.count("<!-- example:") == len(PROSE)
    assert PROSE.keys() == EXAMPLES.keys()


RENEWALS = [name for name, stories in EXAMPLES.items() if renewal.tells(stories[0])]


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - set(RENEWALS)))
def test_the_engine_does_what_the_example_says(name: str) -> None:
    for story in EXAMPLES[name]:
        kind = calendar if calendar.tells(story) else charging
        assert kind.play(story) == []


@pytest.mark.parametrize("name", RENEWALS)
def test_a_renewal_leaves_what_the_example_says(northwind: Any, name: str) -> None:
    for story in EXAMPLES[name]:
        assert renewal.play(story) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_prints_the_examples_figures_and_no_others(name: str) -> None:
    printed = set(figures(re.sub(r"`[^`]*`", "", PROSE[name])))
    known = {figure for story in EXAMPLES[name] for figure in figures_within(story)}
    outcomes = {figure for story in EXAMPLES[name] for figure in outcomes_of(story)}

    assert {each for each in printed - known if each[1]} == set()
    assert {each for each in outcomes - printed if each[1]} == set()


def outcomes_of(story: dict[str, Any]) -> set[Figure]:
    """What must stand in the prose: whatever comes out, nothing apart."""
    told: list[Any] = [
        [step[key] for key in (*charging.EXPECTED, "money") if key in step]
        for step in story.get("steps", [])
    ]
    return set(figures_within([*told, story.get("ends", [])]))


def test_an_explanation_is_printed_word_by_word() -> None:
    said = [
        (name, text)
        for name, stories in EXAMPLES.items()
        for story in stories
        for step in story.get("steps", [])
        for text in step.get("says", [])
    ]

    assert said
    assert [text for name, text in said if text not in PROSE[name]] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_arithmetic_beside_the_examples_is_right(name: str) -> None:
    for story in EXAMPLES[name]:
        for equation in story.get("worked", []):
            left, _, right = equation.partition(" = ")
            assert worked_out(left) == amount(right)[1], equation


_OPERATORS: Final = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def worked_out(expression: str) -> Fraction:
    """Sums of figures in their smallest unit (seconds, octets, euros)."""
    terms = re.split(r"\s([-−+×÷])\s", expression)
    text = "".join(
        {"×": "*", "÷": "/", "−": "-"}.get(term, term)
        if place % 2
        else f"Fraction('{amount(term)[1]}')"
        for place, term in enumerate(terms)
    )
    return _evaluated(ast.parse(text, mode="eval").body)


def _evaluated(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_evaluated(node.left), _evaluated(node.right))
    assert isinstance(node, ast.Call)
    return Fraction(ast.literal_eval(node.args[0]))
