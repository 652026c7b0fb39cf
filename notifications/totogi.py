"""Threshold events in the shapes that Totogi's demo speaks, for systems built against it.

Version 1 is an event of a cloud event bus with a `CounterThreshold` detail; version 2 wraps the
same fact as `notificationinformation`. Both tell both directions.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from notifications.crossings import Crossing, read_crossing
from notifications.models import NotificationEvent
from portal.tenancy.models import Tenant

DETAIL_TYPE: Final = "CounterThreshold"
SOURCE: Final = "threshold-events-handler"
_COUNTERS: Final = {"voice": "Voice", "sms": "Text", "data": "Data", "money": "Money"}
_LIFETIME_SECONDS: Final = 86_400


def counter_threshold(event: NotificationEvent, *, tenant: Tenant) -> dict[str, Any] | None:
    """Version 1; None for an event that is no threshold crossing."""
    if event.type != "bucket.threshold_crossed":
        return None
    at = event.occurred_at.astimezone(UTC)
    crossing = read_crossing(event.payload)
    before, after = _states(crossing)
    return {
        "version": "0",
        "id": f"{tenant.slug}-{event.position}",
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "account": tenant.slug,
        "region": "",
        "resources": [],
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "detail": {
            "account": event.account_id,
            "device": crossing.device_id,
            "counter": f"AllowanceThreshold{_counter(crossing)}",
            "custom": "{}",
            "prevState": before,
            "state": after,
            "threshold": crossing.limit,
            "provider": tenant.slug,
            "session": crossing.session_ref,
            "year": str(at.year),
            "month": str(at.month),
            "day": str(at.day),
            "pk": f"EVT#{tenant.slug}#{crossing.device_id}",
            "sk": _nanoseconds(at),
            "ttl": int(at.timestamp()) + _LIFETIME_SECONDS,
        },
    }


def threshold_notification(event: NotificationEvent, *, tenant: Tenant) -> dict[str, Any] | None:
    """Version 2; None for an event that is no threshold crossing."""
    if event.type != "bucket.threshold_crossed":
        return None
    crossing = read_crossing(event.payload)
    return {
        "detail": {
            "providerid": tenant.slug,
            "eventdata": {
                "accountid": event.account_id,
                "notificationinformation": {
                    "name": f"{_counter(crossing)} Thresholds",
                    "state": _states(crossing)[1],
                    "threshold": crossing.limit,
                },
            },
        }
    }


def _states(crossing: Crossing) -> tuple[str, str]:
    """Before and after: this shape knows two states, whatever the threshold is called here."""
    return ("normal", "low") if crossing.is_low else ("low", "normal")


def _nanoseconds(at: datetime) -> int:
    since_epoch = at - datetime(1970, 1, 1, tzinfo=UTC)
    return since_epoch // timedelta(microseconds=1) * 1000


def _counter(crossing: Crossing) -> str:
    return _COUNTERS.get(crossing.service, "Custom")
