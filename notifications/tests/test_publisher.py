"""The stream's positions: in order, once, whatever commits when and whoever dies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction

from notifications import publisher, selectors
from notifications.models import NotificationEvent, WebhookDelivery, WebhookEndpoint
from notifications.tests.conftest import Record
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

pytestmark = pytest.mark.usefixtures("alone")


def test_events_get_positions_in_the_order_in_which_they_were_written(
    tenant: Tenant, record: Record, now: datetime
):
    first, second = record(), record()

    publisher.publish_waiting(now=now)

    with tenant_scope(tenant):
        found = dict(NotificationEvent.objects.values_list("position", "pk"))
    assert found == {1: first.pk, 2: second.pk}


def test_each_tenant_has_a_stream_of_its_own(
    tenant: Tenant, other_tenant: Tenant, record: Record, now: datetime
):
    record(of=tenant)
    record(of=other_tenant)
    record(of=tenant)

    batches = publisher.publish_waiting(now=now)

    assert {batch.tenant_id: batch.last_position for batch in batches} == {
        tenant.pk: 2,
        other_tenant.pk: 1,
    }


def test_an_event_that_commits_late_comes_behind_those_already_published(
    tenant: Tenant, record: Record, now: datetime
):
    """Its id is smaller, so a reader that resumed by id would never see it."""
    written, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> int:
        try:
            with transaction.atomic():
                event = record(account="slow")
                written.set()
                assert may_commit.wait(10)
            return event.pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slow_writer)
        assert written.wait(10)
        early = record(account="quick")
        publisher.publish_waiting(now=now)
        may_commit.set()
        late_key = late.result(10)
    publisher.publish_waiting(now=now)

    assert late_key < early.pk
    with tenant_scope(tenant):
        stream = [event.pk for event in selectors.events_after(0, limit=10)]
    assert stream == [early.pk, late_key]


def test_publishers_at_the_same_time_number_every_event_once(
    tenant: Tenant, record: Record, now: datetime
):
    for _ in range(40):
        record()

    def publish() -> None:
        try:
            publisher.publish_waiting(now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(publish) for _ in range(4)]:
            done.result(30)

    with tenant_scope(tenant):
        positions = NotificationEvent.objects.order_by("position").values_list(
            "position", flat=True
        )
        assert list(positions) == list(range(1, 41))


def test_what_a_crashed_publisher_left_is_published_by_the_next(
    tenant: Tenant, record: Record, now: datetime, owner_connection: psycopg.Connection
):
    record()

    @transaction.atomic
    def publish_and_die() -> None:
        assert publisher.publish_batch(now=now) is not None
        pid = connection.connection.info.backend_pid
        owner_connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with tenant_scope(tenant), pytest.raises(OperationalError):
        publish_and_die()
    connections.close_all()

    batches = publisher.publish_waiting(now=now)

    assert [batch.last_position for batch in batches] == [1]


def test_deliveries_are_made_for_the_endpoints_that_want_the_event(
    tenant: Tenant, record: Record, now: datetime
):
    with tenant_scope(tenant):
        wanting = WebhookEndpoint.objects.create(
            url="https://a.example", event_types=["account.topped_up"]
        )
        everything = WebhookEndpoint.objects.create(url="https://b.example")
        WebhookEndpoint.objects.create(url="https://c.example", event_types=["bucket.exhausted"])
        WebhookEndpoint.objects.create(url="https://d.example", is_enabled=False)
    event = record("account.topped_up")

    publisher.publish_waiting(now=now)

    with tenant_scope(tenant):
        made = WebhookDelivery.objects.values_list("endpoint", "event", "next_attempt_at")
        assert set(made) == {(wanting.pk, event.pk, now), (everything.pk, event.pk, now)}


def test_a_test_event_goes_to_the_endpoint_it_was_asked_for_alone(
    tenant: Tenant, record: Record, now: datetime
):
    with tenant_scope(tenant):
        tried = WebhookEndpoint.objects.create(url="https://a.example", event_types=["x"])
        WebhookEndpoint.objects.create(url="https://b.example")
    record("webhook.test", account=str(tried.public_id))

    publisher.publish_waiting(now=now)

    with tenant_scope(tenant):
        assert list(WebhookDelivery.objects.values_list("endpoint", flat=True)) == [tried.pk]


def test_nothing_is_told_when_valkey_is_away(
    tenant: Tenant, record: Record, now: datetime, monkeypatch
):
    """A wake-up is a hint: the write itself goes through."""
    publisher._wake_client.cache_clear()
    monkeypatch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")

    record()

    publisher._wake_client.cache_clear()
    assert [batch.last_position for batch in publisher.publish_waiting(now=now)] == [1]
