"""What an event of a case gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The figures of one event; None where the event has no such figure."""

    cost: Decimal | None = None
    granted: Decimal | str | None = None
    charged_usage: Decimal | None = None
    session_usage: Decimal | None = None
    error: str = ""
    balances: Mapping[str, Decimal] = field(default_factory=dict)
