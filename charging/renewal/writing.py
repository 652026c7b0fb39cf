"""Writing what a batch of renewals decided, each table once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection

from charging.renewal import statements as sql
from charging.renewal.changes import Changes
from notifications import publisher
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant


def write(changes: Changes, *, actor: Actor, now: datetime) -> None:
    """Write all of it, each table once, inside the transaction that holds the locks."""
    tenant = current_tenant().pk
    if changes.events:
        publisher.wake()
    _write_held(changes, tenant, now)
    _write_buckets(changes, tenant, now)
    _many(
        sql.INSERT_LEDGER,
        [tenant, now, actor.kind, actor.name],
        (
            (
                each.account.id,
                each.bucket.id,
                each.kind,
                each.available,
                each.used,
                each.expired,
                each.available_after,
                each.reason[:300],
                each.reference,
            )
            for each in changes.entries
        ),
    )
    _many(
        sql.INSERT_PERIODS,
        [tenant, now],
        (
            (
                each.held.id,
                each.number,
                each.starts_at,
                each.ends_at,
                each.outcome,
                each.charged,
                each.retries,
            )
            for each in changes.periods
        ),
    )
    _tell(changes, tenant, actor, now)


def _tell(changes: Changes, tenant: int, actor: Actor, now: datetime) -> None:
    told = {each.account.id: each.account.event_seq for each in changes.events}
    _many(sql.UPDATE_EVENT_SEQUENCES, [], told.items())
    moved = {each.id: each.state for each in changes.moved}
    _many(sql.UPDATE_STATES, [now], moved.items())
    _many(
        sql.INSERT_EVENTS,
        [tenant, now],
        (
            (
                each.type,
                each.subject_type,
                each.subject_id,
                each.account.id,
                each.account.public_id,
                each.seq,
                json.dumps(each.payload),
            )
            for each in changes.events
        ),
    )
    _many(
        sql.INSERT_AUDITS,
        [tenant, now, actor.kind, actor.id, actor.name],
        (
            (
                each.action,
                each.account.public_id,
                json.dumps(each.before),
                json.dumps(each.after),
                each.reason,
            )
            for each in changes.audits
        ),
    )


def _write_held(changes: Changes, tenant: int, now: datetime) -> None:
    _many(
        sql.INSERT_HELD,
        [tenant, now],
        (
            (
                each.id,
                each.public_id,
                each.account.id,
                each.version_id,
                each.quantity,
                each.state,
                each.starts_at,
                each.period_number,
                each.period_starts_at,
                each.period_ends_at,
                each.due_at,
                each.charges_first_period,
                json.dumps(each.overrides),
                each.overrides_hash,
            )
            for each in changes.new_held
        ),
    )
    new = {each.id for each in changes.new_held}
    changed = {each.id: each for each in changes.held if each.id not in new}
    _many(
        sql.UPDATE_HELD,
        [],
        (
            (
                each.id,
                each.quantity,
                each.state,
                each.starts_at,
                each.ends_at,
                each.end_reason,
                each.period_number,
                each.period_starts_at,
                each.period_ends_at,
                each.due_at,
                each.retries,
                each.grace_ends_at,
                each.scheduled,
                each.next_version_id,
                each.next_leftovers,
                each.next_quantity,
                json.dumps(each.overrides),
                each.overrides_hash,
            )
            for each in changed.values()
        ),
    )


def _write_buckets(changes: Changes, tenant: int, now: datetime) -> None:
    _many(
        sql.INSERT_BUCKETS,
        [tenant],
        (
            (
                each.bucket.id,
                each.held.account.id,
                each.held.id,
                each.allowance.allowance_id,
                each.bucket.allowance_key,
                each.bucket.period_number,
                each.bucket.name,
                each.bucket.service,
                each.bucket.unit,
                _array_text(each.allowance.rating_groups),
                each.bucket.weight,
                each.bucket.granted,
                each.bucket.available,
                each.bucket.used,
                each.bucket.expired,
                each.bucket.valid_from,
                each.bucket.expires_at,
                each.bucket.role,
                each.allowance.is_shared,
                each.bucket.awaits_first_use,
                now,
            )
            for each in changes.opened
        ),
    )
    new = {each.bucket.id for each in changes.opened}
    touched = {each.id: each for each in changes.touched if each.id not in new}
    _many(
        sql.UPDATE_BUCKETS,
        [],
        (
            (
                each.id,
                each.name,
                each.weight,
                each.period_number,
                each.granted,
                each.available,
                each.used,
                each.expired,
                each.expires_at,
                each.is_swept,
                each.awaits_first_use,
            )
            for each in touched.values()
        ),
    )


def _array_text(numbers: tuple[int, ...]) -> str:
    """An array of its own length inside an array of texts: {1,2}."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _many(statement: str, first: list[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement that takes its rows as one array per column; nothing for no rows.

    The arrays go over in binary: writing thousands of texts as literals costs more than all the
    deciding.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    if not columns:
        return
    with (
        connection.cursor(),  # Django's, to follow the scope
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        cursor.execute(statement.replace("%s", "%b"), [*first, *columns], prepare=False)
