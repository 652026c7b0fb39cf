"""The shapes of the demo that systems may have been built against."""

from __future__ import annotations

from datetime import UTC, datetime

from notifications.models import NotificationEvent
from notifications.tests.conftest import crossing
from notifications.totogi import counter_threshold, threshold_notification
from portal.tenancy.models import Tenant

NORTHWIND = Tenant(slug="northwind")


def voice_event(**changes: object) -> NotificationEvent:
    payload = crossing(
        bucket="Voice", service="voice", unit="SECONDS", limit=600, before=900, after=600, **changes
    )
    return NotificationEvent(
        type="bucket.threshold_crossed",
        position=7,
        account_id="subscriberAccountTest1",
        payload=payload,
        occurred_at=datetime(2022, 5, 30, 20, 55, 5, 731336, tzinfo=UTC),
    )


def test_a_low_balance_has_the_fields_of_version_1():
    found = counter_threshold(voice_event(), tenant=NORTHWIND)

    assert found["detail-type"] == "CounterThreshold"
    assert found["source"] == "threshold-events-handler"
    assert found["time"] == "2022-05-30T20:55:05Z"
    assert found["detail"] == {
        "account": "subscriberAccountTest1",
        "device": "dev-1",
        "counter": "AllowanceThresholdVoice",
        "custom": "{}",
        "prevState": "normal",
        "state": "low",
        "threshold": 600,
        "provider": "northwind",
        "session": "ref-1",
        "year": "2022",
        "month": "5",
        "day": "30",
        "pk": "EVT#northwind#dev-1",
        "sk": 1653944105731336000,
        "ttl": 1654030505,
    }


def test_back_to_normal_is_told_too():
    event = voice_event(direction="above", state="normal", previous_state="low")

    detail = counter_threshold(event, tenant=NORTHWIND)["detail"]

    assert (detail["prevState"], detail["state"]) == ("low", "normal")


def test_messages_are_called_text():
    event = NotificationEvent(
        type="bucket.threshold_crossed",
        payload=crossing(service="sms"),
        occurred_at=datetime(2026, 3, 2, tzinfo=UTC),
    )

    assert counter_threshold(event, tenant=NORTHWIND)["detail"]["counter"] == (
        "AllowanceThresholdText"
    )


def test_version_2_wraps_the_same_fact():
    assert threshold_notification(voice_event(), tenant=NORTHWIND) == {
        "detail": {
            "providerid": "northwind",
            "eventdata": {
                "accountid": "subscriberAccountTest1",
                "notificationinformation": {
                    "name": "Voice Thresholds",
                    "state": "low",
                    "threshold": 600,
                },
            },
        }
    }


def test_other_events_have_no_such_shape():
    event = NotificationEvent(type="account.topped_up")

    assert counter_threshold(event, tenant=NORTHWIND) is None
    assert threshold_notification(event, tenant=NORTHWIND) is None
