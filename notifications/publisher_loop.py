"""The publisher as a task of the portal's event loop.

Woken by a message over Valkey, and once a second without one: Valkey lost, a crash or a restart
of the database only delays. Any number of processes may run it; the advisory lock orders them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

import redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from redis import asyncio as aioredis

from notifications import live, publisher, tasks

logger = logging.getLogger(__name__)

ROUND_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0


async def run_forever() -> None:
    """Publish until cancelled; faults of database and Valkey are logged once and waited out."""
    woken = asyncio.Event()
    is_failing = False
    async with _listening(woken):
        while True:
            try:
                await publish_and_tell()
                is_failing = False
            except (DatabaseError, OSError) as error:
                if not is_failing:
                    logger.warning("Events wait to be published: %s", error)
                is_failing = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), ROUND_SECONDS)
            woken.clear()


async def publish_and_tell() -> None:
    """One round: publish what waits, then tell pages, sockets and webhooks."""
    publish = database_sync_to_async(publisher.publish_waiting, thread_sensitive=False)
    for batch in await publish(now=timezone.now()):
        await live.announce_published(
            batch.tenant_id, position=batch.last_position, account_keys=batch.account_keys
        )
        if batch.delivery_ids:
            await asyncio.to_thread(
                tasks.queue_deliveries, tenant_id=batch.tenant_id, delivery_ids=batch.delivery_ids
            )


@contextlib.asynccontextmanager
async def _listening(woken: asyncio.Event) -> AsyncIterator[None]:
    listener = asyncio.create_task(_listen(woken), name="publisher wake-ups")
    try:
        yield
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener


async def _listen(woken: asyncio.Event) -> None:
    while True:
        client = aioredis.Redis.from_url(settings.REDIS_URL, health_check_interval=15)
        try:
            async with client, client.pubsub() as subscription:
                await subscription.subscribe(publisher.WAKE_CHANNEL)
                async for _ in subscription.listen():
                    woken.set()
        except (redis.RedisError, OSError) as error:
            logger.debug("No wake-ups for a while: %s", error)
        await asyncio.sleep(_RETRY_SECONDS)
