"""Every type of event there is, with what it tells. docs/events.md lists the same."""

from __future__ import annotations

from typing import Final

TEST_EVENT_TYPE: Final = "webhook.test"

EVENT_TYPES: Final[dict[str, str]] = {
    "subscriber.created": "An account was created.",
    "device.created": "A device was added to an account.",
    "plan_version.published": "A plan version was published.",
    "plan_subscription.started": "An account subscribed to a plan version; its buckets exist.",
    "plan_subscription.activated": "The first use of a plan was seen: its first period began.",
    "plan_subscription.renewed": "A plan began its next period; its buckets exist.",
    "plan_subscription.renewal_failed": "The money for a period was not there.",
    "plan_subscription.grace_started": "A plan waits for the money of its next period.",
    "plan_subscription.lapsed": "A plan ended because the money never came.",
    "plan_subscription.cancelled": "A plan was cancelled, now or for the end of its period.",
    "plan_subscription.change_scheduled": "A plan will change when its period ends.",
    "plan_subscription.changed": "An account moved from one plan version to another.",
    "plan_subscription.schedule_undone": "A cancellation or change of a plan was taken back.",
    "plan_subscription.quantity_changed": "An account holds more or fewer of an add-on.",
    "plan_subscription.overrides_changed": "A plan subscription got or lost terms of its own.",
    "plan_subscription.ended": "A plan subscription ended.",
    "account.topped_up": "Money or units were added to an account.",
    "account.adjusted": "A balance was corrected by hand, with a reason.",
    "account.transferred": "An amount moved from one balance to another.",
    "account.reversed": "A charge was given back, in whole or in part.",
    "account.state_changed": "An account went from one state of its life to another.",
    "account.parent_changed": "An account was put below another, or on its own again.",
    "shared_group.joined": "An account became a member of a shared group.",
    "shared_group.left": "An account is no longer a member of its shared group.",
    "bucket.threshold_crossed": "A bucket went below one of its thresholds, or back above it.",
    "bucket.exhausted": "A bucket was used up.",
    "bucket.blocked": "A threshold blocked a bucket: it pays no more.",
    "bucket.unblocked": "A bucket that a threshold had blocked pays again.",
    "bucket.first_used": "A bucket was used for the first time: its validity began.",
    "bucket.expired": "What was left of a bucket expired.",
    "bucket.credit_limit_passed": "Reported usage took money below the account's credit limit.",
    "usage.unrated": "Usage was reported for which there is no price; it is stored unrated.",
    "charging.refused": "A request for quota was refused.",
    "session.closed_by_sweep": "A session fell silent and was closed; its reservations returned.",
    TEST_EVENT_TYPE: "Somebody asked to try out a webhook; it goes to that endpoint alone.",
}
