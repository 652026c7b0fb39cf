"""Amounts are whole numbers from the network to the ledger, and decimal strings in JSON."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
COUNTING = [
    "charging/engine",
    "charging/renewal",
    "charging/services",
    "charging/models",
    "charging/ledger.py",
    "charging/charger/store.py",
    "charging/charger/rows.py",
    "charging/charger/processing.py",
    "charging/charger/statements.py",
    "charging/nchf",
    "plans/compile.py",
    "plans/models",
    "portal/formatting.py",
]
"""Where amounts are counted; durations of timeouts and pauses elsewhere may be fractions."""


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def floats_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        is_float = (
            (isinstance(node, ast.Constant) and isinstance(node.value, float))
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
            or (isinstance(node, ast.Call) and ast.unparse(node.func) in {"float", "FloatField"})
            or (isinstance(node, ast.Call) and ast.unparse(node.func) == "models.FloatField")
        )
        if is_float:
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("place", COUNTING)
def test_no_amount_is_counted_in_floating_point(place: str) -> None:
    assert sources(place)
    assert [each for path in sources(place) for each in floats_in(path)] == []


def test_no_column_is_of_floating_point(owner_connection: Any) -> None:
    with owner_connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('real', 'double precision')"
            " AND table_name ~ '^(charging|plans|subscribers|notifications|portal|tenancy)_'"
        )
        assert cursor.fetchall() == []


def test_no_script_reads_amounts_as_fractions() -> None:
    scripts = sorted((ROOT / "assets" / "js").rglob("*.js"))

    assert scripts
    for script in scripts:
        assert not re.search(r"parseFloat|toFixed", script.read_text()), script.name


def test_the_rest_api_has_numbers_with_fractions_for_percentages_only(client: Any, db: Any) -> None:
    schema = client.get("/api/v1/schema/").json()

    fractions = set(named_numbers(schema))

    assert {name for name in fractions if "percent" not in name} == set()


def named_numbers(node: Any, name: str = "") -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from named_numbers(each, name)
    elif isinstance(node, dict):
        if node.get("type") == "number":
            yield name
        for key, value in node.items():
            structural = key in {"properties", "items", "schema", "oneOf", "anyOf", "allOf"}
            yield from named_numbers(value, name if structural else key)
