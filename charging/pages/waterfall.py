"""The waterfall of a balance: each change as a bar between what was and what is."""

from __future__ import annotations

from typing import Any, Final

from charging.models import Bucket, LedgerEntry
from charging.pages.account_context import sayer
from charging.selectors import waterfall_of
from charging.selectors.ledger import Step
from subscribers.models import Account

_TRACK: Final = 10_000
"""The track in hundredths of a percent."""


def waterfall_steps(bucket: Bucket, account: Account) -> list[dict[str, Any]]:
    """What `<c-waterfall>` draws, oldest first: places and widths in percent of the track."""
    steps = waterfall_of(bucket)
    levels = [level for step in steps for level in (step.after, step.after - step.change)]
    low, high = min([0, *levels]), max([1, *levels])
    say = sayer(account)
    return [
        {
            "label": _label(step),
            **_bar(step.after - step.change, step.after, low, high),
            "kind": "gain" if step.change > 0 else "loss",
            "change": f"{'+' if step.change > 0 else ''}{say(step.change, bucket.unit)}",
            "after": say(step.after, bucket.unit),
            "reversible": step.entry.ref if step.entry and step.is_reversible else "",
        }
        for step in steps
    ]


def _label(step: Step) -> str:
    if step.kind == LedgerEntry.Kind.POST and step.entries > 1:
        return f"{step.entries} uses"
    return step.label


def _bar(before: int, after: int, low: int, high: int) -> dict[str, str]:
    start = (min(before, after) - low) * _TRACK // (high - low)
    width = max(abs(after - before) * _TRACK // (high - low), 20)
    return {"start": _percent(min(start, _TRACK - width)), "width": _percent(width)}


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
