"""Re-sent requests: the first answer again, one debit."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from charging.models import ChargingSession, LedgerEntry
from charging.tests.charger.conftest import CREATE, Network, Subscriber, asks, reports
from charging.tests.charger.test_sessions import amounts
from portal.tenancy.scope import tenant_scope

VOICE = 100


def entries(subscriber: Subscriber) -> int:
    with tenant_scope(subscriber.tenant):
        return LedgerEntry.objects.exclude(session=None).count()


def test_a_repeated_create_gets_the_same_session_and_answer(
    network: Network, subscriber: Subscriber
) -> None:
    body = network.body(asks(VOICE, time=600), chargingId=7)
    first = network.post(CREATE, body)
    again = network.post(CREATE, body | {"retransmissionIndicator": True})

    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert again.json() == first.json()
    assert amounts(subscriber, "voice") == (17_400, 600, 0)


def test_a_repeated_update_and_release_debit_once(network: Network, subscriber: Subscriber) -> None:
    session = network.open(asks(VOICE, time=600))
    update = network.body(reports(VOICE, time=500, wants={"time": 600}))
    first = network.post(f"{session}/update", update)
    again = network.post(f"{session}/update", update | {"retransmissionIndicator": True})
    assert again.json() == first.json()
    assert amounts(subscriber, "voice") == (16_900, 600, 500)

    release = network.body(reports(VOICE, time=100))
    assert network.post(f"{session}/release", release).status_code == 204
    assert network.post(f"{session}/release", release).status_code == 204
    assert amounts(subscriber, "voice") == (17_400, 0, 600)


def test_a_network_that_always_sends_sequence_number_0_is_charged_each_time(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(VOICE, time=600), invocationSequenceNumber=0)
    for _ in range(3):
        body = network.body(reports(VOICE, time=100, wants={"time": 600}))
        assert network.post(f"{session}/update", body | {"invocationSequenceNumber": 0}).is_success
    assert amounts(subscriber, "voice")[2] == 300


def test_a_retransmission_whose_first_never_arrived_is_a_new_request(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open(asks(VOICE, time=600), retransmissionIndicator=True)
    network.update(session, reports(VOICE, time=60), retransmissionIndicator=True)
    assert amounts(subscriber, "voice")[2] == 60


def test_a_refused_create_is_refused_again_and_kept_once(
    network: Network, subscriber: Subscriber
) -> None:
    network.release(network.open(asks(VOICE)), reports(VOICE, time=18_000))
    body = network.body(asks(VOICE, time=60))
    first, again = network.post(CREATE, body), network.post(CREATE, body)
    assert (first.status_code, again.status_code) == (403, 403)
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"
    with tenant_scope(subscriber.tenant):
        assert ChargingSession.objects.filter(state="refused").count() == 1


def test_copies_that_arrive_at_the_same_moment_are_one(
    network: Network, subscriber: Subscriber
) -> None:
    """Twenty copies of one create and of one update on several connections."""
    url = str(network.http.base_url)
    create = network.body(asks(VOICE, time=600))

    async def send_copies(path: str, body: dict[str, Any]) -> list[httpx.Response]:
        async with (
            httpx.AsyncClient(base_url=url, http1=False, http2=True) as one,
            httpx.AsyncClient(base_url=url, http1=False, http2=True) as other,
        ):
            copies = [
                client.post(path, json=body, headers=network.headers())
                for client in (one, other)
                for _ in range(10)
            ]
            return list(await asyncio.gather(*copies))

    locations = {a.headers["location"] for a in asyncio.run(send_copies(CREATE, create))}
    (location,) = locations
    session = httpx.URL(location).path
    update = network.body(reports(VOICE, time=100))
    answers = asyncio.run(send_copies(f"{session}/update", update))
    assert {answer.status_code for answer in answers} == {200}
    assert amounts(subscriber, "voice") == (17_400, 500, 100)
    assert entries(subscriber) == 2


def test_of_two_creates_with_one_key_the_re_sent_one_is_answered(
    network: Network, subscriber: Subscriber
) -> None:
    """A sender that counts from 1 again in every session: only the bodies tell them apart."""
    bodies = [network.body(asks(VOICE, time=time), invocationSequenceNumber=1) for time in (60, 70)]
    first, second = (network.post(CREATE, body) for body in bodies)
    assert first.headers["location"] != second.headers["location"]

    again = network.post(CREATE, bodies[0] | {"retransmissionIndicator": True})

    assert again.headers["location"] == first.headers["location"]
    assert again.json() == first.json()
    assert amounts(subscriber, "voice") == (17_870, 130, 0)


def test_of_two_updates_with_one_number_the_re_sent_one_is_answered(network: Network) -> None:
    session = network.open(asks(VOICE, time=60))
    bodies = [
        network.body(reports(VOICE, time=10, wants={"time": time}), invocationSequenceNumber=0)
        for time in (60, 70)
    ]
    first, second = (network.post(f"{session}/update", body) for body in bodies)
    assert first.json() != second.json()

    again = network.post(f"{session}/update", bodies[0] | {"retransmissionIndicator": True})

    assert again.json() == first.json()


def test_a_create_whose_body_was_written_anew_is_known_by_its_key(
    network: Network, subscriber: Subscriber
) -> None:
    """Some senders stamp the time of sending again; the indicator says that it is the same."""
    more = {"chargingId": 7, "invocationSequenceNumber": 1}
    first = network.create(asks(VOICE, time=60), **more)
    again = network.create(asks(VOICE, time=60), **more, retransmissionIndicator=True)

    assert again.headers["location"] == first.headers["location"]
    assert amounts(subscriber, "voice") == (17_940, 60, 0)
