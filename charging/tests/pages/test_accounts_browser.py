"""The account page in a real browser: top up, adjust, and what changes without a reload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from tests import factories
from tests.harness.accessibility import assert_accessible
from tests.harness.browser import PageWatch

ACCOUNT = "/accounts/acc-1/"


@pytest.fixture
def now() -> datetime:
    """The portal reads the clock itself."""
    return timezone.now()


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant()


@pytest.fixture
def account(tenant: Tenant, now: datetime) -> Account:
    factories.make_user(tenant, "support")
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        factories.make_device(account, msisdn="4915100000001", now=now)
        factories.top_up(account, "10.00", now=now)
    return account


def open_account(page: Page) -> None:
    page.goto(f"/sign-in/?next={ACCOUNT}")
    page.get_by_label("E-mail").fill("support@northwind.example")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="+49 151 0000 0001")).to_be_visible()


def money(page: Page):
    return page.get_by_role("article").filter(has_text="Main balance")


def test_a_top_up_raises_the_balance_and_the_ledger_without_a_reload(
    page: Page, account: Account, page_watch: PageWatch
) -> None:
    page_watch.allow("422")
    open_account(page)
    page.get_by_role("button", name="Top up").click()
    dialog = page.get_by_role("dialog", name="Top up")
    dialog.get_by_label("Amount").fill("five")
    dialog.get_by_role("button", name="Top up").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Enter a number, such as 20 or 4.5.")
    expect(dialog.get_by_label("Amount")).to_have_value("five")

    dialog.get_by_label("Amount").fill("5")
    dialog.get_by_label("Reason").fill("Voucher 17")
    dialog.get_by_role("button", name="Top up").click()

    expect(page.get_by_text("€5.00 added.").first).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(money(page)).to_contain_text("€15.00")
    expect(page.locator("#ledger-rows tr").first).to_contain_text("Voucher 17")


def test_a_dialog_begins_at_its_first_field_and_the_focus_returns_to_what_opened_it(
    page: Page, account: Account, page_watch: PageWatch
) -> None:
    page_watch.allow("422")
    open_account(page)
    menu = page.get_by_role("button", name="More actions")
    menu.click()
    page.get_by_text("Suspend", exact=True).click()
    dialog = page.get_by_role("dialog", name="Suspend")
    expect(dialog.get_by_label("Reason")).to_be_focused()

    dialog.get_by_role("button", name="Suspend").click()
    expect(dialog.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(menu).to_be_focused()


def test_units_are_topped_up_in_gigabytes(page: Page, account: Account) -> None:
    open_account(page)
    page.get_by_role("button", name="Top up").click()
    dialog = page.get_by_role("dialog", name="Top up")
    dialog.get_by_role("link", name="Data").click()
    expect(dialog.get_by_label("Unit of Amount")).to_have_value("GB")
    dialog.get_by_label("Amount", exact=True).fill("5")
    dialog.get_by_label("Reason").fill("Gift")
    dialog.get_by_role("button", name="Top up").click()

    card = page.get_by_role("article").filter(has_text="National data")
    expect(card).to_contain_text("25 GB of 25 GB")


def test_an_adjustment_shows_before_and_after_while_typing(page: Page, account: Account) -> None:
    open_account(page)
    page.get_by_role("link", name="Adjust Main balance").click()
    dialog = page.get_by_role("dialog", name="Adjust a balance")
    dialog.get_by_text("Take away").click()
    dialog.get_by_label("Amount").fill("2.50")
    expect(dialog.get_by_role("status")).to_contain_text("€7.50")
    dialog.get_by_label("Reason").select_option("Goodwill")
    dialog.get_by_role("button", name="Adjust balance").click()

    expect(money(page)).to_contain_text("€7.50")


def test_a_change_made_elsewhere_appears_by_itself(
    page: Page, account: Account, tenant: Tenant, now: datetime
) -> None:
    open_account(page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    with tenant_scope(tenant):
        factories.top_up(account, "1.00", now=now)

    expect(money(page)).to_contain_text("€11.00")
    expect(page.locator("#ledger-rows tr").first).to_contain_text("€11.00")


def test_an_account_is_suspended_and_says_so(page: Page, account: Account) -> None:
    open_account(page)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Suspend").click()
    dialog = page.get_by_role("dialog", name="Suspend acc-1")
    dialog.get_by_label("Reason").fill("Lost phone")
    dialog.get_by_role("button", name="Suspend").click()

    expect(page.get_by_text("The account is suspended now.").first).to_be_visible()
    expect(page.get_by_text("Suspended", exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_tab_and_dialog_is_accessible(
    open_page: Callable[..., Page], account: Account, theme: str
) -> None:
    page = open_page(color_scheme=theme)
    open_account(page)
    for tab in ("ledger", "sessions", "notifications", "plans"):
        page.goto(f"{ACCOUNT}?tab={tab}")
        assert_accessible(page)
    for button in ("Top up", "Adjust balance", "Change plan"):
        page.goto(ACCOUNT)
        page.get_by_role("button", name=button).click()
        expect(page.locator("dialog[open]")).to_be_visible()
        assert_accessible(page)


def test_pages_fit_a_narrow_phone(page: Page, account: Account) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    open_account(page)
    for path in (ACCOUNT, "/accounts/", "/accounts/new/", "/charging/sessions/"):
        page.goto(path)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width == 320, path
