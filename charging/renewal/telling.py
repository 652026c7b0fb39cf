"""How events and the audit trail name a plan subscription."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from charging.renewal.facts import Held

END_REASONS: Final[dict[str, str]] = {
    "cancelled": "Cancelled",
    "changed": "Changed to another plan",
    "lapsed": "Not enough money to renew",
    "period_over": "The period is over",
    "base_plan_ended": "The base plan has ended",
    "account_terminated": "The account is terminated",
}
"""Why a plan subscription is over, in words."""


def name_held(held: Held) -> dict[str, Any]:
    """Which plan subscription a payload is about."""
    return {"plan_subscription": held.public_id, **short(held), "plan_name": held.terms.plan_name}


def short(held: Held) -> dict[str, Any]:
    return {"plan": held.terms.plan_code, "version": held.terms.number}


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
