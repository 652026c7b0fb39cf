"""The charger's reads and writes beside requests: silent sessions, old keys, revoked clients."""

from __future__ import annotations

from datetime import datetime

from charging.charger import statements as sql
from charging.charger.store import Connection


async def overdue_sessions(
    connection: Connection, *, now: datetime, limit: int
) -> list[tuple[int, int, str]]:
    """(tenant, account, reference) of open sessions whose network function fell silent."""
    cursor = await connection.execute(sql.OVERDUE_SESSIONS, {"now": now, "limit": limit})
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def delete_old_create_keys(connection: Connection, *, before: datetime) -> None:
    await connection.execute(sql.DELETE_OLD_CREATE_KEYS, {"before": before})


async def clients_not_trusted(
    connection: Connection,
) -> dict[int, tuple[bool, datetime | None]]:
    """API clients that are disabled, or whose earlier tokens are revoked: by primary key."""
    cursor = await connection.execute(sql.CLIENTS_NOT_TRUSTED)
    return {key: (enabled, since) for key, enabled, since in await cursor.fetchall()}
