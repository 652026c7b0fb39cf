"""The story that must always work, by hand in a real browser: design, provision, use, warn,
top up, refuse, explain. Nothing is reloaded where the product promises to be live.

`make screenshots` runs it with SCREENSHOT_DIR set and keeps the pictures of docs/.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Locator, Page, expect

from portal.tenancy.models import Tenant
from tests import factories
from tests.harness.accessibility import assert_accessible
from tests.harness.processes import Stack

pytestmark = pytest.mark.browser

LIVE_MS = 30_000
"""How long a busy machine may take for a session of 25 requests."""


@pytest.fixture
def operator(stack: Stack) -> Tenant:
    tenant = factories.make_tenant(name="Northwind Mobile")
    for role in ("product-manager", "support"):
        factories.make_user(tenant, role)
    return tenant


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_story(open_page: Callable[..., Page], operator: Tenant, theme: str) -> None:
    manager = open_page(color_scheme=theme)
    sign_in(manager, "product-manager")
    design_and_publish(manager, theme)

    support = open_page(color_scheme=theme)
    sign_in(support, "support")
    phone = provision_and_open_the_phone(support)
    account = support.context.new_page()
    account.goto("/accounts/lena/")

    watch_an_episode(phone, account, theme)
    top_up_data(account, phone)
    use_it_all_and_be_refused(phone, account)
    explain(account, theme)
    books_are_right()


def sign_in(page: Page, role: str) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(f"{role}@northwind.example")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Plans", exact=True)).to_be_visible()


def design_and_publish(page: Page, theme: str) -> None:
    page.get_by_role("link", name="Plans", exact=True).click()
    page.get_by_role("link", name="Prepaid starter").click()
    page.get_by_label("Plan name").fill("Flex 4")
    page.get_by_role("button", name="Create plan").click()
    page.get_by_label("Price").first.fill("19,90")
    page.get_by_label("Amount", exact=True).first.fill("4")
    offer = page.locator("#offer")
    expect(offer).to_contain_text("€19.90")
    expect(offer).to_contain_text("4 GB")
    expect(page.get_by_text(re.compile(r"runs? out|empty on|lasts")).first).to_be_visible()
    assert_accessible(page)
    keep_picture(page, "designer", theme)
    page.get_by_role("button", name="Review & publish").click()
    dialog = page.get_by_role("dialog", name="Publish Flex 4 v1")
    assert_accessible(page)
    dialog.get_by_role("button", name="Publish v1").click()
    expect(page.get_by_text("Flex 4 v1 is published.")).to_be_visible()


def provision_and_open_the_phone(page: Page) -> Page:
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("link", name="New account").first.click()
    page.get_by_label("Name", exact=False).first.fill("Lena Vogt")
    page.locator("input[name=id]").fill("lena")
    page.locator("select[name=plan]").select_option(label=first_option(page, "Flex 4"))
    page.locator("input[name=gpsi]").fill("+49 151 0000 0001")
    page.locator("input[name=supi]").fill("001010000000001")
    assert_accessible(page)
    page.get_by_role("button", name="Create account").click()
    expect(balance(page, "National data")).to_contain_text("4 GB")
    page.get_by_role("link", name=re.compile("Open phone of")).click()
    expect(page.get_by_role("heading", name="Phone emulator")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


def first_option(page: Page, text: str) -> str:
    option = page.locator("select[name=plan] option", has_text=text).first
    return (option.text_content() or "").strip()


def watch_an_episode(phone: Page, account: Page, theme: str) -> None:
    """2 of 4 GB: the bars fall on both pages, half is passed, the phone and the log tell."""
    phone.get_by_role("button", name=re.compile("Episode")).click()
    log = phone.locator("#charging-log")
    expect(log).to_contain_text("granted 100 MB", timeout=LIVE_MS)
    expect(balance(phone, "National data")).to_contain_text("2 GB", timeout=LIVE_MS)
    expect(balance(account, "National data")).to_contain_text("2 GB", timeout=LIVE_MS)
    expect(log).to_contain_text("Release", timeout=LIVE_MS)
    warning = log.locator("[data-kind=notify]", has_text="50 %")
    expect(warning).to_have_count(1, timeout=LIVE_MS)
    expect(phone.locator("#phone-messages")).to_contain_text("50 %")
    first = log.locator("[data-kind=charge]").first
    first.locator("summary").click()
    expect(first).to_contain_text("invocationSequenceNumber")
    assert_accessible(phone)
    keep_picture(phone, "phone", theme)


def top_up_data(account: Page, phone: Page) -> None:
    account.get_by_role("button", name="Top up").click()
    dialog = account.get_by_role("dialog", name="Top up")
    dialog.get_by_role("link", name="Data").click()
    dialog.get_by_label("Unit of Amount").select_option("GB")
    dialog.get_by_label("Amount", exact=True).fill("1")
    dialog.get_by_label("Reason").fill("Goodwill")
    assert_accessible(account)
    dialog.get_by_role("button", name="Top up").click()
    expect(balance(account, "National data")).to_contain_text("3 GB", timeout=LIVE_MS)
    expect(balance(phone, "National data")).to_contain_text("3 GB", timeout=LIVE_MS)
    expect(phone.locator("#charging-log")).to_contain_text("normal", timeout=LIVE_MS)


def use_it_all_and_be_refused(phone: Page, account: Page) -> None:
    """3 GB are left, and €1.00 for 100 MB more; two episodes want 4 GB."""
    account.get_by_role("button", name="Top up").click()
    dialog = account.get_by_role("dialog", name="Top up")
    dialog.get_by_label("Amount", exact=True).fill("1")
    dialog.get_by_label("Reason").fill("Cash")
    dialog.get_by_role("button", name="Top up").click()
    expect(balance(phone, "Main balance")).to_contain_text("€1.00", timeout=LIVE_MS)
    for left in ("1 GB", "0"):
        phone.get_by_role("button", name=re.compile("Episode")).click()
        expect(balance(phone, "National data")).to_contain_text(left, timeout=LIVE_MS)
        expect(phone.locator("#phone-running")).not_to_contain_text("Episode", timeout=LIVE_MS)
    expect(balance(phone, "Main balance")).to_contain_text("€0.00", timeout=LIVE_MS)
    phone.get_by_role("button", name=re.compile("Podcast")).click()
    denied = phone.locator("#charging-log [data-kind=denied]")
    expect(denied.last).to_contain_text("QUOTA_LIMIT_REACHED", timeout=LIVE_MS)


def explain(account: Page, theme: str) -> None:
    account.get_by_role("link", name="Sessions").last.click()
    account.get_by_role("button", name=re.compile("Explain session")).nth(1).click()
    card = account.locator("#explain")
    expect(card).to_contain_text("National data")
    assert_accessible(account)
    keep_picture(account, "account", theme)


def balance(page: Page, name: str) -> Locator:
    return page.locator("#balances article", has_text=name)


def books_are_right() -> None:
    out = StringIO()
    call_command("verify_ledger", tenant="northwind", stdout=out)
    assert ", 0 wrong" in out.getvalue()


def keep_picture(page: Page, name: str, theme: str) -> None:
    if directory := os.environ.get("SCREENSHOT_DIR"):
        page.wait_for_function("() => document.fonts.ready.then(() => true)")
        page.screenshot(path=Path(directory) / f"{name}-{theme}.png")
