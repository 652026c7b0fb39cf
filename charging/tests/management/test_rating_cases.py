from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from charging.tests.engine.cases.builders import case, event, given, money

ROOT = Path(__file__).parents[3]
GOOD = case(given(money("m", "10")), event("debit", 4), expect=[{"cost": "4"}])
BAD = {**GOOD, "id": "two", "expect": [{"cost": "5"}]}
UNKNOWN = {**GOOD, "id": "three", "tariff": {}}


def file_of(folder: Path, *cases: Any, name: str = "cases.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"format": "rating-cases/1", "about": "", "cases": cases}))
    return path


def run(*arguments: Any) -> tuple[int, str, str]:
    """Exit status, standard output and error."""
    out, err = StringIO(), StringIO()
    try:
        call_command("rating_cases", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as exit_:
        return int(exit_.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_one_line_a_case_and_the_totals(tmp_path):
    status, out, err = run(file_of(tmp_path, GOOD))

    assert (status, out, err) == (0, "ok one\n1 passed, 0 failed\n", "")


def test_a_case_that_fails_is_said_with_both_figures(tmp_path):
    status, out, _ = run(file_of(tmp_path, GOOD, BAD))

    assert status == 1
    assert out.splitlines() == [
        "ok one",
        "FAIL two: expected 5 got 4 (cost of event 1)",
        "1 passed, 1 failed",
    ]


def test_an_unknown_field_fails_the_run_and_is_named_with_file_and_case(tmp_path):
    path = file_of(tmp_path, UNKNOWN, GOOD)

    status, out, err = run(path)

    assert status == 1
    assert "FAIL three: unknown field 'tariff'" in out
    assert "ok one" in out
    assert err == f"ERROR {path}: three: unknown field 'tariff'\n"


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_running(tmp_path):
    status, out, err = run(tmp_path / "missing.json", file_of(tmp_path, GOOD))

    assert status == 1
    assert out == "ok one\n1 passed, 0 failed\n"
    assert "missing.json: cannot be read" in err


def test_machines_get_one_document(tmp_path):
    path = file_of(tmp_path, GOOD, BAD)

    status, out, _ = run(path, "--json")

    document = json.loads(out)
    assert status == 1
    assert (document["passed"], document["failed"], document["errors"]) == (1, 1, [])
    assert [each["id"] for each in document["cases"]] == ["one", "two"]
    assert document["cases"][1] == {
        "file": str(path),
        "id": "two",
        "ok": False,
        "expected": [{"cost": "5", "balances": {}}],
        "got": [{"cost": "4", "charged_usage": "4", "balances": {"m": "6"}}],
        "messages": ["expected 5 got 4 (cost of event 1)"],
    }


@pytest.mark.parametrize("settings", ["portal.settings"])
def test_it_needs_no_database(tmp_path, settings):
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_HOST": "nowhere.invalid",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "rating_cases", str(file_of(tmp_path, GOOD))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "ok one\n1 passed, 0 failed\n"), done.stderr
