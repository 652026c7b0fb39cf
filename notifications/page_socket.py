"""Sockets of pages: they send rendered fragments, few enough for eyes and browsers.

A subject is a part of the page ("balances", "log"). However often a subject is marked, it is
rendered at most four times a second, and always once more after the last mark.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django.template.loader import render_to_string

from notifications.sockets import TenantSocket

INTERVAL_SECONDS: Final = 0.25
CATCH_UP_SECONDS: Final = 10.0
"""How often a page looks without being told: what a lost hint costs at most."""


class PageSocket(TenantSocket):
    """Renders the marked subjects of a page.

    A subclass names all of its `subjects` and gives for each a method `render_<subject>` that
    runs in a thread within the tenant's scope and returns HTML, "" when nothing is new.
    """

    subjects: ClassVar[tuple[str, ...]]
    looks_at: ClassVar[tuple[str, ...]] = ()
    """The subjects that are looked at now and then without being told; empty: all."""

    async def opened(self) -> None:
        self.marked: set[str] = set()
        self.rendered: dict[str, str] = {}
        self.is_marked = asyncio.Event()
        await self.prepare()
        self.mark(*self.subjects)
        self.spawn(self._render_marked())

    async def prepare(self) -> None:
        """Find what the page is about and join its groups. Raises Refused."""
        raise NotImplementedError

    def mark(self, *subjects: str) -> None:
        """These parts of the page may be out of date."""
        self.marked.update(subjects)
        self.is_marked.set()

    async def _render_marked(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.is_marked.wait(), CATCH_UP_SECONDS)
            self.is_marked.clear()
            due = [s for s in self.subjects if s in self.marked] or self.looks_at or self.subjects
            self.marked.clear()
            started = loop.time()
            html = await self.read(self._render, due)
            if html:
                await self.send(text_data=html)
            await asyncio.sleep(max(0.0, started + INTERVAL_SECONDS - loop.time()))

    def _render(self, subjects: Iterable[str]) -> str:
        return "".join(getattr(self, f"render_{subject}")() for subject in subjects)

    def unless_same(self, template: str, context: dict[str, Any]) -> str:
        """The template rendered, "" when the page has exactly that already."""
        html = render_to_string(template, context)
        if self.rendered.get(template) == html:
            return ""
        self.rendered[template] = html
        return html

    async def receive(self, text_data: str | None = None, bytes_data: Any = None) -> None:
        """Pages say nothing on their sockets: what they do is a POST."""
