"""Behaviour that the style guide has no sample of, on markup put into its page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, Request, Route, expect

from tests.harness.browser import PageWatch


@pytest.fixture
def guide(page: Page) -> Page:
    page.goto("/ui/")
    return page


def put(page: Page, markup: str) -> None:
    """Replaces the page's content and lets htmx see it; Stimulus sees it by itself."""
    page.evaluate(
        """(markup) => {
          const main = document.querySelector("main");
          main.innerHTML = markup;
          htmx.process(main);
        }""",
        markup,
    )


CONFIRM = """
<form action="/ui/" data-controller="confirm-typed" data-confirm-typed-code-value="flex-20"
      data-action="submit->confirm-typed#check:capture">
  <label><input type="radio" name="who" value="new" checked
    data-action="change->confirm-typed#choose"> New only</label>
  <label><input type="radio" name="who" value="now" data-confirm-typed-target="choice"
    data-action="change->confirm-typed#choose"> Everyone, now</label>
  <p data-confirm-typed-target="section"><label>Plan code
    <input data-confirm-typed-target="input" data-action="confirm-typed#type"></label></p>
  <p data-confirm-typed-target="message" hidden>Type flex-20</p>
  <button>Publish</button>
</form>
"""


def test_a_far_reaching_step_waits_for_the_typed_code(guide: Page) -> None:
    put(guide, CONFIRM)
    code, message = guide.get_by_label("Plan code"), guide.get_by_text("Type flex-20")
    expect(code).to_be_hidden()
    guide.get_by_label("Everyone, now").check()
    code.fill("flex")

    guide.get_by_role("button", name="Publish").click()

    expect(message).to_be_visible()
    expect(code).to_be_focused()
    code.fill("flex-20")
    expect(message).to_be_hidden()
    guide.get_by_role("button", name="Publish").click()
    expect(guide).to_have_url(re.compile(r"who=now"))


AUTOSAVE = """
<form data-controller="autosave leave-guard" data-autosave-delay-value="50"
      hx-post="/ui/save/" hx-trigger="autosave" hx-swap="none"
      data-action="input->autosave#changed input->leave-guard#changed
        htmx:before:request->autosave#requested htmx:after:request->autosave#answered
        autosave:saved->leave-guard#saved">
  <label>Name <input name="name"></label> <span data-autosave-target="state"></span>
</form>
"""


def test_a_draft_saves_itself_and_says_so(guide: Page) -> None:
    sent: list[str | None] = []

    def save(route: Route) -> None:
        sent.append(route.request.post_data)
        route.fulfill(status=204)

    guide.route(re.compile("/ui/save/"), save)
    put(guide, AUTOSAVE)

    guide.get_by_label("Name").fill("Flex 30")

    expect(guide.get_by_text(re.compile(r"Saved \d\d:\d\d"))).to_be_visible()
    assert sent == ["name=Flex+30"]


def test_a_page_with_unsaved_input_asks_before_it_is_left(
    guide: Page, page_watch: PageWatch
) -> None:
    page_watch.allow("status of 500")
    guide.route(re.compile("/ui/save/"), lambda route: route.fulfill(status=500))
    put(guide, AUTOSAVE)
    guide.get_by_label("Name").press_sequentially("Flex 30")
    expect(guide.get_by_text("Not saved")).to_be_visible()
    questions: list[str] = []

    def leave(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.accept()

    guide.on("dialog", leave)

    guide.goto("/ui/")

    assert questions == ["beforeunload"]


def test_a_call_counts_its_seconds(guide: Page) -> None:
    put(guide, '<p data-controller="call-timer" data-call-timer-since-value=""></p>')

    expect(guide.locator("[data-controller=call-timer]")).to_have_text(re.compile("0:0[12]"))


def test_the_live_badge_follows_the_websocket(guide: Page) -> None:
    badge = guide.locator(".live-badge").first

    guide.evaluate(
        "() => htmx.trigger(document.body, 'htmx:ws:after:connection', {connection: {}})"
    )
    expect(badge).to_have_text("Live")

    guide.evaluate("() => htmx.trigger(document.body, 'htmx:ws:close', {connection: {}})")
    expect(badge).to_have_text("Reconnecting…")


def test_a_toast_can_offer_to_undo(guide: Page) -> None:
    asked: list[Request] = []

    def undo(route: Route) -> None:
        asked.append(route.request)
        route.fulfill(status=204, headers={"HX-Trigger": '{"toast": {"text": "Undone"}}'})

    guide.route(re.compile("/ui/undo/"), undo)
    guide.evaluate(
        """() => htmx.trigger(document.body, "toast",
             {text: "Adjusted by €5.00", undo: {url: "/ui/undo/"}})"""
    )

    guide.get_by_role("button", name="Undo").click()

    expect(guide.locator(".toast")).to_have_text(re.compile("Undone"))
    assert asked[0].method == "POST"
    assert asked[0].headers["x-csrftoken"]
