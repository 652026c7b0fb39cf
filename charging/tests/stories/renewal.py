"""Stories of renewals, in the database: what becomes of what a period left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from charging.tests.renewal.selling import (
    buckets,
    data,
    make_account,
    make_version,
    money_left,
    renew,
    subscribe,
    use,
)
from charging.tests.stories.given import counted
from plans.specs import LifetimeSpec

_APRIL_1 = datetime(2026, 4, 1, 8, tzinfo=UTC)


def tells(story: dict[str, Any]) -> bool:
    return "allowance" in story


def play(story: dict[str, Any]) -> list[str]:
    """What went otherwise than the story says; in an operator's scope."""
    told = dict(story["allowance"])
    amount = counted(told.pop("gives"))
    if "at_most" in told:
        told["roll_over_amount_max"] = counted(told.pop("at_most"))
    if "lives" in told:
        count, span = told.pop("lives").split(" ")
        told["lifetime"] = LifetimeSpec(span=span, count=int(count))
    price = counted(story.get("price", "€0"))
    version = make_version("plan", data(amount, **told), now=_APRIL_1, price=price)
    account = make_account(story.get("money", "€1000").strip("€"), now=_APRIL_1)
    held = subscribe(account, version, _APRIL_1)
    differences, month = [], 4
    for number, step in enumerate(story["steps"], start=1):
        for text in step.get("uses", []):
            use(next(each for each in buckets(held) if each.available), counted(text))
        month += 1
        renew(_APRIL_1.replace(month=month) + timedelta(minutes=1))
        left = [each.available for each in buckets(held) if each.available]
        expected = [counted(text) for text in step["left"]]
        if left != expected:
            differences.append(f"step {number}: {expected} expected, {left} found")
        if "money" in step and money_left(account) != counted(step["money"]):
            differences.append(f"step {number}: {money_left(account)} of money found")
    return differences
