"""The documentation names every type of event, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from notifications.event_types import EVENT_TYPES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"


def test_the_documentation_lists_exactly_the_types_there_are():
    table = PAGE.read_text().partition("## Types")[2].partition("###")[0]

    assert set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)) == set(EVENT_TYPES)
