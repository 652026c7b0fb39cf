"""The phone in a real browser, with everything behind it running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from notifications.models import WebhookEndpoint
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.accessibility import assert_accessible
from tests.harness.processes import Stack

WAIT = 30_000


@pytest.fixture
def operator(stack: Stack) -> Tenant:
    tenant, now = factories.make_tenant(), datetime.now(UTC)
    factories.make_user(tenant, "admin")
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        factories.make_device(account, public_id="dev-1", msisdn="4915100000001", now=now)
        WebhookEndpoint.objects.create(url="https://hooks.example.com/", is_enabled=False)
    return tenant


def visit(page: Page, path: str) -> None:
    page.goto(f"/sign-in/?next={path}")
    page.get_by_label("E-mail").fill("admin@northwind.example")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{path}")


def open_phone(page: Page) -> None:
    visit(page, "/charging/phone/dev-1/")
    expect(page.locator(".live-badge")).to_have_text("Live")


def test_a_tap_is_seen_in_the_log_and_the_balances_without_a_reload(page: Page, operator: Tenant):
    open_phone(page)
    expect(page.get_by_text("How it works")).to_be_visible()

    page.get_by_role("button", name="Episode").click()

    log = page.locator("#charging-log")
    expect(log.get_by_text("Release · Episode")).to_be_visible(timeout=WAIT)
    expect(page.locator("#balances").get_by_text("18 GB")).to_be_visible()
    expect(page.get_by_text("How it works")).to_be_hidden()
    log.locator("summary").last.click()
    expect(log.get_by_text("invocationSequenceNumber").first).to_be_visible()
    expect(page.get_by_role("button", name="Copy as curl")).to_be_visible()


def test_a_call_by_keyboard_runs_until_it_is_hung_up(page: Page, operator: Tenant):
    open_phone(page)
    page.get_by_label("Number to call or write to").fill("+49 30 1234567")
    page.get_by_role("button", name="Call").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Call in progress")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("timer")).not_to_have_text("0:00")
    page.get_by_role("button", name="Hang up").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#charging-log").get_by_text("Release · Call")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Hang up")).to_be_hidden()


def test_a_burst_fills_its_bar(page: Page, operator: Tenant):
    open_phone(page)
    page.get_by_label("Sessions").fill("30")
    page.get_by_role("button", name="Start burst").click()

    expect(page.get_by_text("30 of 30 sessions have ended")).to_be_visible(timeout=WAIT)
    expect(page.locator("#balances").get_by_text("470 SMS")).to_be_visible()


def test_another_amount_that_cannot_be_is_refused_in_the_dialog(
    page: Page, operator: Tenant, page_watch
):
    page_watch.allow("422")
    open_phone(page)
    page.get_by_role("button", name="Choose another amount").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("How much", exact=True).fill("nothing")
    dialog.get_by_role("button", name="Use it").click()

    expect(dialog.get_by_role("alert")).to_contain_text("Enter a number")
    expect(dialog.get_by_label("How much", exact=True)).to_have_value("nothing")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["/charging/phone/", "/charging/phone/dev-1/", "/notifications/", "/notifications/webhooks/"],
)
def test_live_pages_are_accessible_and_fit_a_small_screen(
    open_page: Callable[..., Page], operator: Tenant, theme: str, path: str
):
    page = open_page(color_scheme=theme)
    visit(page, path)
    if path.endswith("dev-1/"):
        expect(page.locator(".live-badge")).to_have_text("Live")
    assert_accessible(page)

    page.set_viewport_size({"width": 320, "height": 800})

    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
