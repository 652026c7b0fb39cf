"""Deliveries to a real receiver on loopback: signed, repeated, given up, never twice at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connections

from notifications import publisher, services, targets, webhooks
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.services import EndpointSpec
from notifications.tests.conftest import Record, crossing
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

SECONDS = timedelta(seconds=1)

pytestmark = pytest.mark.usefixtures("alone")


@dataclass
class Receiver:
    """What arrived, and what is answered."""

    port: int = 0
    status: int = 204
    location: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(found.status)
            if found.location:
                self.send_header("location", found.location)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Subscription:
    """An endpoint at the receiver, and its secret."""

    tenant: Tenant
    endpoint: WebhookEndpoint
    secret: str

    def delivery(self) -> WebhookDelivery:
        with tenant_scope(self.tenant):
            return WebhookDelivery.objects.get(endpoint=self.endpoint)

    def attempt(self, now: datetime) -> webhooks.Outcome | None:
        with tenant_scope(self.tenant):
            return webhooks.attempt(delivery_id=self.delivery().pk, now=now)


@pytest.fixture
def subscription(tenant: Tenant, receiver: Receiver, now: datetime) -> Subscription:
    with tenant_scope(tenant):
        endpoint, secret = services.create_endpoint(
            spec=EndpointSpec(url=receiver.url), actor=SYSTEM, now=now
        )
    return Subscription(tenant=tenant, endpoint=endpoint, secret=secret)


@pytest.fixture
def published(subscription: Subscription, record: Record, now: datetime) -> Subscription:
    """One event waits to be delivered."""
    record("account.topped_up", payload={"amount": "10.00"})
    publisher.publish_waiting(now=now)
    return subscription


def test_a_delivery_carries_the_event_and_a_signature_that_holds(published, receiver, now):
    outcome = published.attempt(now)

    ((headers, body),) = receiver.requests
    key = base64.b64decode(published.secret.removeprefix("whsec_"))
    signed = f"northwind-1.{int(now.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert outcome == webhooks.Outcome(status=204)
    assert headers["webhook-id"] == "northwind-1"
    assert headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["payload"] == {"amount": "10.00"}
    assert published.delivery().state == "delivered"
    assert published.delivery().delivered_at == now


def test_a_refused_delivery_is_tried_again_after_ten_then_thirty_seconds(published, receiver, now):
    receiver.status = 503

    published.attempt(now)
    first = published.delivery()
    second_at = now + 10 * SECONDS
    published.attempt(second_at)
    second = published.delivery()

    assert (first.state, first.attempts, first.next_attempt_at) == ("pending", 1, second_at)
    assert first.last_error == "Answered 503 Service Unavailable"
    assert (second.attempts, second.next_attempt_at) == (2, second_at + 30 * SECONDS)


def test_it_is_not_tried_before_its_time(published, receiver, now):
    receiver.status = 500
    published.attempt(now)

    assert published.attempt(now + 9 * SECONDS) is None
    assert len(receiver.requests) == 1


def test_the_tenth_failure_is_the_last(published, receiver, now):
    receiver.status = 500
    at = now
    for _ in range(10):
        published.attempt(at)
        at = published.delivery().next_attempt_at or at

    assert published.delivery().state == "failed"
    assert published.attempt(at + timedelta(days=1)) is None
    assert len(receiver.requests) == 10


def test_two_workers_do_not_send_the_same_delivery(published, receiver, now):
    def attempt() -> webhooks.Outcome | None:
        try:
            return published.attempt(now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = [done.result(20) for done in [pool.submit(attempt) for _ in range(4)]]

    assert len([outcome for outcome in outcomes if outcome]) == 1
    assert len(receiver.requests) == 1


def test_what_a_killed_worker_had_in_hand_is_due_again_later(published, now):
    with tenant_scope(published.tenant):
        assert webhooks._claim(published.delivery().pk, now=now) is not None

        assert list(webhooks.due_deliveries(now=now)) == []
        assert len(webhooks.due_deliveries(now=now + 20 * SECONDS)) == 1


def test_a_redirect_is_not_followed(published, receiver, now):
    receiver.status, receiver.location = 302, receiver.url

    outcome = published.attempt(now)

    assert outcome.error == "Answered 302; redirects are not followed."
    assert len(receiver.requests) == 1


def test_a_name_beyond_ascii_is_called_by_its_ascii_form(published, receiver, now, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]
    with tenant_scope(published.tenant):
        url = f"http://b\u00fccher.example:{receiver.port}/hook"
        WebhookEndpoint.objects.update(url=url)

    with monkeypatch.context() as patch:  # all of Python looks names up there, the harness too
        patch.setattr(targets.socket, "getaddrinfo", lambda *args, **more: found)
        outcome = published.attempt(now)

    assert outcome.is_success
    ((headers, _),) = receiver.requests
    assert headers["host"] == f"xn--bcher-kva.example:{receiver.port}"


def test_nobody_there_is_an_error_in_the_log(published, now):
    with tenant_scope(published.tenant):
        WebhookEndpoint.objects.update(url="http://127.0.0.1:1/")

    published.attempt(now)

    assert published.delivery().last_status is None
    assert "refused" in published.delivery().last_error


def test_an_endpoint_that_was_switched_off_gets_nothing(published, receiver, now):
    with tenant_scope(published.tenant):
        WebhookEndpoint.objects.update(is_enabled=False)

    published.attempt(now)

    assert published.delivery().state == "failed"
    assert receiver.requests == []


def test_resending_a_failed_delivery_sends_the_same_event_again(published, receiver, now):
    receiver.status = 410
    published.attempt(now)
    receiver.status = 200
    with tenant_scope(published.tenant):
        services.resend(delivery=published.delivery(), actor=SYSTEM, now=now)

    published.attempt(now)

    assert published.delivery().state == "delivered"
    assert receiver.requests[0][0]["webhook-id"] == receiver.requests[1][0]["webhook-id"]


def test_an_endpoint_may_ask_for_threshold_events_as_counter_threshold(
    subscription, record, receiver, now
):
    with tenant_scope(subscription.tenant):
        WebhookEndpoint.objects.update(uses_totogi_shape=True)
    record("bucket.threshold_crossed", payload=crossing())
    publisher.publish_waiting(now=now)

    subscription.attempt(now)

    assert json.loads(receiver.requests[0][1])["detail-type"] == "CounterThreshold"


def test_a_worker_delivers_what_the_portal_publishes(
    portal_server, celery_worker_process, subscription, record, receiver
):
    record()

    for _ in range(100):
        if receiver.requests:
            break
        threading.Event().wait(0.1)

    assert json.loads(receiver.requests[0][1])["position"] == 1
