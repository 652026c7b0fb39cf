"""Rows of the charging path, as read under the lock and as they will be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from charging.engine.values import Account, SessionState
from charging.nchf.told import NOTHING, Told
from charging.session_memory import Answer
from subscribers.lifecycle import Lifecycle


@dataclass(slots=True, kw_only=True)
class AccountRow:
    """An account in a batch: the engine's view of it changes as its requests are decided."""

    key: int
    tenant_id: int
    public_id: str
    currency: str
    state: str
    lock_id: int
    lifecycle: Lifecycle
    clock_offset: timedelta
    event_seq: int
    engine: Account
    """Without buckets for one that only gives to others of the batch."""
    touched_buckets: set[int] = field(default_factory=set)
    changed_lives: set[int] = field(default_factory=set)
    """Buckets that a threshold switched or a first use began."""
    waiting_plans: dict[int, int] = field(default_factory=dict)
    """By bucket that waits for its first use: the plan subscription that gave it."""
    begun_plans: dict[int, datetime] = field(default_factory=dict)
    """Plan subscriptions of which a request of this batch used a bucket first, and when."""
    loaded_event_seq: int = 0
    state_changed_at: datetime | None = None
    """Set when a request of this batch changed the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    key: int
    tenant_id: int
    account_key: int
    public_id: str
    imsi: str
    msisdn: str
    state: str
    home_plmn: str = ""
    charging_characteristics: str = ""


@dataclass(slots=True, kw_only=True)
class SessionRow:
    """A charging session, stored or about to be."""

    key: int
    tenant_id: int
    account_key: int
    device_key: int
    device_public_id: str
    device_state: str
    ref: str
    kind: str
    state: str
    subscriber_identifier: str
    node_functionality: str
    nf_name: str
    notify_uri: str
    destination: str
    opened_at: datetime
    last_request_at: datetime
    deadline_at: datetime
    closed_at: datetime | None = None
    close_cause: str = ""
    requests: int = 0
    cost: int = 0
    last_result: str = ""
    memory: SessionState = field(default_factory=SessionState)
    told: Told = NOTHING
    """Where and how it is used, as told last."""
    answers: list[Answer] = field(default_factory=list)
    is_new: bool = False
    is_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    tenant_id: int
    account_key: int
    bucket_id: int
    session_key: int
    sequence_number: int | None
    """The request whose trace explains it; None for our own sweep."""
    kind: str
    available: int
    reserved: int
    used: int
    expired: int
    available_after: int
    at: datetime
    actor_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    tenant_id: int
    account_key: int
    session_key: int
    operation: str
    sequence_number: int
    fingerprint: bytes
    received_at: datetime
    status: int
    cost: int
    request: str
    answer: str
    decision: bytes


@dataclass(slots=True, kw_only=True)
class EventRow:
    tenant_id: int
    type: str
    subject_type: str
    subject_id: str
    account_key: int
    account_id: str
    account_seq: int
    payload: dict[str, Any]
    occurred_at: datetime
    is_muted: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKeyRow:
    tenant_id: int
    key: bytes
    fingerprint: bytes
    session_key: int
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Batch:
    """Everything the requests of one batch read; `writes` is what they will have done."""

    accounts: dict[int, AccountRow]
    devices: dict[tuple[int, str, str], DeviceRow]
    """By tenant, identity column and value."""
    sessions: dict[str, SessionRow]
    """By reference."""
    create_keys: dict[tuple[int, bytes], list[tuple[bytes, str]]]
    """By tenant and key: fingerprints and references, oldest first."""
    free_session_keys: list[int]
    """Primary keys drawn for sessions that this batch may create."""
    viewers: dict[int, list[AccountRow]] = field(default_factory=dict)
    """By bucket: the accounts of this batch that see it, where there are several."""
    ledger: list[LedgerRow] = field(default_factory=list)
    log: list[LogRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    new_create_keys: list[CreateKeyRow] = field(default_factory=list)

    @property
    def has_writes(self) -> bool:
        return bool(self.log)
