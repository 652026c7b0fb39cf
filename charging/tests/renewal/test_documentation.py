"""docs/renewal.md says nothing that no test plays."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "renewal.md").read_text()


def test_every_example_names_tests_that_are_there():
    examples = PAGE.split("> **Example.**")[1:]
    for example in examples:
        body = example.split("\n\n")[0]
        named = re.findall(r"<!-- test: (\w+\.py)::(\w+) -->", body)
        assert named, body
        for file, name in named:
            assert f"def {name}(" in (Path(__file__).parent / file).read_text(), name
    assert len(examples) >= 12


def test_every_state_and_choice_is_in_the_page():
    from plans.models import Allowance
    from subscribers.models import PlanSubscription

    for name in (*PlanSubscription.State.values, *Allowance.Renewal.values):
        assert name.replace("_", " ").replace("grace", "in grace") in PAGE, name
