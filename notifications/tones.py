"""How much an event matters to whoever looks at a page."""

from __future__ import annotations

from typing import Final

from notifications.crossings import read_crossing
from notifications.models import NotificationEvent

_TONES: Final = {
    "bucket.threshold_crossed": "warn",
    "bucket.exhausted": "bad",
    "bucket.credit_limit_passed": "bad",
    "usage.unrated": "bad",
    "charging.refused": "bad",
    "session.closed_by_sweep": "warn",
    "plan_version.published": "good",
    "plan_subscription.started": "good",
    "plan_subscription.activated": "good",
    "plan_subscription.renewed": "good",
    "plan_subscription.changed": "good",
    "plan_subscription.renewal_failed": "warn",
    "plan_subscription.grace_started": "warn",
    "plan_subscription.lapsed": "bad",
    "account.topped_up": "good",
    "account.state_changed": "warn",
}

#: What deserves to interrupt somebody who looks at another page.
WORTH_A_TOAST: Final = frozenset(
    {
        "bucket.threshold_crossed",
        "bucket.exhausted",
        "bucket.credit_limit_passed",
        "usage.unrated",
        "charging.refused",
        "plan_version.published",
        "plan_subscription.lapsed",
    }
)


def tone_of_event(event: NotificationEvent) -> str:
    """good, warn, bad, or "" for what is simply so."""
    if event.type == "bucket.threshold_crossed" and not read_crossing(event.payload).is_low:
        return "good"
    return _TONES.get(event.type, "")
