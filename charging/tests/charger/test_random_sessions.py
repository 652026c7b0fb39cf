"""Random sessions on two charging functions over one database: the books add up in the end.

Networks open, update, repeat and release sessions of two accounts at random, each request to either
charging function or to both at once, while money is topped up. What they reported, once per
request however often it was sent, is what was charged.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.db import connection

from charging import decisions
from charging.models import Bucket, ChargingSession, LedgerEntry, RequestLogEntry
from charging.session_memory import decode_state
from charging.tests.charger.conftest import CREATE, Network, Subscriber, asks, reports
from charging.tests.charger.test_concurrency import assert_books_are_right
from notifications.models import NotificationEvent
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.processes import ProcessFactory, ServerProcess

VOICE, SMS = 100, 200
UNITS = {VOICE: "time", SMS: "serviceSpecificUnits"}
SERVICES = {VOICE: "voice", SMS: "sms"}
MOST = {VOICE: 3_000, SMS: 100}
NETWORKS = 6
SESSIONS_EACH = 5


@dataclass
class RandomNetwork:
    """One network function: its sessions one after the other, its requests as chance has it."""

    network: Network
    chargers: list[httpx.AsyncClient]
    chance: random.Random
    number: int
    reported: Counter[int] = field(default_factory=Counter)

    async def run(self) -> None:
        for session_number in range(SESSIONS_EACH):
            await self._run_session(1000 * self.number + session_number)

    async def _run_session(self, charging_id: int) -> None:
        device = {"subscriberIdentifier": self.chance.choice(["dev-1", "dev-2"])}
        created = await self._send(
            CREATE,
            self.network.body(
                *(asks(group, **self._asked(group)) for group in self._groups()),
                **device,
                chargingId=charging_id,
                notifyUri="http://127.0.0.1:9/notify",
            ),
        )
        assert created.status_code == 201, created.text
        session = httpx.URL(created.headers["location"]).path
        for _ in range(self.chance.randrange(5)):
            wants = {group: self._asked(group) for group in self._groups()}
            usages = [
                self._report(group, wants=wants.get(group) if self.chance.random() < 0.8 else None)
                for group in wants
            ]
            answer = await self._send(f"{session}/update", self.network.body(*usages, **device))
            assert answer.status_code == 200, answer.text
        if self.chance.random() < 0.8:
            last = [self._report(group) for group in self._groups()]
            answer = await self._send(f"{session}/release", self.network.body(*last, **device))
            assert answer.status_code == 204, answer.text

    def _groups(self) -> list[int]:
        return self.chance.sample([VOICE, SMS], self.chance.randint(1, 2))

    def _asked(self, group: int) -> dict[str, int]:
        amount = self.chance.choice([None, 0, 1, self.chance.randrange(MOST[group])])
        return {} if amount is None else {UNITS[group]: amount}

    def _report(self, group: int, wants: dict[str, int] | None = None) -> dict[str, Any]:
        amount = self.chance.choice([0, 1, self.chance.randrange(MOST[group])])
        self.reported[group] += amount
        return reports(group, wants=wants, **{UNITS[group]: amount})

    async def _send(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """To one charging function, to both at once, or to one and then the other."""
        headers = self.network.headers()
        first, second = self.chance.sample(self.chargers, 2)
        again = body | {"retransmissionIndicator": self.chance.random() < 0.5}
        way = self.chance.choice(["once", "once", "both", "again"])
        if way == "both":
            answers = await asyncio.gather(
                first.post(path, json=body, headers=headers),
                second.post(path, json=again, headers=headers),
            )
        else:
            answers = [await first.post(path, json=body, headers=headers)]
            if way == "again":
                answers.append(await second.post(path, json=again, headers=headers))
        assert len({answer.content for answer in answers}) == 1
        assert len({self._ref(answer) for answer in answers}) == 1
        return answers[0]

    @staticmethod
    def _ref(answer: httpx.Response) -> str:
        return answer.headers.get("location", "").rpartition("/")[2]


@pytest.mark.parametrize("seed", [1, 2])
def test_what_networks_reported_is_what_was_charged(
    chf_server: ServerProcess,
    process_factory: ProcessFactory,
    network: Network,
    subscriber: Subscriber,
    seed: int,
) -> None:
    now = subscriber.account.created_at
    with tenant_scope(subscriber.tenant):
        other = factories.make_account("acc-2", plan_code="flex-20", now=now)
        factories.make_device(other, public_id="dev-2", now=now)
    second = process_factory.chf()

    async def run() -> Counter[int]:
        def connect(url: str) -> httpx.AsyncClient:
            return httpx.AsyncClient(base_url=url, http1=False, http2=True, timeout=30)

        async with connect(chf_server.url) as one, connect(second.url) as two:
            networks = [
                RandomNetwork(network, [one, two], random.Random(100 * seed + number), number)
                for number in range(NETWORKS)
            ]
            await asyncio.gather(*(each.run() for each in networks))
        return sum((each.reported for each in networks), Counter())

    def top_up() -> None:
        with tenant_scope(subscriber.tenant):
            for _ in range(20):
                for account in (subscriber.account, other):
                    factories.top_up(account, "1.00", now=now)
        connection.close()

    thread = threading.Thread(target=top_up)
    thread.start()
    try:
        reported = asyncio.run(run())
    finally:
        thread.join()

    assert_books_are_right("northwind")
    with tenant_scope(subscriber.tenant):
        assert_charged(reported)
        assert_sessions_agree_with_their_ledger()
        assert_each_threshold_told_in_turn()
        money = Bucket.objects.filter(service="money")
        assert sum(bucket.granted for bucket in money) == 40 * factories.NANO


def assert_charged(reported: Counter[int]) -> None:
    """From the bundle or at the rate: each unit once, by the buckets and by the sessions."""
    priced: Counter[int] = Counter()
    cost = 0
    for session in ChargingSession.objects.all():
        state = decode_state(bytes(session.state_bytes))
        cost += state.cost
        for key, total in state.totals.items():
            priced[int(key.partition(":")[0])] += total.units
        for group, meter in state.meters.items():
            priced[int(group)] -= meter.covered  # charged with a started step, never used
    for group, service in SERVICES.items():
        bundles = Bucket.objects.filter(service=service)
        assert sum(bucket.used for bucket in bundles) + priced[group] == reported[group]
    assert sum(bucket.used for bucket in Bucket.objects.filter(service="money")) == cost
    logged: Counter[int] = Counter()
    for entry in RequestLogEntry.objects.all():
        for group, _, used, _ in decisions.decode(bytes(entry.decision)).usage:
            logged[group] += used
    assert logged == reported


def assert_sessions_agree_with_their_ledger() -> None:
    """A session's money is its own, and a closed session holds nothing of any bucket."""
    for session in ChargingSession.objects.all():
        entries = list(LedgerEntry.objects.filter(session=session).select_related("bucket"))
        assert {entry.account_id for entry in entries} <= {session.account_id}
        money = sum(entry.used for entry in entries if entry.bucket.service == "money")
        assert money == session.cost
        if session.state == "closed":
            assert sum(entry.reserved for entry in entries) == 0


def assert_each_threshold_told_in_turn() -> None:
    """Low, normal, low …: never twice the same."""
    last: dict[tuple[int, str], str] = {}
    for event in NotificationEvent.objects.filter(type="bucket.threshold_crossed").order_by(
        "account_key", "account_seq"
    ):
        key = (event.payload["bucket_id"], event.payload["threshold"])
        assert last.get(key, "normal") == event.payload["previous_state"]
        last[key] = event.payload["state"]
