"""The event stream for systems, and what every page of a tenant is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs

from django.template.loader import render_to_string

from notifications import live, selectors
from notifications.event_types import EVENT_TYPES
from notifications.page_socket import PageSocket
from notifications.representation import event_json
from notifications.sockets import BAD_ADDRESS, Refused, TenantSocket
from notifications.told import told
from notifications.tones import WORTH_A_TOAST

BATCH_SIZE: Final = 200
CATCH_UP_SECONDS: Final = 5.0
POSITION_MAX: Final = 2**63 - 1

TOASTS_AT_ONCE: Final = 3
FIGURES_SECONDS: Final = 1.5


class EventStreamConsumer(TenantSocket):
    """`WS /ws/v1/events/`: one JSON event a frame, in the order of positions.

    `?after=<position>` resumes behind a position (0: from the beginning); without it the stream
    begins now. `?types=a,b` (or repeated `type=`) selects. Frames are sent from the database
    alone; what arrives over the channel layer only says when to look.
    """

    permission = "notifications.view"

    async def opened(self) -> None:
        after, self.types = _asked_for(self.scope["query_string"])
        self.news = asyncio.Event()
        await self.join(live.events_group(self.tenant.pk))
        self.position = await self.read(selectors.last_position) if after is None else after
        self.spawn(self._stream())

    async def events_published(self, message: dict[str, Any]) -> None:
        self.news.set()

    async def _stream(self) -> None:
        while True:
            self.news.clear()
            batch = await self.read(
                selectors.events_after, self.position, types=self.types, limit=BATCH_SIZE
            )
            for event in batch:
                await self.send(text_data=json.dumps(event_json(event), separators=(",", ":")))
                self.position = event.position or self.position
            if len(batch) < BATCH_SIZE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), CATCH_UP_SECONDS)


def _asked_for(query_string: bytes) -> tuple[int | None, list[str]]:
    """The position to resume behind and the types. Raises Refused."""
    query = parse_qs(query_string.decode("latin-1"))
    types = [
        t for text in (*query.get("types", ()), *query.get("type", ())) for t in text.split(",")
    ]
    unknown = [t for t in types if t not in EVENT_TYPES]
    if unknown:
        raise Refused(BAD_ADDRESS, f"types: {unknown[0][:60]!r} is no type of event.")
    after = query.get("after", [None])[-1]
    if after is None:
        return None, types
    if not (after.isascii() and after.isdecimal()) or int(after[:20]) > POSITION_MAX:
        raise Refused(BAD_ADDRESS, "after: give the position of the last event you have.")
    return int(after), types


class OverviewConsumer(PageSocket):
    """`WS /ws/v1/pages/overview/`: toasts about events, for every page of the tenant.

    The page that shows figures of the whole tenant has an element `#live-overview`; it is replaced
    by one that asks for them again (`portal/_live_overview.html`), calmly: figures are no alarm.
    """

    permission = "notifications.view"
    subjects: ClassVar = ("toasts", "figures")
    looks_at: ClassVar = ("toasts",)

    async def prepare(self) -> None:
        self.position = await self.read(selectors.last_position)
        self.heard = 0
        self.are_figures_due = False
        self.figures_timer: asyncio.TimerHandle | None = None
        await self.join(live.events_group(self.tenant.pk), live.touched_group(self.tenant.pk))

    async def events_published(self, message: dict[str, Any]) -> None:
        self.mark("toasts")
        self._mark_figures()

    async def accounts_touched(self, message: dict[str, Any]) -> None:
        self._mark_figures()

    def _mark_figures(self) -> None:
        if self.figures_timer is None:
            loop = asyncio.get_running_loop()
            self.figures_timer = loop.call_later(FIGURES_SECONDS, self._figures_are_due)

    def _figures_are_due(self) -> None:
        self.figures_timer, self.are_figures_due = None, True
        self.mark("figures")

    async def disconnect(self, code: int) -> None:
        timer: asyncio.TimerHandle | None = getattr(self, "figures_timer", None)
        if timer is not None:
            timer.cancel()
        await super().disconnect(code)

    def render_toasts(self) -> str:
        news = selectors.events_after(self.position, limit=BATCH_SIZE)
        if not news:
            return ""
        self.position = news[-1].position or self.position
        loud = [event for event in news if event.type in WORTH_A_TOAST][-TOASTS_AT_ONCE:]
        self.heard += len(news)
        context = {"toasts": [told(event, self.tenant) for event in loud], "heard": self.heard}
        return render_to_string("notifications/_toasts.html", context).strip()

    def render_figures(self) -> str:
        was_due, self.are_figures_due = self.are_figures_due, False
        return render_to_string("notifications/_figures_changed.html") if was_due else ""
