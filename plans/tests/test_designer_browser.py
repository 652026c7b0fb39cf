"""The designer in a real browser: by mouse, by keyboard, and side by side with a colleague."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import Page, expect

from plans import selectors, services
from plans.models import PlanVersion
from plans.reference.importing import ImportMode, import_prefixes
from plans.reference.services import ZoneSpec, save_holiday, save_zone
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import flex_spec, make_plan, make_published_plan, make_tenant, make_user
from tests.harness.accessibility import axe
from tests.harness.browser import PageWatch

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]


@pytest.fixture
def operator(committed_db: None) -> Tenant:
    tenant = make_tenant()
    make_user(tenant, "product-manager")
    return tenant


@pytest.fixture
def draft(operator: Tenant, now: datetime) -> PlanVersion:
    with tenant_scope(operator):
        make_plan(now=now)
        return selectors.find_version("flex-20", 1)


def sign_in(page: Page) -> None:
    page.goto("/sign-in/?next=/plans/")
    page.get_by_label("E-mail").fill("product-manager@northwind.example")
    page.get_by_label("Password", exact=True).fill("demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Plans", exact=True)).to_be_visible()


def open_designer(page: Page, code: str = "flex-20") -> None:
    sign_in(page)
    page.goto(f"/plans/{code}/")
    expect(page.get_by_role("heading", name="What the subscriber gets")).to_be_visible()


def make_reference(now: datetime) -> None:
    """Destinations with many prefixes, a zone and a holiday."""
    lines = "".join(f"es-mobile,34{number},Spain mobile\n" for number in range(6000, 6400))
    file = io.BytesIO(f"group,prefix,name\nes,34,Spain\nes,346,\n{lines}".encode())
    import_prefixes(file=file, mode=ImportMode.REPLACE, actor=SYSTEM, now=now)
    eu = ZoneSpec(code="eu", name="EU", countries=("208", "214", "262"), networks=("26801",))
    save_zone(spec=eu, actor=SYSTEM, now=now)
    save_holiday(date=date(2026, 12, 25), name="Christmas Day", actor=SYSTEM, now=now)


def allowance_names(page: Page) -> list[str]:
    return (
        page.locator("#allowance-rows")
        .get_by_label("Name", exact=True)
        .evaluate_all("(fields) => fields.map((field) => field.value)")
    )


def saved(operator: Tenant) -> PlanVersion:
    with tenant_scope(operator):
        version = selectors.find_version("flex-20", 1)
        list(version.allowances.all())
        return version


def test_from_an_empty_list_to_a_published_plan(page: Page, operator: Tenant) -> None:
    sign_in(page)
    page.get_by_role("link", name="Prepaid starter").click()
    page.get_by_label("Plan name").fill("Summer Deal")
    page.get_by_role("button", name="Create plan").click()
    page.get_by_label("Price").first.fill("12,50")
    expect(page.locator("#offer")).to_contain_text("€12.50")

    page.get_by_role("button", name="Review & publish").click()
    dialog = page.get_by_role("dialog", name="Publish Summer Deal v1")
    expect(dialog).to_contain_text("€12.50 every 30 days")
    dialog.get_by_role("button", name="Publish v1").click()

    expect(page.locator("#toasts").get_by_text("Summer Deal v1 is published.")).to_be_visible()
    expect(page.get_by_role("button", name="Edit as new draft")).to_be_visible()
    with tenant_scope(operator):
        assert selectors.find_version("summer-deal", 1).price == 12_500_000_000


def test_the_preview_and_the_examples_follow_typing_and_keep_the_focus(
    page: Page, draft: PlanVersion
) -> None:
    open_designer(page)
    amount = page.get_by_label("Amount", exact=True).first

    amount.fill("24")

    expect(page.locator("#offer")).to_contain_text("24 GB")
    expect(amount).to_be_focused()
    price = page.locator("#rate-rows").get_by_label("Price").nth(1)
    price.fill("0,20")
    expect(page.get_by_text("4:12 → €1.00")).to_be_visible()
    expect(price).to_be_focused()


def test_switching_the_unit_converts_the_number(page: Page, draft: PlanVersion) -> None:
    open_designer(page)

    page.get_by_label("Unit of Amount").first.select_option("MB")

    expect(page.get_by_label("Amount", exact=True).first).to_have_value("20480")
    expect(page.locator("#offer")).to_contain_text("20,480 MB")


def test_rows_are_put_in_order_by_keyboard_and_saved_so(
    page: Page, draft: PlanVersion, operator: Tenant
) -> None:
    open_designer(page)

    page.get_by_role("button", name="Move SMS up").press("Enter")
    expect(page.locator("#announcer")).to_have_text("SMS moved to position 2 of 3")
    page.keyboard.press("Enter")
    assert allowance_names(page) == ["SMS", "National data", "Voice"]
    page.get_by_role("button", name="Save draft").click()

    expect(page.locator("#toasts").get_by_text("Draft saved")).to_be_visible()
    assert [row.name for row in saved(operator).allowances.all()] == [
        "SMS",
        "National data",
        "Voice",
    ]


def test_rows_are_dragged_into_order(page: Page, draft: PlanVersion) -> None:
    open_designer(page)
    grips = page.locator("#allowance-rows [data-row-grip]")
    start, end = grips.nth(1).bounding_box(), grips.nth(0).bounding_box()
    assert start is not None
    assert end is not None

    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 8, end["y"] + 30, steps=12)
    page.mouse.move(end["x"] + 8, end["y"] - 10, steps=8)
    page.mouse.up()

    expect(page.locator("#announcer")).to_have_text("Voice moved to position 1 of 3")


def test_rows_and_warnings_are_added_and_removed(
    page: Page, draft: PlanVersion, operator: Tenant
) -> None:
    open_designer(page)

    page.get_by_role("button", name="Add voice", exact=True).click()
    name = page.locator("#allowance-rows").get_by_label("Name", exact=True).last
    expect(name).to_be_focused()
    name.fill("Night calls")
    page.locator("#allowance-rows").get_by_label("Amount", exact=True).last.fill("90 min")
    page.get_by_role("button", name="Add a warning to SMS").click()
    level = page.get_by_label("Warn at", exact=True)
    expect(level).to_have_count(6)
    page.get_by_role("button", name="Remove National data").click()
    page.get_by_role("button", name="Save draft").click()

    expect(page.locator("#toasts").get_by_text("Draft saved")).to_be_visible()
    rows = {row.name: row.amount for row in saved(operator).allowances.all()}
    assert rows == {"Voice": 18_000, "SMS": 500, "Night calls": 5_400}


def test_a_slider_and_its_number_are_one_value(
    page: Page, draft: PlanVersion, operator: Tenant
) -> None:
    open_designer(page)

    page.get_by_label("Warn at, slider in percent").first.press("ArrowRight")

    expect(page.get_by_label("Warn at", exact=True).first).to_have_value("51")
    expect(page.locator("#offer")).to_contain_text("warning at 51 %, 20 %, 5 %")


def test_a_field_is_checked_when_it_is_left_and_not_before(page: Page, draft: PlanVersion) -> None:
    open_designer(page)
    amount = page.get_by_label("Amount", exact=True).first
    problem = page.get_by_text("Enter a number, such as 1.5 GB.")

    amount.press_sequentially("x")
    expect(page.get_by_text("Correct the marked fields")).to_be_visible()
    expect(problem).to_be_hidden()
    amount.press("Tab")

    expect(problem).to_be_visible()
    expect(amount).to_have_attribute("aria-invalid", "true")
    amount.fill("1.5GB")
    amount.press("Tab")
    expect(problem).to_be_hidden()
    expect(page.locator("#offer")).to_contain_text("1.5 GB")


def test_a_refused_save_leads_to_the_field(
    page: Page, draft: PlanVersion, page_watch: PageWatch
) -> None:
    page_watch.allow("422")
    open_designer(page)
    page.get_by_label("Price").first.fill("")

    page.get_by_role("button", name="Save draft").click()

    summary = page.get_by_role("alert").filter(has_text="please correct this")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Enter a price.").click()
    expect(page.get_by_label("Price").first).to_be_focused()


def test_a_draft_saves_itself_and_says_when(
    page: Page, draft: PlanVersion, operator: Tenant, page_watch: PageWatch
) -> None:
    page_watch.allow("422")
    page.clock.install()
    open_designer(page)
    price = page.get_by_label("Price").first
    price.fill("21.50")
    expect(page.locator("#save-state")).to_have_text("Unsaved changes")

    page.clock.run_for(10_500)

    expect(page.locator("#save-state")).to_contain_text(re.compile(r"Saved \d"))
    assert saved(operator).price == 21_500_000_000
    price.fill("")
    page.clock.run_for(10_500)
    expect(page.locator("#save-state")).to_have_text("Not saved")
    expect(page.get_by_text("1 field to correct")).to_be_visible()
    expect(price).to_be_focused()
    assert saved(operator).price == 21_500_000_000


def test_a_colleagues_save_is_told_and_nothing_typed_is_lost(
    page: Page, draft: PlanVersion, operator: Tenant, now: datetime, page_watch: PageWatch
) -> None:
    page_watch.allow("409")
    open_designer(page)
    with tenant_scope(operator):
        services.save_draft(
            version=draft, spec=flex_spec(price=10**9), revision=0, actor=SYSTEM, now=now
        )
    page.get_by_label("Price").first.fill("3.00")

    page.get_by_role("button", name="Save draft").click()

    expect(page.get_by_text("System saved this draft")).to_be_visible()
    expect(page.get_by_label("Price").first).to_have_value("3.00")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("System saved this draft")).to_be_hidden()
    assert saved(operator).price == 3_000_000_000


def test_the_simulation_follows_the_profile(page: Page, draft: PlanVersion) -> None:
    open_designer(page)
    expect(page.locator("#depletion canvas")).to_be_visible()

    page.get_by_label("Profile").select_option("heavy")
    expect(page.locator("#simulation")).to_contain_text("empty on day 9")
    page.get_by_label("Profile").select_option("custom")
    page.get_by_label("MB a day").fill("0")

    expect(page.locator("#simulation").get_by_text("lasts the month").first).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1440), ("dark", 1440), ("dark", 1000), ("light", 360)]
)
def test_every_page_is_accessible_and_fits(
    open_page: Callable[..., Page], operator: Tenant, now: datetime, scheme: str, width: int
) -> None:
    with tenant_scope(operator):
        live = make_published_plan(now=now)
        services.create_draft(plan=live.plan, actor=SYSTEM, now=now)
        make_reference(now)
    page = open_page(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page)

    for address in (
        "/plans/",
        "/plans/?q=nothing",
        "/plans/new/",
        "/plans/flex-20/",
        "/plans/flex-20/v1/",
        "/plans/flex-20/v2/publish/",
        "/plans/rating-groups/",
        "/plans/rating-groups/300/",
        "/plans/destinations/?number=%2B34612345678",
        "/plans/destinations/new/",
        "/plans/destinations/groups/es-mobile/",
        "/plans/destinations/groups/es-mobile/delete/",
        "/plans/zones/",
        "/plans/zones/all/eu/",
        "/plans/holidays/",
        "/plans/holidays/2026-12-25/delete/",
    ):
        page.goto(address)
        assert not axe(page), "\n".join([address, *map(str, axe(page))])
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, address
