"""The components at work in a real browser, on the page that shows them all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.harness.accessibility import assert_accessible
from tests.harness.browser import PageWatch


@pytest.fixture
def guide(page: Page) -> Page:
    page.goto("/ui/")
    page.wait_for_function("() => document.fonts.ready.then(() => true)")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_components_are_accessible(guide: Page, theme: str) -> None:
    if guide.locator("html").get_attribute("data-theme") != theme:
        guide.get_by_role("button", name="Switch between light and dark theme").click()
    expect(guide.locator("html")).to_have_attribute("data-theme", theme)
    assert_accessible(guide)

    guide.get_by_role("button", name="Open a dialog").click()
    expect(guide.get_by_role("dialog", name="Publish Flex 20 v4")).to_be_visible()
    assert_accessible(guide)


def test_the_chosen_theme_outlasts_a_reload(guide: Page) -> None:
    before = guide.locator("html").get_attribute("data-theme")
    guide.get_by_role("button", name="Switch between light and dark theme").click()

    guide.reload()

    after = "light" if before == "dark" else "dark"
    expect(guide.locator("html")).to_have_attribute("data-theme", after)


def test_nothing_is_cut_off_at_320_pixels(guide: Page) -> None:
    guide.set_viewport_size({"width": 320, "height": 800})

    assert guide.evaluate("() => document.documentElement.scrollWidth") == 320


def test_the_navigation_opens_over_a_narrow_page(guide: Page) -> None:
    guide.set_viewport_size({"width": 360, "height": 800})
    navigation = guide.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()

    guide.get_by_role("button", name="Open the navigation").click()

    expect(navigation).to_be_visible()


def test_a_refused_form_puts_the_focus_on_its_summary(guide: Page) -> None:
    expect(guide.locator(".error-summary")).to_be_focused()

    guide.get_by_role("link", name="Amount: Enter a number").click()

    expect(guide.get_by_role("textbox", name="Amount").first).to_be_focused()


def test_a_closed_dialog_gives_the_focus_back(guide: Page) -> None:
    opener = guide.get_by_role("button", name="Open a dialog")
    opener.click()
    dialog = guide.get_by_role("dialog", name="Publish Flex 20 v4")
    expect(dialog).to_be_visible()

    guide.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def names(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator('[data-row] input[name$="-name"]').all()]


def test_rows_are_ordered_from_the_keyboard_and_say_so(guide: Page) -> None:
    up = guide.get_by_role("button", name="Move Voice to all networks up")
    up.focus()

    guide.keyboard.press("Enter")

    assert names(guide) == ["Voice to all networks", "National data"]
    expect(up).to_be_focused()
    expect(guide.locator("#announcer")).to_have_text(
        "Voice to all networks moved to position 1 of 2"
    )


def test_rows_are_ordered_by_dragging(guide: Page) -> None:
    grips = guide.locator("[data-row-grip]")
    grips.first.scroll_into_view_if_needed()
    start, end = grips.nth(0).bounding_box(), grips.nth(1).bounding_box()
    assert start
    assert end

    guide.mouse.move(start["x"] + 8, start["y"] + 8)
    guide.mouse.down()
    guide.mouse.move(start["x"] + 8, start["y"] + 40, steps=5)
    guide.mouse.move(end["x"] + 8, end["y"] + 60, steps=12)
    guide.mouse.up()

    guide.wait_for_function(
        "() => document.querySelector('[data-row] input').value.startsWith('Voice')"
    )
    assert names(guide) == ["Voice to all networks", "National data"]


def test_an_added_row_takes_the_focus_and_a_removed_one_gives_it_on(guide: Page) -> None:
    guide.get_by_role("button", name="Add data").click()
    expect(guide.locator("[data-row]")).to_have_count(3)
    expect(guide.locator("[data-row] input").nth(-1)).to_be_visible()
    expect(guide.locator('[data-row]:last-child input[name$="-name"]')).to_be_focused()

    guide.get_by_role("button", name="Remove this allowance").click()

    expect(guide.locator("[data-row]")).to_have_count(2)
    expect(guide.locator('[data-row]:last-child input[name$="-name"]')).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "unit", "other", "number", "shown_unit"),
    [
        ("300", "min", "s", "18000", "s"),
        ("300", "min", "h", "5", "h"),
        ("7", "s", "min", "7", "s"),  # no exact decimal: nothing changes
        ("0.5", "h", "min", "30", "min"),
    ],
)
def test_another_unit_converts_the_number_exactly(
    guide: Page, typed: str, unit: str, other: str, number: str, shown_unit: str
) -> None:
    amount, units = guide.locator("#id_voice"), guide.locator("#id_voice_unit")
    units.select_option(unit)
    amount.fill(typed)

    units.select_option(other)

    expect(amount).to_have_value(number)
    expect(units).to_have_value(shown_unit)


def test_a_warnings_slider_and_number_follow_each_other(guide: Page) -> None:
    warning = guide.locator(".threshold").first
    slider, number = warning.locator("[type=range]"), warning.locator("[type=number]")

    slider.fill("35")
    expect(number).to_have_value("35")

    number.fill("12")
    expect(slider).to_have_value("12")


def test_the_palette_opens_by_key_and_finds_what_is_typed(guide: Page) -> None:
    guide.keyboard.press("Control+k")
    search = guide.get_by_role("combobox", name="Search or jump to")
    expect(search).to_be_focused()

    search.fill("x")
    guide.keyboard.press("Escape")

    expect(guide.get_by_role("dialog", name="Search and commands")).to_be_hidden()


def test_single_keys_can_be_switched_off(guide: Page) -> None:
    guide.locator("main").focus()
    guide.keyboard.press("?")
    keys = guide.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_be_visible()
    guide.get_by_label("Use single-key shortcuts in this browser").uncheck()
    guide.keyboard.press("Escape")

    guide.locator("main").focus()
    guide.keyboard.press("?")

    expect(keys).to_be_hidden()


def test_a_server_error_becomes_a_toast_and_changes_nothing(
    guide: Page, page_watch: PageWatch
) -> None:
    page_watch.allow("status of 500")
    guide.route(re.compile("/ui/dialog/"), lambda route: route.fulfill(status=500, body="broken"))

    guide.get_by_role("button", name="Open a dialog").click()

    expect(guide.locator(".toast")).to_contain_text("Something went wrong on our side (500)")
    expect(guide.locator("#dialogs")).to_be_empty()


def test_a_lost_network_becomes_a_toast(guide: Page, page_watch: PageWatch) -> None:
    page_watch.allow("ERR_FAILED|htmx:error")
    guide.route(re.compile("/ui/dialog/"), lambda route: route.abort())

    guide.get_by_role("button", name="Open a dialog").click()

    expect(guide.locator(".toast")).to_contain_text("No connection")


def test_a_log_keeps_its_newest_four_hundred_rows(guide: Page) -> None:
    guide.evaluate(
        """() => {
          const list = document.getElementById("sample-log");
          for (let number = 1; number <= 500; number += 1) {
            const row = document.createElement("div");
            row.dataset.kind = "charge";
            row.dataset.say = row.textContent = `row ${number}`;
            list.append(row);
          }
        }"""
    )

    expect(guide.locator("#sample-log > *")).to_have_count(400)
    below = "(list) => list.scrollHeight - list.clientHeight - list.scrollTop"
    assert guide.locator("#sample-log").evaluate(below) < 2
    expect(guide.get_by_text("504 messages")).to_be_visible()
    expect(guide.locator("#announcer")).to_have_text("row 500")


def test_a_kind_of_log_row_can_be_hidden(guide: Page) -> None:
    denied = guide.locator("#sample-log [data-kind=denied]")
    expect(denied).to_be_visible()

    guide.get_by_role("button", name="Denied").click()

    expect(denied).to_be_hidden()
