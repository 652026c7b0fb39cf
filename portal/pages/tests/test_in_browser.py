"""The portal's own pages in a real browser: accessible in both themes, narrow, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from notifications.publisher import publish_batch
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_account, make_device, make_published_plan, make_tenant, make_user
from tests.harness.accessibility import assert_accessible
from tests.harness.browser import PageWatch

PAGES = (
    "/",
    "/password/",
    "/settings/",
    "/settings/people/",
    "/settings/roles/",
    "/settings/operator/",
    "/settings/account-states/",
    "/settings/charging-function/",
    "/settings/audit/",
)
PASSWORD = "a long enough phrase"


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    now = datetime.now(UTC)
    made = make_tenant("northwind")
    make_user(made, "admin", password=PASSWORD)
    make_user(made, "support", password=PASSWORD)
    with tenant_scope(made):
        make_published_plan(now=now)
        account = make_account("acc-1", plan_code="flex-20", now=now)
        make_device(account, msisdn="4915155512345", now=now)
        publish_batch(now=now)
    return made


def sign_in(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill("admin@northwind.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Northwind", level=1)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(
    tenant: Tenant, open_page: Callable[..., Page], theme: str
) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/sign-in/")
    assert_accessible(page)
    sign_in(page)

    for path in PAGES:
        page.goto(path)
        assert_accessible(page)


def test_no_page_scrolls_sideways_on_a_narrow_screen(tenant: Tenant, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    sign_in(page)

    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_a_person_is_invited_begins_and_is_removed_again(
    tenant: Tenant, page: Page, open_page: Callable[..., Page], page_watch: PageWatch
) -> None:
    page_watch.allow("422|403")  # the refused form, and the page she may no longer open
    sign_in(page)
    page.goto("/settings/people/")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog", name="Add a person")
    dialog.get_by_label("E-mail").fill("ann@northwind.example")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("Choose a role.").first).to_be_visible()
    expect(dialog.get_by_label("E-mail")).to_have_value("ann@northwind.example")
    dialog.get_by_label("Role", exact=True).select_option("viewer")
    dialog.get_by_role("button", name="Add", exact=True).click()
    invitation = page.get_by_role("dialog", name="Invitation for ann@northwind.example")
    link = invitation.get_by_text("/welcome/").inner_text()
    assert_accessible(page)

    hers = open_page()
    hers.goto(link)
    hers.get_by_label("Password", exact=True).fill("another long phrase")
    hers.get_by_label("The same again").fill("another long phrase")
    hers.get_by_role("button", name="Save and sign in").click()
    expect(hers.get_by_role("heading", name="Northwind", level=1)).to_be_visible()

    page.goto("/settings/people/")
    page.get_by_label("Actions for ann@northwind.example").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove from Northwind").click()
    expect(page.get_by_text("ann@northwind.example was removed.")).to_be_visible()
    hers.goto("/")
    expect(hers.get_by_text("You do not belong to an operator yet")).to_be_visible()


def test_the_palette_finds_an_account_by_its_number_from_the_keyboard(
    tenant: Tenant, page: Page
) -> None:
    sign_in(page)

    page.keyboard.press("Control+k")
    page.keyboard.type("49151555")
    expect(page.get_by_role("option", name="acc-1")).to_be_visible()
    page.keyboard.press("Enter")

    expect(page).to_have_url("/accounts/acc-1/")


def test_keys_lead_to_the_pages(tenant: Tenant, page: Page) -> None:
    sign_in(page)

    page.keyboard.press("g")
    page.keyboard.press("p")

    expect(page.get_by_role("heading", name="Plans", level=1)).to_be_visible()


def test_what_one_choice_does_not_need_is_hidden(tenant: Tenant, page: Page) -> None:
    sign_in(page)
    page.goto("/settings/charging-function/")
    expect(page.get_by_label("Address", exact=True)).to_be_hidden()

    page.get_by_text("Another charging function", exact=True).click()
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    expect(page.get_by_label("Client id")).to_be_hidden()

    page.get_by_label("It wants").select_option("client")
    expect(page.get_by_label("Client id")).to_be_visible()
