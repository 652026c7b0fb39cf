"""The overview, the navigation, the palette's search, and health."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import Settings

from charging.models import Bucket, ChargingSession
from charging.refs import make_ref
from notifications.publisher import publish_batch
from portal.pages.figures import Figures, figures_for
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import create_role
from subscribers.models import Account
from subscribers.services import change_account_state
from tests.factories import GIGABYTE, make_account, make_device, make_published_plan, make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")


@pytest.fixture
def scope(northwind: Tenant) -> Iterator[Tenant]:
    with tenant_scope(northwind):
        yield northwind


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def browser(tenant: Tenant, role: str = "admin") -> Client:
    http = Client()
    http.force_login(make_user(tenant, role, email=f"somebody-{role}@northwind.example"))
    return http


# ── figures ──────────────────────────────────────────────────────────────────────────────────


def test_figures_count_what_is_there_now(scope: Tenant, now: datetime) -> None:
    make_published_plan(now=now)
    first = make_account("acc-1", plan_code="flex-20", now=now)
    make_account("acc-2", plan_code="flex-20", now=now)
    gone = make_account("acc-3", plan_code="flex-20", now=now)
    change_account_state(account=gone, state="terminated", actor=SYSTEM, now=now)
    device = make_device(first, now=now)
    ChargingSession.objects.create(
        account=first,
        device=device,
        ref=make_ref(first.pk),
        subscriber_identifier=device.supi,
        opened_at=now,
        last_request_at=now,
        deadline_at=now,
    )

    assert figures_for(SYSTEM, now=now) == Figures(
        accounts=2, low_balances=0, open_sessions=1, published_plans=1
    )


def test_an_account_runs_low_from_its_first_warning_on(scope: Tenant, now: datetime) -> None:
    """20 GB with warnings at 50, 20 and 5 %: low at 10 GB, not low an octet above."""
    make_published_plan(now=now)
    make_account("acc-1", plan_code="flex-20", now=now)
    bucket = Bucket.objects.get(service="data")
    assert figures_for(SYSTEM, now=now).low_balances == 0

    bucket.available, bucket.used = 10 * GIGABYTE, 10 * GIGABYTE
    bucket.save()

    assert figures_for(SYSTEM, now=now).low_balances == 1

    bucket.available, bucket.used = 10 * GIGABYTE + 1, 10 * GIGABYTE - 1
    bucket.save()

    assert figures_for(SYSTEM, now=now).low_balances == 0


def test_what_is_reserved_still_counts_as_left(scope: Tenant, now: datetime) -> None:
    make_published_plan(now=now)
    make_account("acc-1", plan_code="flex-20", now=now)
    bucket = Bucket.objects.get(service="data")

    bucket.available, bucket.reserved = 9 * GIGABYTE, 11 * GIGABYTE
    bucket.save()

    assert figures_for(SYSTEM, now=now).low_balances == 0


def test_figures_leave_out_what_the_actor_may_not_see(scope: Tenant, now: datetime) -> None:
    actor = Actor(kind="user", id=1, name="x", permissions=frozenset(["plans.view"]))

    assert figures_for(actor, now=now) == Figures(published_plans=0)


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def test_a_new_operator_is_led_to_its_first_plan_and_then_to_its_first_account(
    northwind: Tenant, now: datetime
) -> None:
    http = browser(northwind)
    assert "Create the first plan" in http.get("/").content.decode()

    with tenant_scope(northwind):
        make_published_plan(now=now)
    assert "Create the first account" in http.get("/").content.decode()

    with tenant_scope(northwind):
        make_account("acc-1", plan_code="flex-20", now=now)
    assert "Three steps" not in http.get("/").content.decode()


def test_news_are_shown_with_their_account(northwind: Tenant, now: datetime) -> None:
    with tenant_scope(northwind):
        make_published_plan(now=now)
        make_account("acc-1", plan_code="flex-20", now=now)
        publish_batch(now=now)

    page = browser(northwind).get("/").content.decode()

    assert 'href="/accounts/acc-1/"' in page
    assert "Welcome to Flex 20!" in page


def test_htmx_gets_the_part_that_changes(northwind: Tenant) -> None:
    part = browser(northwind).get("/", headers={"HX-Request": "true"}).content.decode()

    assert 'id="overview-live"' in part
    assert "<html" not in part


def test_the_overview_asks_few_questions(
    northwind: Tenant, now: datetime, django_assert_max_num_queries: object
) -> None:
    with tenant_scope(northwind):
        make_published_plan(now=now)
        for number in range(20):
            make_account(f"acc-{number}", plan_code="flex-20", now=now)
        publish_batch(now=now)
    http = browser(northwind)
    http.get("/")

    with django_assert_max_num_queries(20):  # type: ignore[operator]
        http.get("/")


# ── the navigation ───────────────────────────────────────────────────────────────────────────


def links_of(page: str) -> set[str]:
    navigation = page.partition('id="side-nav"')[2].partition("</nav>")[0]
    return set(re.findall(r'class="side-nav-link" href="([^"]+)"', navigation))


def test_the_navigation_offers_what_one_may_open(northwind: Tenant) -> None:
    everything = links_of(browser(northwind).get("/").content.decode())
    viewer = links_of(browser(northwind, "viewer").get("/").content.decode())

    assert {"/", "/plans/", "/accounts/", "/settings/", "/settings/audit/"} <= everything
    assert {"/", "/plans/", "/accounts/", "/charging/sessions/"} <= viewer
    assert not viewer & {"/settings/", "/settings/audit/", "/settings/api-clients/"}


def test_everything_that_is_offered_can_be_opened(northwind: Tenant) -> None:
    http = browser(northwind, "support")

    for link in links_of(http.get("/").content.decode()):
        assert http.get(link).status_code == 200, link


def test_the_navigation_marks_where_one_is(northwind: Tenant) -> None:
    page = browser(northwind).get("/settings/audit/").content.decode()

    current = re.findall(r'side-nav-link" href="([^"]+)" aria-current="page"', page)
    assert current == ["/settings/audit/"]


# ── search ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def known(northwind: Tenant, now: datetime) -> Tenant:
    with tenant_scope(northwind):
        make_published_plan(now=now)
        account = make_account("acc-77", plan_code="flex-20", now=now)
        Account.objects.filter(pk=account.pk).update(name="Ann Olsen")
        make_device(account, imsi="001019876543210", msisdn="4915155512345", now=now)
    return northwind


@pytest.mark.parametrize(
    "text", ["acc-77", "olsen", "+49 151 555", "4915155512345", "msisdn-49151555", "00101987654"]
)
def test_an_account_is_found_by_whatever_number_one_has(known: Tenant, text: str) -> None:
    page = browser(known).get("/search/", {"q": text}).content.decode()

    assert 'href="/accounts/acc-77/"' in page
    assert "Ann Olsen" in page


def test_plans_and_actions_are_found_by_their_words(known: Tenant) -> None:
    http = browser(known)

    assert 'href="/plans/flex-20/"' in http.get("/search/", {"q": "flex"}).content.decode()
    assert 'href="/accounts/new/"' in http.get("/search/", {"q": "new acc"}).content.decode()


def test_search_respects_permissions(known: Tenant, now: datetime) -> None:
    with tenant_scope(known):
        create_role(name="Auditors", permissions=["audit.view"], actor=SYSTEM, now=now)
    http = browser(known, "auditors")

    for text in ("olsen", "flex", "new"):
        assert "palette-option" not in http.get("/search/", {"q": text}).content.decode()


def test_search_finds_nothing_of_another_operator(known: Tenant, contoso: Tenant) -> None:
    http = browser(contoso)

    for text in ("olsen", "acc-77", "4915155512345", "flex"):
        assert "palette-option" not in http.get("/search/", {"q": text}).content.decode()


def test_one_character_is_not_searched_for(known: Tenant) -> None:
    assert "palette-option" not in browser(known).get("/search/", {"q": "a"}).content.decode()


# ── health ───────────────────────────────────────────────────────────────────────────────────


def test_a_ready_portal_says_what_it_checked(committed_db: None) -> None:
    answer = Client().get("/health/ready")

    checks = {"database": "ok", "valkey": "ok", "migrations": "ok"}
    assert json.loads(answer.content) == {"status": "ok", "checks": checks}
    assert answer.status_code == 200


def test_a_portal_without_valkey_is_alive_but_not_ready(
    committed_db: None, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    ready, live = Client().get("/health/ready"), Client().get("/health/live")

    assert (ready.status_code, live.status_code) == (503, 200)
    assert json.loads(ready.content)["checks"]["valkey"] == "Valkey does not answer"
