"""The micro-batcher: requests wait only while a commit is under way.

Each of a few workers takes whatever is queued when its previous commit returns, so batches grow
with the load by themselves and an idle charger answers at once. One request that fails does not
sink its batch: the batch is then run again one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import django.db
import psycopg
from asgiref.sync import sync_to_async

from charging.charger import store
from charging.charger.catalogue import Catalogue, Missing
from charging.charger.jobs import Job, Result
from charging.charger.processing import process
from charging.charger.rows import Batch
from charging.nchf import problems

log = logging.getLogger(__name__)

WORKERS: Final = 3
BATCH_SIZE: Final = 64
QUEUE_LIMIT: Final = 2_000
_RECYCLE_AFTER_SECONDS: Final = 300
"""Connections are renewed, so that a plan made on small tables does not live for ever."""
_LOAD_ATTEMPTS: Final = 5
_BUSY_LOCK_WAIT_MS: Final = 50
"""How long each request of a batch waits for its account once the batch has waited in vain: the
holder may keep it, and those behind have nothing to do with it."""

Committed = Callable[[Batch], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Charger:
    """Decides jobs in durable batches. `start` it inside a running event loop."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        on_commit: Committed = lambda batch: None,
        batch_size: int = BATCH_SIZE,
        workers: int = WORKERS,
    ) -> None:
        self._clock = clock
        self._on_commit = on_commit
        self._batch_size = batch_size
        self._worker_count = workers
        self._queue: deque[tuple[Job, asyncio.Future[Result]]] = deque()
        self._wake = asyncio.Event()
        self._catalogue = Catalogue()
        self._workers: list[asyncio.Task[None]] = []
        self._is_stopping = False

    def start(self) -> None:
        self._workers = [
            asyncio.create_task(self._work(), name=f"charger-{number}")
            for number in range(self._worker_count)
        ]

    async def stop(self) -> None:
        """Finish what is queued, then end the workers."""
        self._is_stopping = True
        self._wake.set()
        await asyncio.gather(*self._workers)

    async def submit(self, job: Job) -> Result:
        """Wait for the job's batch to be durable. A full queue is answered at once with 503."""
        if len(self._queue) >= QUEUE_LIMIT or self._is_stopping:
            return problems.congestion(
                "The charging function is at its limit.", retry_after_seconds=1
            )
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((job, future))
        self._wake.set()
        return await future

    # ── workers ──────────────────────────────────────────────────────────────────────────────

    async def _work(self) -> None:
        link = _Link()
        try:
            while batch := await self._next_batch():
                results = await self._run([job for job, _ in batch], link)
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
        finally:
            await link.close()

    async def _next_batch(self) -> list[tuple[Job, asyncio.Future[Result]]]:
        """What is queued now; waits for the first. Empty once the charger has stopped."""
        while not self._queue:
            if self._is_stopping:
                return []
            self._wake.clear()
            await self._wake.wait()
        size = min(len(self._queue), self._batch_size)
        return [self._queue.popleft() for _ in range(size)]

    async def _run(
        self, jobs: Sequence[Job], link: _Link, *, lock_wait_ms: int | None = None
    ) -> Sequence[Result]:
        """All in one transaction; when that fails for one of them, each in its own."""
        try:
            return await self._transact(jobs, link, lock_wait_ms=lock_wait_ms)
        except (psycopg.Error, django.db.DatabaseError, django.db.InterfaceError) as error:
            await link.reset_after(error)
            if store.is_connection_loss(error):
                log.warning("the database is away: %s", error)
                return [_database_away()] * len(jobs)
            if len(jobs) == 1:
                return [self._failed(error)]
            if isinstance(error, psycopg.errors.LockNotAvailable):
                lock_wait_ms = _BUSY_LOCK_WAIT_MS
        except Exception as error:  # noqa: BLE001  a bug in one request must not sink the others
            await link.reset_after(error)
            if len(jobs) == 1:
                return [self._failed(error)]
        return [(await self._run([job], link, lock_wait_ms=lock_wait_ms))[0] for job in jobs]

    async def _transact(
        self, jobs: Sequence[Job], link: _Link, *, lock_wait_ms: int | None
    ) -> Sequence[Result]:
        for _ in range(_LOAD_ATTEMPTS):
            connection = await link.get()
            now = self._clock()
            try:
                batch = await store.load(
                    connection,
                    jobs,
                    catalogue=self._catalogue,
                    now=now,
                    lock_wait_ms=lock_wait_ms,
                )
            except Missing as missing:
                await store.roll_back(connection)
                await sync_to_async(self._catalogue.load, thread_sensitive=False)(missing)
                continue
            except store.GroupChanged:
                await store.roll_back(connection)
                continue
            except psycopg.OperationalError as error:
                # A connection that died while it was idle: nothing is written yet, so try anew.
                if store.is_connection_loss(error) and link.was_idle:
                    await link.close()
                    continue
                raise
            results = [process(job, batch, catalogue=self._catalogue, now=now) for job in jobs]
            if batch.has_writes:
                await store.save(connection, batch)
                self._on_commit(batch)
            else:
                await store.roll_back(connection)
            return results
        return [problems.congestion("The account is busy.", retry_after_seconds=1)] * len(jobs)

    @staticmethod
    def _failed(error: BaseException) -> Result:
        if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
            return problems.congestion("The account is busy.", retry_after_seconds=1)
        log.error("a charging request failed", exc_info=error)
        return problems.system_failure("The request could not be charged; nothing was debited.")


def _database_away() -> Result:
    return problems.congestion(
        "The database cannot be reached; send the same request again.", retry_after_seconds=1
    )


class _Link:
    """One worker's connection: opened when needed, renewed when old or broken."""

    def __init__(self) -> None:
        self._connection: store.Connection | None = None
        self._opened_at = 0.0
        self.was_idle = False
        """The connection handed out last was not opened for that purpose."""

    async def get(self) -> store.Connection:
        loop = asyncio.get_running_loop()
        is_old = loop.time() - self._opened_at > _RECYCLE_AFTER_SECONDS
        if self._connection is not None and (is_old or self._connection.closed):
            await self.close()
        self.was_idle = self._connection is not None
        if self._connection is None:
            self._connection = await store.connect()
            self._opened_at = loop.time()
        return self._connection

    async def reset_after(self, error: BaseException) -> None:
        """Leave no transaction open; drop a connection that cannot roll back."""
        if self._connection is None:
            return
        try:
            await store.roll_back(self._connection)
        except psycopg.Error:
            await self.close()

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with contextlib.suppress(psycopg.Error):
                await connection.close()


Submit = Callable[[Job], Awaitable[Result]]
