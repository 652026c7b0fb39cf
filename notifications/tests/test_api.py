"""Events over REST."""

from __future__ import annotations

import pytest

from notifications import outbox
from notifications.models import NotificationEvent
from portal.tenancy.scope import tenant_scope
from tests.harness.rest import make_caller

CROSSING = {
    "account": "ana",
    "device": "phone-1",
    "bucket": 7,
    "name": "Data",
    "service": "data",
    "unit": "OCTETS",
    "remaining": 20,
    "granted": 100,
    "threshold": "Low",
    "limit": 20,
    "state": "low",
    "previous_state": "normal",
    "before": 30,
    "after": 20,
}


@pytest.fixture
def stream(northwind, now):
    """Three published events, the first with position 1, and one that is not yet published."""
    with tenant_scope(northwind):
        for position, (kind, account, payload) in enumerate(
            [
                ("subscriber.created", "ana", {"account": "ana"}),
                ("bucket.threshold_crossed", "ana", CROSSING),
                ("subscriber.created", "ben", {"account": "ben"}),
                ("subscriber.created", "eve", {"account": "eve"}),
            ],
            start=1,
        ):
            event = outbox.record(
                kind,
                subject_type="account",
                subject_id=account,
                occurred_at=now,
                payload=payload,
                account=outbox.AccountRef(key=position, public_id=account, seq=1),
            )
            if position < 4:
                NotificationEvent.objects.filter(pk=event.pk).update(position=position)


def listed(rest, **query):
    return [event["position"] for event in rest.get("notifications/", **query).json()["results"]]


def test_published_events_are_listed_newest_first(rest, stream):
    assert listed(rest) == [3, 2, 1]


def test_an_event_says_what_about_whom_and_when(rest, stream):
    event = rest.get("notifications/").json()["results"][1]

    assert event == {
        "position": 2,
        "type": "bucket.threshold_crossed",
        "subject": {"type": "account", "id": "ana"},
        "account": "ana",
        "occurred_at": "2026-03-02T09:30:00.000+00:00",
        "payload": CROSSING,
    }


def test_events_are_filtered_by_account_type_and_position(rest, stream):
    assert listed(rest, account="ana") == [2, 1]
    assert listed(rest, type="subscriber.created") == [3, 1]
    assert listed(rest, type="subscriber.created,bucket.threshold_crossed") == [3, 2, 1]
    assert listed(rest, after=1) == [3, 2]
    assert listed(rest, account="ana", type="subscriber.created", after=1) == []


def test_blank_filters_do_not_filter(rest, stream):
    assert listed(rest, account="", type="") == [3, 2, 1]


def test_pages_follow_the_stream_without_repeats(rest, stream):
    first = rest.get("notifications/", page_size=2).json()
    second = rest.get(first["next"]).json()

    assert [event["position"] for event in first["results"] + second["results"]] == [3, 2, 1]
    assert second["next"] is None


def test_threshold_events_come_in_totogis_shape(rest, stream):
    (event,) = rest.get("notifications/", shape="totogi").json()["results"]

    assert event["detail-type"] == "CounterThreshold"
    assert event["detail"]["counter"] == "AllowanceThresholdData"
    assert (event["detail"]["prevState"], event["detail"]["state"]) == ("normal", "low")

    (second,) = rest.get("notifications/", shape="totogi-v2").json()["results"]
    assert second["detail"]["eventdata"]["notificationinformation"]["name"] == "Data Thresholds"


def test_another_operator_sees_none_of_them(contoso, stream):
    assert listed(make_caller(contoso)) == []


def test_without_the_scope_nothing_is_listed(rest_with, stream):
    assert rest_with("plans.view").get("notifications/").status_code == 403
