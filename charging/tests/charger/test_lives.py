"""Thresholds that act, first uses, counters and states, from the network to the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from charging.models import Bucket
from charging.selectors import balances_of, counters_of
from charging.services import start_plan_subscription, top_up_units
from charging.tests.charger.conftest import Network, asks, reports
from charging.tests.charger.test_concurrency import assert_books_are_right
from charging.tests.services.reading import bucket_named, events_of, money_of
from notifications.models import NotificationEvent
from notifications.publisher import publish_batch
from plans.overrides import Overrides, RateOverride, stored_overrides
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.terms import LifetimeSpec
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers import lifecycle
from subscribers.models import Account, PlanSubscription
from tests import factories
from tests.harness.processes import ServerProcess

VOICE = 100
MINUTE = 60
EURO = 10**9
RATE = RateSpec(service="voice", price=60 * 10**7, per=60)  # 1 cent a second


def voice(amount: int = 600, **more: Any) -> AllowanceSpec:
    return AllowanceSpec(**{"name": "Minutes", "service": "voice", "amount": amount, **more})


def mark(percent: int, **more: Any) -> ThresholdSpec:
    return ThresholdSpec(percent=Decimal(percent), **{"name": "Mark", **more})


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant()


@pytest.fixture
def subscribe(tenant: Tenant) -> Callable[..., Account]:
    """An account with the phone dev-1 on a plan of these allowances."""

    def make(*allowances: AllowanceSpec, rates: tuple[RateSpec, ...] = (), **more: Any) -> Account:
        now = datetime.now(UTC)
        spec = VersionSpec(currency="EUR", allowances=allowances, rates=rates, **more)
        with tenant_scope(tenant):
            factories.make_published_plan("test", name="Test", spec=spec, now=now)
            account = factories.make_account("acc-1", plan_code="test", now=now)
            factories.make_device(account, public_id="dev-1", now=now)
        return account

    return make


@pytest.fixture
def phone(chf_server: ServerProcess, tenant: Tenant) -> Iterator[Network]:
    with httpx.Client(base_url=chf_server.url, http1=False, http2=True, timeout=10) as http:
        yield Network(http=http, token=factories.n40_token(tenant), subscriber="dev-1")


def call(phone: Network, seconds: int) -> None:
    """One call: asked for, used, released."""
    session = phone.open(asks(VOICE, time=seconds))
    assert phone.release(session, reports(VOICE, time=seconds)).status_code == 204


def granted(answer: httpx.Response) -> int:
    if answer.status_code != 201:
        return 0
    (line,) = answer.json()["multipleUnitInformation"]
    return int(line.get("grantedUnit", {}).get("time", 0))


# ── thresholds ───────────────────────────────────────────────────────────────────────────────


def test_a_threshold_blocks_its_bucket_until_a_top_up_takes_it_back_above(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(voice(thresholds=(mark(50, action="block"),)))

    call(phone, 300)

    with tenant_scope(tenant):
        assert bucket_named(account, "Minutes").is_disabled
        assert granted(phone.create(asks(VOICE, time=60))) == 0
        [(_, told)] = events_of(account, "bucket.blocked")
        assert (told["bucket"], told["threshold"], told["device"]) == ("Minutes", "Mark", "dev-1")
        top_up_units(
            account=account, service="voice", amount=600, reason="x", actor=SYSTEM,
            now=datetime.now(UTC),
        )  # fmt: skip
        assert not bucket_named(account, "Minutes").is_disabled
        assert [name for name, _ in events_of(account, "bucket.blocked", "bucket.unblocked")] == [
            "bucket.blocked", "bucket.unblocked",
        ]  # fmt: skip
    assert granted(phone.create(asks(VOICE, time=60))) == 60
    assert_books_are_right("northwind")


def test_a_threshold_suspends_the_account(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(voice(thresholds=(mark(50, action="suspend"),)))

    call(phone, 300)

    with tenant_scope(tenant):
        account.refresh_from_db()
        [(_, told)] = events_of(account, "account.state_changed")
    assert account.state == "suspended"
    assert told == {
        "account": "acc-1", "before": "active", "after": "suspended", "reason": "Threshold Mark",
    }  # fmt: skip
    assert phone.create(asks(VOICE, time=60)).status_code == 403


def test_a_named_state_is_told_and_a_paused_threshold_is_not(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(
        voice(
            thresholds=(
                mark(80, name="Paused", is_paused=True),
                mark(50, name="Half", state="critical"),
            )
        )
    )

    call(phone, 300)

    with tenant_scope(tenant):
        crossed = NotificationEvent.objects.filter(
            account_key=account.pk, type="bucket.threshold_crossed"
        ).order_by("account_seq")
        assert [(one.payload["threshold"], one.is_muted) for one in crossed] == [
            ("Paused", True), ("Half", False),
        ]  # fmt: skip
        assert [one.payload["state"] for one in crossed] == ["low", "critical"]
        publish_batch(now=datetime.now(UTC))
        assert [one.position is None for one in crossed.all()] == [True, False]


def test_what_is_crossed_in_quiet_hours_is_told_when_they_end(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=1)
    quiet = mark(50, quiet_from=begins.time(), quiet_until=ends.time())
    account = subscribe(voice(thresholds=(quiet,)))

    call(phone, 300)

    with tenant_scope(tenant):
        told = NotificationEvent.objects.get(
            account_key=account.pk, type="bucket.threshold_crossed"
        )
        assert told.not_before == ends
        publish_batch(now=ends - timedelta(seconds=1))
        told.refresh_from_db()
        assert told.position is None
        publish_batch(now=ends)
        told.refresh_from_db()
        assert told.position is not None


# ── counters ─────────────────────────────────────────────────────────────────────────────────


def test_counters_count_what_is_used_and_spent_beside_what_pays(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(
        voice(60),
        voice(0, name="Voice used", role="counts"),
        AllowanceSpec(name="Spent", service="money", amount=0, role="counts"),
        rates=(RATE,),
    )
    with tenant_scope(tenant):
        factories.top_up(account, "10.00", now=datetime.now(UTC))

    call(phone, 160)  # 60 s of the bucket, 100 s at a cent

    with tenant_scope(tenant):
        assert money_of(account).available == 9 * EURO
        counted = {one.bucket.name: one.used for one in counters_of(account, now=datetime.now(UTC))}
        assert counted == {"Voice used": 160, "Spent": EURO}
        assert [one.bucket.name for one in balances_of(account, now=datetime.now(UTC))] == [
            "Minutes", "Main balance",
        ]  # fmt: skip
    assert_books_are_right("northwind")


def test_a_counter_with_a_limit_caps_quota(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(
        voice(6_000),
        voice(120, name="Fair use", role="counts", limits=True, thresholds=(mark(50),)),
    )

    session = phone.open(asks(VOICE, time=600))  # no more than the counter allows: 120
    with tenant_scope(tenant):
        assert bucket_named(account, "Fair use").reserved == 120
    phone.release(session, reports(VOICE, time=60))

    with tenant_scope(tenant):
        [(_, told)] = events_of(account, "bucket.threshold_crossed")
        assert (told["is_counter"], told["limit"], told["before"], told["after"]) == (
            True, 60, 0, 60,
        )  # fmt: skip
    assert granted(phone.create(asks(VOICE, time=600))) == 60
    assert_books_are_right("northwind")


# ── first use ────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_begins_to_live_with_its_first_use(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(voice(lifetime=LifetimeSpec(span="hours", count=2, from_first_use=True)))
    with tenant_scope(tenant):
        assert bucket_named(account, "Minutes").awaits_first_use

    before = datetime.now(UTC)
    call(phone, 60)

    with tenant_scope(tenant):
        bucket = bucket_named(account, "Minutes")
        [(_, told)] = events_of(account, "bucket.first_used")
    assert not bucket.awaits_first_use
    assert before <= bucket.valid_from <= datetime.now(UTC)
    assert bucket.expires_at == bucket.valid_from + timedelta(hours=2)
    assert told["expires_at"] == bucket.expires_at.isoformat()
    call(phone, 60)
    with tenant_scope(tenant):
        assert len(events_of(account, "bucket.first_used")) == 1
        assert bucket_named(account, "Minutes").expires_at == bucket.expires_at


def test_a_plan_that_begins_with_its_first_use_is_due_after_it(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(voice(), start="first_use")
    with tenant_scope(tenant):
        held = PlanSubscription.objects.get(account=account)
        assert (held.state, held.first_used_at, held.due_at) == ("pending", None, None)

    call(phone, 60)

    with tenant_scope(tenant):
        held.refresh_from_db()
        assert held.first_used_at is not None
        assert held.due_at == held.first_used_at
        assert bucket_named(account, "Minutes").used == 60


# ── terms of one subscription ────────────────────────────────────────────────────────────────


def test_a_subscriptions_own_price_is_charged(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(rates=(RATE,))
    with tenant_scope(tenant):
        factories.top_up(account, "10.00", now=datetime.now(UTC))
        held = PlanSubscription.objects.select_related("version").get(account=account)
        rate = held.version.rates.get()
        own = Overrides(rates={rate.key: RateOverride(price=30 * 10**7)})  # half a cent a second
        held.overrides, held.overrides_hash = stored_overrides(own), own.digest
        held.save()

    call(phone, 100)

    with tenant_scope(tenant):
        assert money_of(account).used == EURO // 2


# ── states ───────────────────────────────────────────────────────────────────────────────────


def test_the_first_use_activates_and_states_decide_services(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    now = datetime.now(UTC)
    with tenant_scope(tenant):
        rules = {
            **lifecycle.USUAL.rules,
            "grace": lifecycle.Rule(services=frozenset({"sms"})),
        }
        lifecycle.change_lifecycle(
            lifecycle=replace(lifecycle.USUAL, initial="pre_active", rules=rules),
            actor=SYSTEM, now=now,
        )  # fmt: skip
    account = subscribe(voice())
    assert account.state == "pre_active"

    session = phone.open(asks(VOICE, time=60))

    with tenant_scope(tenant):
        account.refresh_from_db()
        assert account.state == "active"
        assert account.state_changed_at >= now
        [(_, told)] = events_of(account, "account.state_changed")
        assert (told["before"], told["after"]) == ("pre_active", "active")
        Account.objects.filter(pk=account.pk).update(state="grace")
    answer = phone.update(session, reports(VOICE, time=60, wants={"time": 60}))
    (line,) = answer.json()["multipleUnitInformation"]
    assert line["resultCode"] == "END_USER_SERVICE_DENIED"
    with tenant_scope(tenant):
        assert bucket_named(account, "Minutes").used == 60  # settled all the same
        assert Bucket.objects.filter(reserved__gt=0).count() == 0


def test_a_plan_bought_beside_another_is_charged_first_where_its_weight_says_so(
    subscribe: Callable[..., Account], phone: Network, tenant: Tenant
):
    account = subscribe(voice(weight=1))
    with tenant_scope(tenant):
        now = datetime.now(UTC)
        spec = VersionSpec(
            currency="EUR", allowances=(voice(120, name="Pass", weight=9),), is_add_on=True
        )
        version = factories.make_published_plan("pass", name="Pass", spec=spec, now=now)
        start_plan_subscription(account=account, version=version, actor=SYSTEM, now=now)

    call(phone, 150)

    with tenant_scope(tenant):
        assert bucket_named(account, "Pass").used == 120
        assert bucket_named(account, "Minutes").used == 30
