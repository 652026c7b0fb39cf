"""Carrying out a burst: many sessions at once in one event loop over one connection.

A burst is worked off in chunks, each one task; its counts are written as it goes. Sessions in
flight when a worker dies are closed by the charging function's own sweep.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from charging.client.drive import BurstProgress, run_burst
from charging.client.usage import UsagePlan
from charging.emulator_connection import NoRatingGroup, charger_endpoint, connect, plan_usage
from charging.models import Burst, ChargerEndpoint
from charging.models.emulation import JobState
from notifications import live
from portal.tenancy.secrets import UnreadableSecret

CHUNK_SESSIONS: Final = 200
LEASE: Final = timedelta(seconds=60)
PROGRESS_SECONDS: Final = 0.25


def claim_burst(burst_id: int, *, now: datetime) -> Burst | None:
    """Take a burst that is waiting or whose worker is gone."""
    free = Q(state=JobState.QUEUED) | Q(lease_until=None) | Q(lease_until__lte=now)
    taken = Burst.objects.filter(
        free, pk=burst_id, state__in=[JobState.QUEUED, JobState.RUNNING]
    ).update(state=JobState.RUNNING, lease_until=now + LEASE)
    return Burst.objects.select_related("device").get(pk=burst_id) if taken else None


async def run_chunk(burst: Burst) -> bool:
    """Run the next sessions of a claimed burst; whether some are left."""
    try:
        plans, connection = await database_sync_to_async(_prepare)(burst)
    except (NoRatingGroup, UnreadableSecret) as error:
        await _write(burst, state=JobState.FAILED, error=str(error)[:300], ended_at=timezone.now())
        return False
    before = Burst(done=burst.done, refused=burst.refused, failed=burst.failed)
    told_at = 0.0

    async def follow(progress: BurstProgress) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= PROGRESS_SECONDS:
            told_at = time.monotonic()
            await _write(burst, **_counts(before, progress))

    async with connection:
        progress = await run_burst(connection, plans, burst.concurrency, follow)
    counts = _counts(before, progress)
    is_left = counts["done"] < burst.sessions
    ended: dict[str, Any] = {"state": JobState.ENDED, "ended_at": timezone.now()}
    await _write(
        burst,
        **counts,
        lease_until=None if not is_left else timezone.now(),
        **({} if is_left else ended),
    )
    return is_left


def _prepare(burst: Burst) -> tuple[list[UsagePlan], Any]:
    endpoint = charger_endpoint()
    count = min(CHUNK_SESSIONS, burst.sessions - burst.done)
    plans = [_plan(burst, endpoint) for _ in range(count)]
    return plans, connect(endpoint, now=timezone.now())


def _plan(burst: Burst, endpoint: ChargerEndpoint) -> UsagePlan:
    return plan_usage(
        device=burst.device,
        service=burst.service,
        volume=burst.volume,
        destination=burst.destination,
        rating_group=None,
        endpoint=endpoint,
    )


def _counts(before: Burst, progress: BurstProgress) -> dict[str, int]:
    failed = min(progress.failed, _unanswered(progress.causes))
    return {
        "done": before.done + progress.done,
        "failed": before.failed + failed,
        "refused": before.refused + progress.done - progress.complete - failed,
    }


def _unanswered(causes: Counter[str]) -> int:
    """Sessions that ended for want of an answer; the others were refused by one."""
    return sum(n for cause, n in causes.items() if cause == "NO_ANSWER" or "HTTP_5" in cause)


async def _write(burst: Burst, **values: Any) -> None:
    values = {"lease_until": timezone.now() + LEASE, **values}
    await database_sync_to_async(Burst.objects.filter(pk=burst.pk).update)(**values)
    await live.announce_phone(burst.device_id)
