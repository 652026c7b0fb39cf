"""Charging sessions over real HTTP/2 against a real charging function and database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from charging.models import Bucket, ChargingSession, LedgerEntry, RequestLogEntry
from charging.services import end_plan_subscription
from charging.tests.charger.conftest import Network, Subscriber, asks, reports
from notifications.models import NotificationEvent
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.models import Device, PlanSubscription
from tests import factories
from tests.factories import GIGABYTE

VOICE, DATA = 100, 300


def amounts(subscriber: Subscriber, service: str) -> tuple[int, int, int]:
    """Available, reserved and used of the subscriber's bucket of a service."""
    with tenant_scope(subscriber.tenant):
        bucket = Bucket.objects.get(account=subscriber.account, service=service)
    return bucket.available, bucket.reserved, bucket.used


def test_the_classic_credit_control_flow_with_its_numbers(
    network: Network, subscriber: Subscriber
) -> None:
    """Create grants 600 s; update reports 600, is granted 300; release reports 100; 200 return."""
    created = network.create(asks(VOICE, time=600))
    assert created.status_code == 201
    assert created.http_version == "HTTP/2"
    (given,) = created.json()["multipleUnitInformation"]
    assert (given["resultCode"], given["grantedUnit"]) == ("SUCCESS", {"time": 600})
    assert amounts(subscriber, "voice") == (17_400, 600, 0)

    session = created.headers["location"].removeprefix(str(network.http.base_url).rstrip("/"))
    updated = network.update(session, reports(VOICE, time=600, wants={"time": 300}))
    assert updated.status_code == 200
    assert updated.json()["multipleUnitInformation"][0]["grantedUnit"] == {"time": 300}
    assert amounts(subscriber, "voice") == (17_100, 300, 600)

    released = network.release(session, reports(VOICE, time=100))
    assert (released.status_code, released.content) == (204, b"")
    assert amounts(subscriber, "voice") == (17_300, 0, 700)


def test_a_session_and_its_requests_are_kept_with_their_decisions(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(DATA, totalVolume=GIGABYTE))
    network.release(session, reports(DATA, totalVolume=GIGABYTE // 2))

    with tenant_scope(subscriber.tenant):
        stored = ChargingSession.objects.get()
        log = list(RequestLogEntry.objects.order_by("id"))
        entries = list(LedgerEntry.objects.filter(session=stored).order_by("id"))
    assert (stored.state, stored.close_cause, stored.requests) == ("closed", "RELEASED", 2)
    assert stored.ref == session.rpartition("/")[2]
    assert [(entry.operation, entry.status) for entry in log] == [("create", 201), ("release", 204)]
    assert all(bytes(entry.decision) for entry in log)
    assert [(e.kind, e.available, e.reserved, e.used) for e in entries] == [
        ("reserve", -GIGABYTE, GIGABYTE, 0),
        ("post", GIGABYTE // 2, -GIGABYTE, GIGABYTE // 2),
    ]


def test_crossing_half_of_the_data_is_told_once(network: Network, subscriber: Subscriber) -> None:
    session = network.open(asks(DATA, totalVolume=GIGABYTE))
    network.update(session, reports(DATA, totalVolume=10 * GIGABYTE, wants={}))
    network.release(session, reports(DATA, totalVolume=GIGABYTE))

    with tenant_scope(subscriber.tenant):
        told = NotificationEvent.objects.filter(type="bucket.threshold_crossed")
        (payload,) = told.values_list("payload", flat=True)
    assert payload["threshold"] == "50 %"
    assert (payload["before"], payload["after"]) == (20 * GIGABYTE, 10 * GIGABYTE)
    assert (payload["previous_state"], payload["state"]) == ("normal", "low")


def test_the_device_is_found_by_supi_gpsi_and_its_own_id(
    network: Network, subscriber: Subscriber
) -> None:
    for identifier in (subscriber.device.supi, subscriber.device.gpsi, "dev-1"):
        created = network.create(asks(VOICE, time=1), subscriberIdentifier=identifier)
        assert created.status_code == 201, identifier


def test_without_credit_and_without_a_way_to_tell_the_whole_create_is_refused(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(VOICE, time=18_000))
    network.release(session, reports(VOICE, time=18_000))

    refused = network.create(asks(VOICE, time=60))

    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["cause"] == "QUOTA_LIMIT_REACHED"
    assert "location" not in refused.headers
    assert amounts(subscriber, "voice") == (0, 0, 18_000)


def test_without_credit_but_with_a_notify_uri_the_session_stays(network: Network) -> None:
    session = network.open(asks(VOICE, time=18_000))
    network.release(session, reports(VOICE, time=18_000))

    created = network.create(asks(VOICE, time=60), notifyUri="http://127.0.0.1:9/notify")

    assert created.status_code == 201
    (answer,) = created.json()["multipleUnitInformation"]
    assert answer["resultCode"] == "QUOTA_LIMIT_REACHED"
    assert "grantedUnit" not in answer


def test_the_last_units_come_with_a_final_unit_indication(network: Network) -> None:
    created = network.create(asks(VOICE, time=20_000))
    (answer,) = created.json()["multipleUnitInformation"]
    assert answer["grantedUnit"] == {"time": 18_000}
    assert answer["finalUnitIndication"] == {"finalUnitAction": "TERMINATE"}


def test_an_immediate_event_is_debited_at_once_and_leaves_nothing_open(
    network: Network, subscriber: Subscriber
) -> None:
    sent = network.create(
        asks(200, serviceSpecificUnits=3), oneTimeEvent=True, oneTimeEventType="IEC"
    )
    assert sent.status_code == 201
    assert amounts(subscriber, "sms") == (497, 0, 3)
    with tenant_scope(subscriber.tenant):
        assert ChargingSession.objects.get().state == "closed"


def test_a_device_barred_during_a_session_is_settled_and_given_no_more(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(VOICE, time=600))
    with tenant_scope(subscriber.tenant):
        Device.objects.update(state="barred")

    answer = network.update(session, reports(VOICE, time=500, wants={"time": 600}))

    (line,) = answer.json()["multipleUnitInformation"]
    assert line["resultCode"] == "END_USER_SERVICE_DENIED"
    assert amounts(subscriber, "voice") == (17_500, 0, 500)


def test_usage_from_before_a_plan_ended_costs_what_that_plan_says(
    network: Network, subscriber: Subscriber
) -> None:
    """The bundle is used up, so the call is on money: ten minutes at €0.09."""
    with tenant_scope(subscriber.tenant):
        factories.top_up(subscriber.account, "10.00", now=subscriber.account.created_at)
    network.release(network.open(asks(VOICE)), reports(VOICE, time=18_000))
    session = network.open(asks(VOICE, time=600))
    used_until = datetime.now(UTC)
    with tenant_scope(subscriber.tenant):
        end_plan_subscription(
            subscription=PlanSubscription.objects.get(),
            actor=SYSTEM,
            now=used_until + timedelta(milliseconds=1),
        )

    call = reports(VOICE, time=600, triggerTimestamp=used_until.isoformat())
    network.release(session, call)

    assert amounts(subscriber, "money") == (9_100_000_000, 0, 900_000_000)
    with tenant_scope(subscriber.tenant):
        assert not NotificationEvent.objects.filter(type="usage.unrated").exists()


def test_a_post_event_from_before_all_time_is_charged(
    network: Network, subscriber: Subscriber
) -> None:
    """Its own time has no bucket and no plan: it is settled in money as of now."""
    with tenant_scope(subscriber.tenant):
        factories.top_up(subscriber.account, "1.00", now=subscriber.account.created_at)
    sms = reports(200, serviceSpecificUnits=1, triggerTimestamp="0001-01-01T00:00:00+14:00")
    answer = network.create(sms, oneTimeEvent=True, oneTimeEventType="PEC")

    assert answer.status_code == 201
    assert amounts(subscriber, "money") == (910_000_000, 0, 90_000_000)
