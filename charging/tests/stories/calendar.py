"""Stories without usage: where periods end, how long what was given lives, what a part costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from charging.engine.lifetimes import Lifetime, Span, period_border
from charging.renewal.fees import fees_of_first_period
from charging.tests.renewal.plain import TERMS
from charging.tests.stories.given import counted


def tells(story: dict[str, Any]) -> bool:
    return "begins" in story


def play(story: dict[str, Any]) -> list[str]:
    """What went otherwise than the story says."""
    zone = ZoneInfo(story.get("clock", "Europe/Madrid"))
    begins = datetime.fromisoformat(story["begins"]).replace(tzinfo=zone).astimezone(UTC)
    if "price" in story:
        terms = replace(
            TERMS,
            price=counted(story["price"]),
            anchor_day=story["anchor_day"],
            proration=story["proration"],
        )
        (fee,) = fees_of_first_period(terms, quantity=1, starts_at=begins, zone=zone)
        found: list[Any] = [fee.amount]
        return _differences([counted(text) for text in story["ends"]], found)
    if "lives" in story:
        count, span = story["lives"].split(" ") if " " in story["lives"] else ("1", story["lives"])
        lifetime = Lifetime(span=Span(span), count=int(count))
        found = [lifetime.ends_at(begins, period_ends_at=None, zone=zone)]
    else:
        found = [
            period_border(
                begins,
                renewal=story["every"],
                count=story.get("count", 1),
                periods=number,
                zone=zone,
                anchor_day=story.get("anchor_day"),
            )
            for number in range(1, len(story["ends"]) + 1)
        ]
    local = [each.astimezone(zone).strftime("%Y-%m-%d %H:%M") for each in found if each]
    return _differences(story["ends"], local)


def _differences(expected: list[Any], found: list[Any]) -> list[str]:
    return [] if expected == found else [f"{expected} expected, {found} found"]
