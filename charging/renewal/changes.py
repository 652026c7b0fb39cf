"""What a batch of decisions changes: collected in memory, written by `store`, each table once.

Outside the ledger and the charger's store nothing else moves amounts. Every move is an entry and
the same change to its bucket; the caller holds the locks of all accounts (docs/locking.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from charging.refs import bucket_ref
from charging.renewal.facts import AccountFacts, Held, Holding
from charging.renewal.terms import AllowanceTerms
from subscribers.lifecycle import Cause, Lifecycle, state_payload


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry."""

    account: AccountFacts
    bucket: Holding
    kind: str
    available: int
    used: int
    expired: int
    available_after: int
    reason: str
    reference: str | None
    """Shared by the two entries of a transfer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new bucket with what it is of."""

    held: Held
    bucket: Holding
    allowance: AllowanceTerms


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an account, in its order."""

    account: AccountFacts
    type: str
    seq: int
    payload: dict[str, Any]
    subject_type: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One row of the audit trail; the actor is the system."""

    account: AccountFacts
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Period:
    """One row of the run log."""

    held: Held
    number: int
    starts_at: datetime
    ends_at: datetime | None
    outcome: str
    charged: int
    retries: int


@dataclass(slots=True)
class _Mark:
    """Where the lists ended and what the account had, to forget what came after."""

    lengths: tuple[int, ...]
    event_seq: int
    money: tuple[int, int, int] | None
    base_plans: set[int]
    in_grace: set[int]
    state: str


@dataclass(slots=True)
class Changes:
    """`new_bucket_id` and `new_held_id` draw keys from the tables' sequences."""

    new_bucket_id: Callable[[], int]
    new_held_id: Callable[[], int]
    lifecycle: Lifecycle
    """Of the tenant: what renewals do to the state of their accounts."""
    opened: list[Opened] = field(default_factory=list)
    touched: list[Holding] = field(default_factory=list)
    """Buckets whose amounts or lifetime changed, perhaps more than once."""
    entries: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    """Plan subscriptions that changed."""
    new_held: list[Held] = field(default_factory=list)
    moved: list[AccountFacts] = field(default_factory=list)
    """Accounts whose state changed."""

    def open_bucket(
        self,
        held: Held,
        allowance: AllowanceTerms,
        *,
        amount: int,
        valid_from: datetime,
        expires_at: datetime | None,
        reason: str,
        awaits_first_use: bool = False,
    ) -> Holding:
        """A bucket of the subscription with `amount` in it."""
        bucket = Holding(
            id=self.new_bucket_id(),
            name=allowance.name,
            service=allowance.service,
            unit=allowance.unit,
            weight=allowance.weight,
            role=allowance.role,
            allowance_key=allowance.key,
            period_number=held.period_number,
            valid_from=valid_from,
            expires_at=expires_at,
            awaits_first_use=awaits_first_use,
        )
        self.opened.append(Opened(held, bucket, allowance))
        held.buckets.append(bucket)
        if amount:
            self.move(held.account, bucket, "issue", available=amount, reason=reason)
        return bucket

    def move(
        self,
        account: AccountFacts,
        bucket: Holding,
        kind: str,
        *,
        available: int,
        used: int = 0,
        expired: int = 0,
        reason: str,
        reference: str | None = None,
    ) -> None:
        """Change a bucket and write its entry; signed deltas in the bucket's unit."""
        had = bucket.available + bucket.reserved
        bucket.available += available
        bucket.used += used
        bucket.expired += expired
        bucket.granted += available + used + expired
        self.touched.append(bucket)
        left = bucket.available
        self.entries.append(
            Entry(account, bucket, kind, available, used, expired, left, reason, reference)
        )
        if kind == "post" and bucket.available + bucket.reserved <= 0 < had:
            self.tell(
                account,
                "bucket.exhausted",
                {**name_bucket(bucket), "granted": bucket.granted, "currency": account.currency},
                subject=("bucket", bucket_ref(bucket.id)),
            )

    def spend(self, account: AccountFacts, amount: int, *, reason: str) -> None:
        """Take a fee from the main balance."""
        assert account.money is not None
        self.move(
            account, account.money, "post", available=-amount, used=amount, reason=reason[:300]
        )

    def expire(self, account: AccountFacts, bucket: Holding, *, reason: str) -> int:
        """Turn what is left into expired units, and say how many; reserved ones stay with their
        sessions, which hand them back as expired."""
        left = bucket.available
        if left <= 0 or bucket.is_counter:
            return 0
        self.move(account, bucket, "expire", available=-left, expired=left, reason=reason)
        return left

    def transfer(
        self, account: AccountFacts, source: Holding, target: Holding, *, reason: str
    ) -> int:
        """Move what is left of one bucket into another, and say how much."""
        left = source.available
        if left <= 0 or source.is_counter:
            return 0
        pair = str(uuid.uuid4())
        self.move(account, source, "transfer", available=-left, reason=reason, reference=pair)
        self.move(account, target, "transfer", available=left, reason=reason, reference=pair)
        return left

    def tell(
        self,
        account: AccountFacts,
        event_type: str,
        payload: dict[str, Any],
        *,
        subject: tuple[str, str] | None = None,
    ) -> None:
        account.event_seq += 1
        subject_type, subject_id = subject or ("account", account.public_id)
        told = {"account": account.public_id, **payload}
        self.events.append(
            Event(account, event_type, account.event_seq, told, subject_type, subject_id)
        )

    def fire(self, account: AccountFacts, cause: Cause) -> None:
        """Take the account to where its operator's lifecycle leads from its state, if anywhere."""
        before, to = account.state, self.lifecycle.after(account.state, cause)
        if to is None:
            return
        account.state = to
        self.moved.append(account)
        self.tell(
            account,
            "account.state_changed",
            state_payload(account.public_id, before, to, cause.label),
        )
        self.audit(
            account,
            "account.state_changed",
            before={"state": before},
            after={"state": to},
            reason=str(cause.label),
        )

    def audit(
        self,
        account: AccountFacts,
        action: str,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        self.audits.append(Audit(account, action, before or {}, after or {}, reason))

    def mark(self, account: AccountFacts) -> _Mark:
        """Remember this moment, before a decision about the account."""
        money = account.money
        amounts = (money.granted, money.available, money.used) if money else None
        lengths = tuple(len(each) for each in self._lists())
        return _Mark(
            lengths,
            account.event_seq,
            amounts,
            set(account.base_plans),
            set(account.in_grace),
            account.state,
        )

    def forget_since(self, mark: _Mark, account: AccountFacts) -> None:
        """A decision failed half-way: nothing of it is written."""
        for each, length in zip(self._lists(), mark.lengths, strict=True):
            del each[length:]
        account.event_seq, account.state = mark.event_seq, mark.state
        account.base_plans, account.in_grace = mark.base_plans, mark.in_grace
        if account.money is not None and mark.money is not None:
            account.money.granted, account.money.available, account.money.used = mark.money

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.opened,
            self.touched,
            self.entries,
            self.events,
            self.audits,
            self.periods,
            self.held,
            self.new_held,
            self.moved,
        )


def name_bucket(bucket: Holding) -> dict[str, Any]:
    """Which bucket a payload is about."""
    return {
        "bucket": bucket.name,
        "bucket_id": bucket_ref(bucket.id),
        "service": bucket.service,
        "unit": bucket.unit,
    }
