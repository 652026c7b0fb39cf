"""Fixtures for a real browser on the portal of this worker.

`page` fails its test on script errors, on messages of the console's error level (a refused
Content-Security-Policy among them) and on requests to any other host. `open_page` gives further
pages, each with cookies of its own. Addresses are relative: `page.goto("/plans/")`.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright._impl import _sync_base
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    WebError,
    sync_playwright,
)

from deploy.local.prepare import CHROMIUM_NAMES
from tests.harness.processes import ServerProcess

LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWN_ADDRESS = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:")


class PageWatch:
    """What pages did that no page of ours may do."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Expect a complaint: Chromium logs every 4xx and 5xx answer as an error, for one."""
        self.allowed.append(re.compile(pattern))

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        context.on("request", self._note_request)

    def unexpected(self) -> list[str]:
        return [
            text
            for text in self.complaints
            if not any(pattern.search(text) for pattern in self.allowed)
        ]

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _note_error(self, error: WebError) -> None:
        self.complaints.append(f"script error: {error.error}")

    def _note_request(self, request: Request) -> None:
        if not OWN_ADDRESS.match(request.url):
            self.complaints.append(f"request to another host: {request.url}")


class PlaywrightLoop:
    """Keeps Playwright's event loop out of the way of everything else in this thread.

    Its synchronous calls leave their loop marked as running, which Django's ORM, `async_to_sync`
    and tests that are coroutines refuse. Here it is marked inside the calls that wait, and merely
    the thread's current loop during the rest of a browser test, for calls that only schedule.
    """

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> Playwright:
        wait = _sync_base.wait_for_future

        def marked_wait(loop: asyncio.AbstractEventLoop, *arguments: Any) -> None:
            before = asyncio._get_running_loop()
            asyncio._set_running_loop(loop)
            try:
                wait(loop, *arguments)
            finally:
                asyncio._set_running_loop(before)

        _sync_base.wait_for_future = marked_wait
        started = sync_playwright().start()
        self.loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        self.enter()
        return started

    def stop(self, started: Playwright) -> None:
        asyncio._set_running_loop(self.loop)
        started.stop()
        asyncio._set_running_loop(None)
        self.loop = None

    def enter(self) -> None:
        asyncio.set_event_loop(self.loop)

    def leave(self) -> None:
        asyncio.set_event_loop(None)


playwright_loop = PlaywrightLoop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if item.get_closest_marker("browser") is None:
        return (yield)
    playwright_loop.enter()
    try:
        return (yield)
    finally:
        playwright_loop.leave()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    started = playwright_loop.start()
    yield started
    playwright_loop.stop(started)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium of the system where there is one, else Playwright's own."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), "")
    own = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **own, "args": LAUNCH_ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def page_watch() -> PageWatch:
    """Say what a test expects to go wrong: `page_watch.allow("422")`."""
    return PageWatch()


@pytest.fixture
def open_page(
    portal_server: ServerProcess, new_context: Callable[..., BrowserContext], page_watch: PageWatch
) -> Iterator[Callable[..., Page]]:
    """Makes pages in contexts of their own: `open_page(color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def make(**context_arguments: Any) -> Page:
        context = new_context(**context_arguments)
        contexts.append(context)
        page_watch.follow(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()  # now, so that nothing asks the portal while its database is emptied
    assert not page_watch.unexpected()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page on the portal that is watched for errors."""
    return open_page()
