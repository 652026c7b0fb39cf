"""The browser fixtures themselves, on pages of a small server instead of the portal's."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.harness.accessibility import axe
from tests.harness.browser import PageWatch

PAGES = {
    "/plain": "<h1>Plain</h1><main>All is well.</main>",
    "/inline": "<h1>Inline</h1><script>document.title = 'ran'</script>",
    "/elsewhere": "<h1>Elsewhere</h1><img alt='' src='https://cdn.invalid/logo.png'>",
    "/unlabelled": "<main><h1>Form</h1><input type='text'></main>",
}
POLICY = "script-src 'self'; img-src *"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        content = f"<!doctype html><html lang='en'><title>Test</title>{body}</html>".encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def watched(new_context: Callable[..., BrowserContext], page_watch: PageWatch) -> Page:
    context = new_context()
    page_watch.follow(context)
    return context.new_page()


def open_and_wait(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")


def test_a_page_without_faults_passes(watched: Page, page_watch: PageWatch, address: str) -> None:
    open_and_wait(watched, f"{address}/plain")
    page_watch.allow("favicon")
    assert page_watch.unexpected() == []


def test_a_script_that_the_policy_refuses_is_a_complaint(
    watched: Page, page_watch: PageWatch, address: str
) -> None:
    open_and_wait(watched, f"{address}/inline")
    assert watched.title() == "Test"
    assert any("Content Security Policy" in text for text in page_watch.unexpected())


def test_a_request_to_another_host_is_a_complaint(
    watched: Page, page_watch: PageWatch, address: str
) -> None:
    open_and_wait(watched, f"{address}/elsewhere")
    assert "request to another host: https://cdn.invalid/logo.png" in page_watch.unexpected()


def test_axe_finds_a_field_without_a_label(watched: Page, address: str) -> None:
    open_and_wait(watched, f"{address}/unlabelled")
    assert [violation.rule for violation in axe(watched)] == ["label"]


def test_the_browser_leaves_no_event_loop_running_in_the_test(watched: Page, address: str) -> None:
    watched.goto(f"{address}/plain")

    async def answer() -> int:
        return 42

    assert asyncio.run(answer()) == 42
    assert watched.title() == "Test"


async def test_a_coroutine_runs_beside_tests_with_a_browser() -> None:
    assert asyncio.get_running_loop().is_running()
