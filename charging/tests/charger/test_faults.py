"""The charging function and its database killed under load: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from charging.charger.processing import DEFAULT_VALIDITY, GRACE
from charging.models import Bucket, ChargingSession
from charging.tests.charger.conftest import CREATE, Network, Subscriber, asks, reports
from charging.tests.charger.test_concurrency import assert_books_are_right
from charging.tests.charger.test_sessions import amounts
from notifications.models import NotificationEvent
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from tests.harness.processes import ProcessFactory, ServerProcess

pytestmark = pytest.mark.faults
VOICE = 100


class HonestClient(threading.Thread):
    """Reports 1 s at a time and sends again, with the indicator, what it got no answer to."""

    def __init__(self, url: str, network: Network, reports_wanted: int) -> None:
        super().__init__()
        self.url = url
        self.network = network
        self.reports_wanted = reports_wanted
        self.acknowledged = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(base_url=self.url, http1=False, http2=True, timeout=5) as http:
                self._charge(http)
        except BaseException as error:  # noqa: BLE001  told to the test by the attribute
            self.error = error

    def _charge(self, http: httpx.Client) -> None:
        created = self._send(http, CREATE, self.network.body(asks(VOICE, time=60)))
        session = httpx.URL(created.headers["location"]).path
        while self.acknowledged < self.reports_wanted:
            body = self.network.body(reports(VOICE, time=1, wants={"time": 60}))
            assert self._send(http, f"{session}/update", body).status_code == 200
            self.acknowledged += 1
        assert self._send(http, f"{session}/release", self.network.body()).status_code == 204

    def _send(self, http: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                answer = http.post(path, json=body, headers=self.network.headers())
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                pass
            body = body | {"retransmissionIndicator": True}
            time.sleep(0.05)
        raise AssertionError("no answer in 30 s")


def test_kill_9_of_the_charging_function_loses_and_doubles_nothing(
    process_factory: ProcessFactory, network: Network, subscriber: Subscriber
) -> None:
    chf = process_factory.chf()
    clients = [HonestClient(chf.url, network, 60) for _ in range(4)]
    for client in clients:
        client.start()
    for _ in range(2):
        time.sleep(0.4)
        chf.signal(signal.SIGKILL)
        chf.stop()
        chf.start()
    for client in clients:
        client.join()

    assert [client.error for client in clients] == [None] * 4
    assert amounts(subscriber, "voice") == (18_000 - 240, 0, 240)
    assert_books_are_right("northwind")


def test_while_the_database_is_away_there_is_503_and_afterwards_all_is_well(
    chf_server: ServerProcess, network: Network, subscriber: Subscriber, servers: Any
) -> None:
    session = network.open(asks(VOICE, time=600))
    body = network.body(reports(VOICE, time=60, wants={"time": 600}))
    servers.postgres.kill()

    away = network.post(f"{session}/update", body)
    assert (away.status_code, away.json()["cause"]) == (503, "NF_CONGESTION")
    assert away.headers["retry-after"] == "1"
    assert network.http.get("/health/live").status_code == 200
    assert network.http.get("/health/ready").status_code == 503

    servers.postgres.start()
    servers.postgres.wait_ready()
    chf_server.wait_ready()
    connections.close_all()  # the test's own went with the server
    again = network.post(f"{session}/update", body | {"retransmissionIndicator": True})
    assert again.status_code == 200
    assert amounts(subscriber, "voice") == (17_340, 600, 60)
    assert_books_are_right("northwind")


def test_without_valkey_charging_goes_on(
    network: Network, subscriber: Subscriber, servers: Any
) -> None:
    session = network.open(asks(VOICE, time=600))
    servers.valkey.kill()
    assert network.release(session, reports(VOICE, time=60)).status_code == 204
    assert amounts(subscriber, "voice") == (17_940, 0, 60)


def test_a_session_that_falls_silent_is_closed_and_its_reservation_returned(
    network: Network, subscriber: Subscriber
) -> None:
    """The test clock of a sandbox account jumps past validity and grace; the sweep looks again
    every few seconds."""
    network.open(asks(VOICE, time=600))
    assert amounts(subscriber, "voice") == (17_400, 600, 0)
    jump = DEFAULT_VALIDITY + int(GRACE.total_seconds()) + 1
    with tenant_scope(subscriber.tenant):
        Account.objects.update(clock_offset=jump)
        deadline = time.monotonic() + 15
        while ChargingSession.objects.get().state == "open" and time.monotonic() < deadline:
            time.sleep(0.2)
        session = ChargingSession.objects.get()
        assert (session.state, session.close_cause) == ("closed", "SILENT")
        assert Bucket.objects.get(service="voice").reserved == 0
        assert NotificationEvent.objects.filter(type="session.closed_by_sweep").count() == 1
    assert amounts(subscriber, "voice") == (18_000, 0, 0)
    assert_books_are_right("northwind")


def test_a_bucket_that_was_tampered_with_is_found(subscriber: Subscriber) -> None:
    with tenant_scope(subscriber.tenant):
        bucket = Bucket.objects.get(service="voice")
        Bucket.objects.filter(pk=bucket.pk).update(available=bucket.available - 5, used=5)
    with pytest.raises(CommandError, match="2 discrepancies"):
        call_command("verify_ledger", tenant="northwind")


def test_a_session_that_was_tampered_with_is_found(
    network: Network, subscriber: Subscriber
) -> None:
    """One says it cost what nothing paid, one was closed and still holds 60 s."""
    network.open(asks(VOICE, time=60))
    network.open(asks(VOICE, time=60))
    with tenant_scope(subscriber.tenant):
        one, two = ChargingSession.objects.order_by("pk")
        ChargingSession.objects.filter(pk=one.pk).update(cost=5)
        ChargingSession.objects.filter(pk=two.pk).update(state="closed")
    with pytest.raises(CommandError, match="2 discrepancies"):
        call_command("verify_ledger", tenant="northwind")
