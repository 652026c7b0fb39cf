"""Counting attempts in the cache, so that guessing and hammering cost the caller, not us."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class RateLimited(Exception):
    """Too many attempts; `retry_after` seconds from now the count begins anew."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; try again in {retry_after} s.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `most` attempts by one caller in each fixed window of `seconds`."""

    name: str
    most: int
    seconds: int = 60

    def count(self, *caller: str, now: datetime) -> None:
        """Count one attempt of the caller. Raises RateLimited past the limit."""
        try:
            key = self._key(caller, now)
            cache.add(key, 0, timeout=self.seconds + 1)
            attempts = cache.incr(key)
        except (RedisError, ValueError):  # no cache, or the key expired in between
            logger.warning("Cannot count attempts for %s; letting them pass.", self.name)
            return
        if attempts > self.most:
            raise RateLimited(self._seconds_left(now))

    def check(self, *caller: str, now: datetime) -> None:
        """Count nothing. Raises RateLimited when the caller has used up the window."""
        try:
            attempts = cache.get(self._key(caller, now), 0)
        except RedisError:
            return
        if attempts >= self.most:
            raise RateLimited(self._seconds_left(now))

    def _key(self, caller: tuple[str, ...], now: datetime) -> str:
        digest = hashlib.sha256("\x1f".join(caller).encode()).hexdigest()[:32]
        return f"rate:{self.name}:{digest}:{int(now.timestamp()) // self.seconds}"

    def _seconds_left(self, now: datetime) -> int:
        return self.seconds - int(now.timestamp()) % self.seconds
