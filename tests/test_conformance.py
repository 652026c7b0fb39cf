"""docs/conformance.md names a living test for each rule, and the code that follows it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
_NAMED = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    section: str
    rule: str
    places: list[str]
    tests: list[str]


def read_rows(page: str) -> list[Row]:
    """The rows of all tables: a rule, where in the code, test ids."""
    rows, section = [], ""
    for line in page.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            assert len(cells) == 3, f"not a rule, places and tests: {line}"
            if cells[0] != "rule":
                rows.append(Row(section, cells[0], *map(_NAMED.findall, cells[1:])))
    return rows


@cache
def names_in(path: str) -> dict[str, list[str]]:
    """What a module defines, methods as `Class::method`, and what decorates it."""
    found: dict[str, list[str]] = {}

    def look_in(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[prefix + node.name] = [ast.unparse(each) for each in node.decorator_list]
            if isinstance(node, ast.ClassDef):
                look_in(node.body, f"{node.name}::")

    look_in(ast.parse((ROOT / path).read_text()).body, "")
    return found


def fault_of_test(test_id: str) -> str:
    """Why this is no test that runs; empty when it is one."""
    path, _, name = test_id.partition("::")
    if not (ROOT / path).is_file() or not Path(path).name.startswith("test_"):
        return "no such test file"
    if name not in names_in(path):
        return "no such test"
    if not name.rpartition("::")[2].startswith("test_"):
        return "not a test"
    skipped = any(word in each for each in names_in(path)[name] for word in ("skip", "xfail"))
    return "it is skipped" if skipped else ""


def fault_of_place(place: str) -> str:
    path, _, name = place.partition("::")
    if not (ROOT / path).exists():
        return "no such file"
    return "not defined there" if name and name not in names_in(path) else ""


def faults(rows: list[Row]) -> list[str]:
    found = []
    for row in rows:
        for what, named, fault_of in (
            ("place", row.places, fault_of_place),
            ("test", row.tests, fault_of_test),
        ):
            if not named:
                found.append(f"{row.rule}: names no {what}")
            found += [f"{row.rule}: {each}: {why}" for each in named if (why := fault_of(each))]
    return found


def test_each_rule_names_tests_that_exist_and_the_code_that_follows_it() -> None:
    rows = read_rows(PAGE.read_text())

    assert len(rows) > 50
    assert faults(rows) == []


def test_each_rule_is_there_once() -> None:
    rules = [(row.section, row.rule) for row in read_rows(PAGE.read_text())]

    assert len(rules) == len(set(rules))


@pytest.mark.parametrize(
    ("places", "tests", "fault"),
    [
        ("`charging/engine/session.py::charge`", "", "R: names no test"),
        ("", "`tests/test_conformance.py::test_each_rule_is_there_once`", "R: names no place"),
        (
            "`charging/engine/session.py::charge`",
            "`tests/test_conformance.py::test_of_nothing`",
            "R: tests/test_conformance.py::test_of_nothing: no such test",
        ),
        (
            "`charging/engine/session.py::charge`",
            "`tests/test_nowhere.py::test_x`",
            "R: tests/test_nowhere.py::test_x: no such test file",
        ),
        (
            "`charging/engine/session.py::charge`",
            "`tests/test_conformance.py::read_rows`",
            "R: tests/test_conformance.py::read_rows: not a test",
        ),
        (
            "`charging/engine/session.py::nothing`",
            "`tests/test_conformance.py::test_each_rule_is_there_once`",
            "R: charging/engine/session.py::nothing: not defined there",
        ),
    ],
)
def test_a_row_that_proves_nothing_is_found(places: str, tests: str, fault: str) -> None:
    page = f"# S\n\n| rule | where | tests |\n|---|---|---|\n| R | {places} | {tests} |\n"

    assert faults(read_rows(page)) == [fault]
