"""Accounts that share: the charger on real connections, two processes where it matters."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.services import sharing
from charging.tests.charger.conftest import CREATE, Network, asks, reports
from charging.tests.charger.test_concurrency import assert_books_are_right, granted
from charging.tests.services.reading import events_of
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers import sharing as circles
from subscribers.models import Account
from tests import factories
from tests.harness.processes import ProcessFactory, ServerProcess

VOICE = 100
NOW = {"actor": SYSTEM}


@dataclass
class Family:
    """ana has Flex 20 and shares her 18,000 s of voice; ben has nothing of his own."""

    tenant: Tenant
    ana: Account
    ben: Account

    def bucket(self, name: str = "Voice") -> Bucket:
        with tenant_scope(self.tenant):
            return Bucket.objects.get(account=self.ana, name=name)

    def amounts(self, name: str = "Voice") -> tuple[int, int, int]:
        found = self.bucket(name)
        return found.available, found.reserved, found.used


@pytest.fixture
def family(committed_db: None) -> Family:
    now = datetime.now(UTC)
    tenant = factories.make_tenant()
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        ana = factories.make_account("ana", plan_code="flex-20", now=now)
        ben = factories.make_account("ben", now=now)
        factories.make_device(ana, public_id="ana-phone", now=now)
        factories.make_device(ben, public_id="ben-phone", now=now)
        voice = Bucket.objects.get(account=ana, name="Voice")
        sharing.change_bucket(bucket=voice, is_shared=True, now=now, **NOW)
    return Family(tenant=tenant, ana=ana, ben=ben)


def make_group(family: Family, *, order: str = "own_lowest") -> None:
    now = datetime.now(UTC)
    with tenant_scope(family.tenant):
        group = circles.create_group(
            code="family", name="Family", owner=family.ana, order=order, now=now, **NOW
        )
        circles.join_group(group=group, account=family.ben, now=now, **NOW)


def make_child(family: Family) -> None:
    with tenant_scope(family.tenant):
        sharing.set_parent(account=family.ben, parent=family.ana, now=datetime.now(UTC), **NOW)


@pytest.fixture
def ben(chf_server: ServerProcess, family: Family):
    """The network speaking for ben's phone."""
    with httpx.Client(base_url=chf_server.url, http1=False, http2=True, timeout=10) as http:
        yield Network(http=http, token=factories.n40_token(family.tenant), subscriber="ben-phone")


def until_done(caller: Network, path: str, body: dict[str, Any]) -> httpx.Response:
    """Sent again while the account is busy, as a network function does."""
    for _ in range(50):
        answer = caller.post(path, body)
        if answer.status_code != 503:
            assert answer.is_success, answer.text
            return answer
    raise AssertionError("the account stays busy")


def gets(caller: Network, rating_group: int) -> int:
    """What a create is granted; the session is released."""
    answer = caller.create({"ratingGroup": rating_group, "requestedUnit": {}})
    if answer.status_code != 201:
        return 0
    caller.release(httpx.URL(answer.headers["location"]).path)
    (line,) = answer.json()["multipleUnitInformation"]
    return sum(map(int, line.get("grantedUnit", {}).values()))


def cap(family: Family, scope: str, amount: int) -> Bucket:
    with tenant_scope(family.tenant):
        found = sharing.set_cap(
            account=family.ben, scope=scope, service="voice", amount=amount,
            now=datetime.now(UTC), **NOW,
        )  # fmt: skip
    assert found is not None
    return found


@pytest.mark.parametrize("tie", [make_group, make_child])
def test_a_member_and_a_child_draw_on_what_is_shared(family: Family, ben: Network, tie: Any):
    assert gets(ben, VOICE) == 0  # nothing of his own, and no plan
    tie(family)

    session = ben.open(asks(VOICE, time=300))
    assert family.amounts() == (17_700, 300, 0)
    ben.release(session, reports(VOICE, time=120))

    assert family.amounts() == (17_880, 0, 120)
    with tenant_scope(family.tenant):
        entries = LedgerEntry.objects.filter(session__isnull=False)
        assert {entry.account_id for entry in entries} == {family.ana.pk}  # the owner's ledger
        assert {entry.session.account_id for entry in entries} == {family.ben.pk}
        assert {entry.sequence_number is None for entry in entries} == {False}
    assert_books_are_right("northwind")


def test_only_what_is_marked_as_shared_is_offered(family: Family, ben: Network):
    make_group(family)

    assert gets(ben, 300) == 0  # ana's data is hers


def test_thresholds_of_a_shared_bucket_are_told_to_its_owner(family: Family, ben: Network):
    make_group(family)
    session = ben.open(asks(VOICE, time=15_000))

    ben.release(session, reports(VOICE, time=15_000))  # 3,000 of 18,000 left: below 20 %

    with tenant_scope(family.tenant):
        [(_, told)] = events_of(family.ana, "bucket.threshold_crossed")
        assert events_of(family.ben, "bucket.threshold_crossed") == []
    assert (told["account"], told["used_by"], told["device"]) == ("ana", "ben", "ben-phone")
    assert told["after"] == 3_000


@pytest.mark.parametrize(("tie", "scope"), [(make_group, "group"), (make_child, "parent")])
def test_a_cap_limits_what_is_drawn_in_a_cycle(family: Family, ben: Network, tie: Any, scope: str):
    tie(family)
    counter = cap(family, scope, 100)

    session = ben.open(asks(VOICE, time=300))
    assert family.amounts() == (17_900, 100, 0)  # all that the cap allows
    answer = ben.update(session, reports(VOICE, time=100, wants={"time": 300}))
    assert answer.json()["multipleUnitInformation"][0]["resultCode"] == "QUOTA_LIMIT_REACHED"
    ben.release(session)

    with tenant_scope(family.tenant):
        counter.refresh_from_db()
    assert (counter.available, counter.reserved, counter.used) == (0, 0, 100)
    assert family.amounts() == (17_900, 0, 100)
    assert_books_are_right("northwind")


def test_what_ben_has_himself_pays_first(family: Family, ben: Network):
    make_group(family)
    with tenant_scope(family.tenant):
        services.top_up_units(
            account=family.ben, service="voice", amount=600, reason="Gift",
            now=datetime.now(UTC), **NOW,
        )  # fmt: skip

    ben.release(ben.open(asks(VOICE, time=700)), reports(VOICE, time=700))

    assert family.amounts() == (17_900, 0, 100)


def test_a_suspended_giver_gives_nothing(family: Family, ben: Network):
    from subscribers.services import change_account_state

    make_child(family)
    with tenant_scope(family.tenant):
        change_account_state(account=family.ana, state="suspended", now=datetime.now(UTC), **NOW)

    assert gets(ben, VOICE) == 0


def test_two_members_on_two_processes_never_overspend(
    family: Family, process_factory: ProcessFactory
):
    """Both want 60,000 s of the 18,000 s they share, on a charging function each."""
    make_group(family)
    token = factories.n40_token(family.tenant)
    urls = [process_factory.chf().url for _ in range(2)]

    async def use_all(http: httpx.AsyncClient, phone: str, number: int) -> int:
        caller = Network(http=None, token=token, subscriber=phone)  # type: ignore[arg-type]
        headers = caller.headers()
        created = await http.post(
            CREATE, json=caller.body(asks(VOICE, time=300), chargingId=number), headers=headers
        )
        if created.status_code == 403:
            return 0
        session = httpx.URL(created.headers["location"]).path
        first = granted(created)
        body = caller.body(reports(VOICE, time=first, wants={"time": 300}))
        updated = await http.post(f"{session}/update", json=body, headers=headers)
        second = granted(updated)
        body = caller.body(reports(VOICE, time=second))
        released = await http.post(f"{session}/release", json=body, headers=headers)
        assert released.status_code == 204
        return first + second

    async def run() -> int:
        async with (
            httpx.AsyncClient(base_url=urls[0], http1=False, http2=True, timeout=60) as one,
            httpx.AsyncClient(base_url=urls[1], http1=False, http2=True, timeout=60) as two,
        ):
            sessions = [use_all(one, "ana-phone", n) for n in range(100)]
            sessions += [use_all(two, "ben-phone", n) for n in range(100)]
            return sum(await asyncio.gather(*sessions))

    assert asyncio.run(run()) == 18_000
    assert family.amounts() == (0, 0, 18_000)
    assert_books_are_right("northwind")


def test_members_in_one_batch_see_what_the_other_took(family: Family, chf_server: ServerProcess):
    make_group(family)
    token = factories.n40_token(family.tenant)

    async def run() -> int:
        async with httpx.AsyncClient(
            base_url=chf_server.url, http1=False, http2=True, timeout=60
        ) as http:

            async def take(phone: str, number: int) -> int:
                caller = Network(http=None, token=token, subscriber=phone)  # type: ignore[arg-type]
                body = caller.body(asks(VOICE, time=1_000), chargingId=number)
                answer = await http.post(CREATE, json=body, headers=caller.headers())
                return granted(answer) if answer.status_code == 201 else 0

            phones = ["ana-phone", "ben-phone"] * 20
            return sum(await asyncio.gather(*(take(p, n) for n, p in enumerate(phones))))

    assert asyncio.run(run()) == 18_000
    assert family.amounts() == (0, 18_000, 0)
    assert_books_are_right("northwind")


def test_joining_and_leaving_during_charging_loses_nothing(family: Family, ben: Network):
    """ben's phone goes on charging while he joins and leaves; the books stay right."""
    with tenant_scope(family.tenant):
        group = circles.create_group(
            code="family", name="Family", owner=family.ana, now=datetime.now(UTC), **NOW
        )
        services.top_up_units(
            account=family.ben, service="voice", amount=100_000, reason="Gift",
            now=datetime.now(UTC), **NOW,
        )  # fmt: skip
    stop = threading.Event()

    def come_and_go() -> None:
        from django.db import connection

        with tenant_scope(family.tenant):
            while not stop.is_set():
                now = datetime.now(UTC)
                circles.join_group(group=group, account=family.ben, now=now, **NOW)
                sharing.leave_group(account=family.ben, now=now, **NOW)
                stop.wait(0.01)
        connection.close()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        created = until_done(ben, CREATE, ben.body(asks(VOICE, time=60)))
        session = httpx.URL(created.headers["location"]).path
        for _ in range(60):
            body = ben.body(reports(VOICE, time=10, wants={"time": 60}))
            until_done(ben, f"{session}/update", body)
        until_done(ben, f"{session}/release", ben.body())
    finally:
        stop.set()
        thread.join()

    with tenant_scope(family.tenant):
        own = Bucket.objects.get(account=family.ben, service="voice", role="pays")
        assert own.used + family.bucket().used == 600
        assert own.reserved == family.bucket().reserved == 0
    assert_books_are_right("northwind")


def leave_group(family: Family) -> None:
    sharing.leave_group(account=family.ben, now=datetime.now(UTC), **NOW)


def leave_parent(family: Family) -> None:
    sharing.set_parent(account=family.ben, parent=None, now=datetime.now(UTC), **NOW)


def share_no_more(family: Family) -> None:
    voice = Bucket.objects.get(account=family.ana, name="Voice")
    sharing.change_bucket(bucket=voice, is_shared=False, now=datetime.now(UTC), **NOW)


@pytest.mark.parametrize(
    ("tie", "ends"),
    [(make_group, leave_group), (make_child, leave_parent), (make_child, share_no_more)],
)
def test_what_open_sessions_hold_of_others_is_handed_back_when_sharing_ends(
    family: Family, ben: Network, tie: Any, ends: Any
):
    tie(family)
    session = ben.open(asks(VOICE, time=300))
    assert family.amounts() == (17_700, 300, 0)

    with tenant_scope(family.tenant):
        ends(family)
    assert family.amounts() == (18_000, 0, 0)
    assert_books_are_right("northwind")

    ben.release(session, reports(VOICE, time=50))  # settled all the same: unrated, he has nothing
    assert family.amounts() == (18_000, 0, 0)
    assert_books_are_right("northwind")
