"""Is this process able to do its work? Liveness asks the process, readiness what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.loader import MigrationLoader

_TIMEOUT_SECONDS: Final = 2


def readiness() -> dict[str, str]:
    """Each dependency with "ok" or what is wrong with it; blocks for a few seconds at most."""
    close_old_connections()
    return {name: check() for name, check in _CHECKS.items()}


def report() -> tuple[int, dict[str, Any]]:
    """HTTP status and body of /health/ready, the same in every process that listens."""
    found = readiness()
    if all(state == "ok" for state in found.values()):
        return 200, {"status": "ok", "checks": found}
    return 503, {"status": "unavailable", "checks": found}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return "the database does not answer"
    return "ok"


def _valkey() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
        ) as client:
            client.ping()
    except redis.RedisError:
        return "Valkey does not answer"
    return "ok"


def _migrations() -> str:
    try:
        loader = MigrationLoader(connection)
    except DatabaseError:
        return "unknown: the database does not answer"
    missing = set(loader.graph.nodes) - set(loader.applied_migrations)
    return f"{len(missing)} migrations are missing" if missing else "ok"


_CHECKS: Final[dict[str, Callable[[], str]]] = {
    "database": _database,
    "valkey": _valkey,
    "migrations": _migrations,
}
