"""An event as JSON: the same in the stream, over REST and in a webhook."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from notifications.models import NotificationEvent


def event_json(event: NotificationEvent) -> dict[str, Any]:
    """Position, type, subject, account, time and payload; nothing that names our own keys."""
    return {
        "position": event.position,
        "type": event.type,
        "subject": {"type": event.subject_type, "id": event.subject_id},
        "account": event.account_id or None,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "payload": event.payload,
    }
