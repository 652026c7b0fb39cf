"""The audit trail: one row for every change, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.tenancy.actor import Actor
from portal.tenancy.models import AuditEntry


def record(
    action: str,
    *,
    actor: Actor,
    subject_type: str,
    subject_id: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write down who did what; only the fields that changed belong in `before` and `after`."""
    return AuditEntry.objects.create(
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
    )
