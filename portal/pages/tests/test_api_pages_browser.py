"""API clients and the reference in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_tenant, make_user
from tests.harness.accessibility import assert_accessible
from tests.harness.browser import PageWatch

CLIENTS = "/settings/api-clients/"


@pytest.fixture
def admin(committed_db: None) -> str:
    """An administrator's e-mail address; the password is "demo"."""
    return str(make_user(make_tenant()).email)


def sign_in(page: Page, email: str) -> None:
    page.goto(f"/sign-in/?next={CLIENTS}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="API clients", exact=True)).to_be_visible()


def test_a_client_is_made_its_secret_shown_once_and_it_is_disabled(page: Page, admin: str) -> None:
    sign_in(page, admin)
    page.get_by_role("button", name="New API client").first.click()
    page.get_by_label("Name").fill("CRM")
    page.get_by_role("checkbox", name="plans.view").check()
    page.get_by_role("button", name="Create client").click()

    dialog = page.get_by_role("dialog", name="Secret of CRM")
    expect(dialog.get_by_text("Copy the secret now")).to_be_visible()
    expect(page.locator("#api-clients")).to_contain_text("CRM")
    dialog.get_by_role("button", name="I have copied it").click()
    expect(dialog).to_be_hidden()

    page.get_by_role("button", name="Actions for CRM").click()
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("button", name="Disable client").click()
    expect(page.locator("#api-clients")).to_contain_text("Disabled")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_refused_client_keeps_what_was_typed(
    page: Page, admin: str, page_watch: PageWatch
) -> None:
    page_watch.allow("422")
    sign_in(page, admin)
    page.get_by_role("button", name="New API client").first.click()
    page.get_by_label("Name").fill("CRM")
    page.get_by_role("button", name="Create client").click()

    expect(page.get_by_role("alert")).to_contain_text("Choose at least one scope")
    expect(page.get_by_label("Name")).to_have_value("CRM")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible(open_page: Callable[..., Page], admin: str, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    sign_in(page, admin)
    page.get_by_role("button", name="New API client").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    page.goto("/api/v1/docs/")
    assert_accessible(page)


def test_the_reference_fits_a_narrow_screen_and_needs_no_sign_in(
    page: Page, committed_db: None
) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/api/v1/docs/#problem-invalid")

    expect(page.locator("#problem-invalid")).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
