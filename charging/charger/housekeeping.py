"""What the charging function does beside answering: telling, sweeping, distrusting."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from asgiref.sync import sync_to_async

from charging.charger import store, upkeep
from charging.charger.batcher import Submit
from charging.charger.jobs import Job
from charging.charger.rows import Batch
from charging.nchf.access import AccessControl
from charging.nchf.messages import Operation
from notifications import live, publisher

log = logging.getLogger(__name__)

TELL_EVERY_SECONDS: Final = 0.25
SWEEP_EVERY_SECONDS: Final = 5.0
REVOCATIONS_EVERY_SECONDS: Final = 5.0
CREATE_REPLAY_WINDOW: Final = timedelta(minutes=10)
_SWEPT_AT_ONCE: Final = 200
_TOLD_AT_ONCE: Final = 500
"""Accounts named in one message; a page that misses its hint is right at its next one."""


class Housekeeping:
    """Periodic work of one charging function; each part survives any failure of the others."""

    def __init__(self, *, access: AccessControl) -> None:
        self._access = access
        self._touched: dict[int, set[int]] = {}
        self._has_events = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, submit: Submit) -> None:
        async def sweep() -> None:
            await sweep_silent_sessions(submit)

        parts = (
            (self._tell, TELL_EVERY_SECONDS),
            (sweep, SWEEP_EVERY_SECONDS),
            (self._learn_revocations, REVOCATIONS_EVERY_SECONDS),
        )
        self._tasks = [asyncio.create_task(_repeat(part, every)) for part, every in parts]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._tell()

    def note(self, batch: Batch) -> None:
        """Remember whose balances a committed batch moved, to tell their pages soon."""
        for account in batch.accounts.values():
            self._touched.setdefault(account.tenant_id, set()).add(account.key)
        self._has_events = self._has_events or bool(batch.events)

    async def _tell(self) -> None:
        """One message per tenant and quarter of a second, whatever the load: a hint, no truth."""
        touched, self._touched = self._touched, {}
        has_events, self._has_events = self._has_events, False
        for tenant_id, accounts in touched.items():
            await live.announce_touched(tenant_id, sorted(accounts)[:_TOLD_AT_ONCE])
        if has_events:
            await sync_to_async(publisher.send_wake, thread_sensitive=False)()

    async def _learn_revocations(self) -> None:
        async with await store.connect() as connection:
            self._access.distrust(await upkeep.clients_not_trusted(connection))


async def sweep_silent_sessions(submit: Submit, *, now: datetime | None = None) -> int:
    """Close sessions that fell silent past their deadline, and forget old create keys.

    Goes through the charger like any request: the deadline is checked again under the lock.
    Returns how many were looked at.
    """
    now = now or datetime.now(UTC)
    async with await store.connect() as connection:
        overdue = await upkeep.overdue_sessions(connection, now=now, limit=_SWEPT_AT_ONCE)
        await upkeep.delete_old_create_keys(connection, before=now - CREATE_REPLAY_WINDOW)
    jobs = [
        Job(
            tenant_id=tenant_id,
            operation=Operation.RELEASE,
            request=None,
            body=b"",
            fingerprint=b"",
            received_at=now,
            ref=ref,
            account_key=account_key,
        )
        for tenant_id, account_key, ref in overdue
    ]
    await asyncio.gather(*(submit(job) for job in jobs))
    return len(jobs)


async def _repeat(part: Callable[[], Awaitable[object]], every_seconds: float) -> None:
    while True:
        try:
            await part()
        except psycopg.OperationalError as error:
            log.warning("%s waits for the database: %s", part.__name__, error)
        except Exception:
            log.exception("%s failed; trying again", part.__name__)
        await asyncio.sleep(every_seconds)
