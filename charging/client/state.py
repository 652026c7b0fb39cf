"""Where a charging session stands, as a value that survives the process."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from charging.client.usage import PlannedUse, UsagePlan
from charging.nchf.messages import Operation, TriggerType


class Phase(StrEnum):
    NEW = "new"
    ACTIVE = "active"
    CLOSED = "closed"
    """Released, or charged as an event."""
    FAILED = "failed"


class QuotaLine(msgspec.Struct, kw_only=True):
    """Quota of one rating group and UPF; amounts in the rating group's unit."""

    use: PlannedUse
    granted: int = 0
    """The running grant. A new one replaces it."""
    used: int = 0
    """Used and not yet acknowledged."""
    threshold: int = 0
    """What is left of the grant when the network asks again; 0 for none."""
    valid_until: datetime | None = None
    is_final: bool = False
    is_unmetered: bool = False
    """Quota management does not apply: use freely, report at the end."""
    was_left_unanswered: bool = False
    """The last request for quota got neither a grant nor a refusal."""
    stop_reason: str = ""
    """Why no more is used although more was planned."""
    reported: int = 0
    """Used and acknowledged in earlier reports."""
    granted_total: int = 0
    counted_until: datetime | None = None
    """Up to when passing time has been counted as usage."""

    @property
    def remaining(self) -> int | None:
        """Planned and not used; None when it lasts until hung up."""
        if self.use.amount is None:
            return None
        return max(self.use.amount - self.reported - self.used, 0)

    @property
    def is_running(self) -> bool:
        return not self.stop_reason and self.remaining != 0

    @property
    def is_unlimited(self) -> bool:
        """Lasts until hung up and needs no quota."""
        return self.is_unmetered and not self.stop_reason and self.remaining is None

    @property
    def usable(self) -> int:
        """What may be used now without asking."""
        if not self.is_running:
            return 0
        remaining = self.remaining
        if self.is_unmetered:
            return remaining or 0
        left = max(self.granted - self.used, 0)
        return left if remaining is None else min(left, remaining)

    @property
    def report_point(self) -> int:
        """Used amount of the running grant at which the network asks for more."""
        if self.is_final or not 0 < self.threshold < self.granted:
            return self.granted
        return self.granted - self.threshold

    @property
    def is_covered(self) -> bool:
        """The running grant suffices for all that is planned."""
        remaining = self.remaining
        return remaining is not None and self.used + remaining <= self.granted

    def due_trigger(self, now: datetime) -> TriggerType | None:
        """Why this line has to ask for quota now, if it has to."""
        if not self.is_running or self.is_unmetered:
            return None
        if not self.granted:
            return TriggerType.START_OF_SERVICE_DATA_FLOW
        if self.used >= self.granted:
            return TriggerType.QUOTA_EXHAUSTED
        if self.valid_until is not None and now >= self.valid_until:
            return TriggerType.VALIDITY_TIME
        if self.used >= self.report_point and not self.is_covered:
            return TriggerType.QUOTA_THRESHOLD
        return None


class PendingRequest(msgspec.Struct, kw_only=True):
    """A request that is built and perhaps sent; it stays until its outcome is known."""

    operation: Operation
    body: dict[str, Any]
    in_flight: list[int]
    """Per line: the usage that this request reports."""
    asked: list[bool]
    """Per line: whether it asks for quota."""
    was_sent: bool = False


class SessionState(msgspec.Struct, kw_only=True):
    """Everything one session remembers; `save` and `restore` carry it from task to task."""

    plan: UsagePlan
    lines: list[QuotaLine]
    phase: Phase = Phase.NEW
    reference: str = ""
    is_real_time: bool = False
    next_sequence_number: int
    next_container_number: int = 1
    started_at: datetime | None = None
    is_ending: bool = False
    """Hung up, cancelled or refused: release is next."""
    pending: PendingRequest | None = None
    exchanges: int = 0
    cause: str = ""
    """The first failure: a cause of N40, a status or what the transport said."""
    detail: str = ""

    def save(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @staticmethod
    def restore(saved: bytes) -> SessionState:
        return msgspec.msgpack.decode(saved, type=SessionState)


def new_state(plan: UsagePlan, *, real_time: bool = False) -> SessionState:
    return SessionState(
        plan=plan,
        is_real_time=real_time,
        lines=[QuotaLine(use=use) for use in plan.uses],
        next_sequence_number=plan.first_sequence_number,
    )
