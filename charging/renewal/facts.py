"""Accounts, plan subscriptions and buckets as renewal read them under the accounts' locks.

Plain mutable values: a batch holds hundreds of them, and what is decided changes them at once so
that the next decision about the same account sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from charging.renewal.terms import PlanTerms


@dataclass(slots=True, kw_only=True, eq=False)
class Holding:
    """A bucket; amounts in its unit. granted = available + reserved + used + expired."""

    id: int
    name: str
    service: str
    unit: str
    weight: int
    role: str = "pays"
    allowance_key: str | None = None
    period_number: int | None = None
    granted: int = 0
    available: int = 0
    reserved: int = 0
    used: int = 0
    expired: int = 0
    valid_from: datetime
    expires_at: datetime | None
    awaits_first_use: bool = False
    is_swept: bool = False
    """Past its end, and what was left has expired: the expiry sweep need not look at it."""

    @property
    def is_counter(self) -> bool:
        return self.role == "counts"


@dataclass(slots=True, kw_only=True, eq=False)
class AccountFacts:
    """What decides about all plan subscriptions of one account."""

    id: int
    tenant_id: int
    public_id: str
    currency: str
    state: str
    credit_limit: int
    """Nano-units."""
    event_seq: int
    zone: ZoneInfo
    at: datetime
    """The account's own time."""
    money: Holding | None
    """The main balance: fees are taken from it alone."""
    base_plans: set[int] = field(default_factory=set)
    """Primary keys of its base plan subscriptions that are not over."""
    in_grace: set[int] = field(default_factory=set)
    """Primary keys of its plan subscriptions that wait for money."""

    @property
    def is_terminated(self) -> bool:
        return self.state == "terminated"

    @property
    def spendable(self) -> int:
        return (self.money.available if self.money else 0) + self.credit_limit


@dataclass(slots=True, kw_only=True, eq=False)
class Held:
    """One plan subscription, its terms, and the buckets it may still have something in."""

    id: int
    public_id: str
    account: AccountFacts
    version_id: int
    quantity: int
    state: str
    starts_at: datetime
    ends_at: datetime | None
    end_reason: str
    period_number: int
    period_starts_at: datetime
    period_ends_at: datetime | None
    due_at: datetime | None
    first_used_at: datetime | None
    charges_first_period: bool
    retries: int
    grace_ends_at: datetime | None
    scheduled: str
    next_version_id: int | None
    next_leftovers: str
    next_quantity: int | None
    overrides: dict[str, Any]
    overrides_hash: str
    terms: PlanTerms
    next_terms: PlanTerms | None = None
    buckets: list[Holding] = field(default_factory=list)
