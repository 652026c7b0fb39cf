"""Loading and saving a batch: docs/locking.md and docs/life-of-a-charging-request.md.

Both are pipelines, one round trip each. Load opens the transaction; save commits it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import django.db
import msgspec
import psycopg
from psycopg import AsyncConnection, generators

from charging.charger import statements as sql
from charging.charger.accounts import read_accounts, viewers
from charging.charger.catalogue import Catalogue, Revisions, Wanted
from charging.charger.jobs import IdentityColumn, Job
from charging.charger.rows import Batch, DeviceRow, SessionRow
from charging.engine.values import Bucket
from charging.nchf.messages import Operation
from charging.session_memory import decode_answers, decode_memory, encode_answers, encode_state
from portal import database

LOOK_BACK: Final = timedelta(days=40)
"""Buckets that expired and subscriptions that ended longer ago are not read: usage reported that
late is settled from what there is now."""

SESSION_OPTIONS: Final = (
    "-c plan_cache_mode=force_generic_plan -c jit=off -c enable_seqscan=off "
    "-c lock_timeout=2000 -c statement_timeout=10000 "
    "-c idle_in_transaction_session_timeout=15000"
)
"""Plans made while tables are small would be kept and be wrong for ever; no lock is waited for
longer than a network function waits for an answer."""

Connection = AsyncConnection[tuple[Any, ...]]


class GroupChanged(Exception):
    """An account moved to another lock row while we waited for its old one; load again."""


async def connect() -> Connection:
    """A connection as the charger's role, every statement prepared."""
    connection = await AsyncConnection.connect(
        database.conninfo("charger", options=SESSION_OPTIONS, application_name="chf"),
        autocommit=True,
    )
    connection.prepare_threshold = 0
    return connection


# ── load ─────────────────────────────────────────────────────────────────────────────────────


async def load(
    connection: Connection,
    jobs: Sequence[Job],
    *,
    catalogue: Catalogue,
    now: datetime,
    lock_wait_ms: int | None = None,
) -> Batch:
    """Open a transaction, lock what the jobs touch, read it.

    `lock_wait_ms` replaces the connection's own limit. Raises catalogue.Missing or GroupChanged;
    the caller rolls back and tries again.
    """
    parameters = _parameters(jobs, now)
    async with connection.pipeline() as pipeline:
        await connection.execute("BEGIN")
        if lock_wait_ms is not None:
            await connection.execute(f"SET LOCAL lock_timeout = {lock_wait_ms}")
        locked = await connection.execute(sql.LOCK, parameters)
        devices = await connection.execute(sql.READ_DEVICES, parameters)
        accounts = await connection.execute(sql.READ_ACCOUNTS, parameters)
        subscriptions = await connection.execute(sql.READ_SUBSCRIPTIONS, parameters)
        buckets = await connection.execute(sql.READ_BUCKETS, parameters)
        sessions = await connection.execute(sql.READ_SESSIONS, parameters)
        repeated = await connection.execute(sql.READ_REPEATED_SESSIONS, parameters)
        create_keys = await connection.execute(sql.READ_CREATE_KEYS, parameters)
        revisions = await connection.execute(sql.READ_REVISIONS, parameters)
        session_keys = await connection.execute(sql.DRAW_SESSION_KEYS, parameters)
        await pipeline.sync()
        revision_of = {
            tenant_id: Revisions(settings=settings, reference=reference)
            for tenant_id, settings, reference in await revisions.fetchall()
        }
        # A forged reference may name anybody's account: only the jobs' own tenants count.
        account_rows = [row for row in await accounts.fetchall() if row[1] in revision_of]
        locked_keys = {key for (key,) in await locked.fetchall()}
        if any(row[4] not in locked_keys for row in account_rows):
            raise GroupChanged
        known = {row[0] for row in account_rows}
        bucket_rows = [
            row for row in await buckets.fetchall() if row[0] in known and row[2] in known
        ]
        subscription_rows = [row for row in await subscriptions.fetchall() if row[0] in known]
        catalogue.require(
            revisions=revision_of,
            versions={Wanted.of(row[1], row[4], row[5]) for row in subscription_rows},
            allowances={
                Wanted.of(row[16], row[24], row[23]) for row in bucket_rows if row[16] is not None
            },
        )
        found = read_accounts(account_rows, bucket_rows, subscription_rows, catalogue, now=now)
        return Batch(
            accounts=found,
            viewers=viewers(found),
            devices=_devices(await devices.fetchall()),
            sessions=_sessions([*await sessions.fetchall(), *await repeated.fetchall()]),
            create_keys=_create_keys(await create_keys.fetchall()),
            free_session_keys=[key for (key,) in await session_keys.fetchall()],
        )


def _parameters(jobs: Sequence[Job], now: datetime) -> dict[str, Any]:
    identities: dict[IdentityColumn, set[tuple[int, str]]] = {
        column: set() for column in IdentityColumn
    }
    for job in jobs:
        if job.identity is not None:
            identities[job.identity.column].add((job.tenant_id, job.identity.value))
    creates = [job for job in jobs if job.operation is Operation.CREATE]
    keys = sorted(
        {(job.tenant_id, job.create_key, job.fingerprint, job.is_retransmission) for job in creates}
    )
    parameters: dict[str, Any] = {
        "accounts": _integers(sorted({job.account_key for job in jobs if job.account_key})),
        "refs": sorted({job.ref for job in jobs if job.ref}),
        "tenants": _integers(sorted({job.tenant_id for job in jobs})),
        "key_tenants": _integers(tenant for tenant, _, _, _ in keys),
        "keys": [key for _, key, _, _ in keys],
        "key_fingerprints": [fingerprint for _, _, fingerprint, _ in keys],
        "key_repeats": [is_repeat for _, _, _, is_repeat in keys],
        "creates": len(creates),
        "oldest": now - LOOK_BACK,
    }
    for column, found in identities.items():
        pairs = sorted(found)
        parameters[f"{column}_tenants"] = _integers(tenant for tenant, _ in pairs)
        parameters[f"{column}s"] = [value for _, value in pairs]
    return parameters


def _devices(rows: list[tuple[Any, ...]]) -> dict[tuple[int, str, str], DeviceRow]:
    found: dict[tuple[int, str, str], DeviceRow] = {}
    for key, tenant_id, account_key, public_id, imsi, msisdn, state, home_plmn, flags in rows:
        device = DeviceRow(
            key=key,
            tenant_id=tenant_id,
            account_key=account_key,
            public_id=public_id,
            imsi=imsi,
            msisdn=msisdn,
            state=state,
            home_plmn=home_plmn,
            charging_characteristics=flags,
        )
        found[tenant_id, IdentityColumn.PUBLIC_ID, public_id] = device
        if imsi:
            found[tenant_id, IdentityColumn.IMSI, imsi] = device
        if msisdn:
            found[tenant_id, IdentityColumn.MSISDN, msisdn] = device
    return found


def _sessions(rows: list[tuple[Any, ...]]) -> dict[str, SessionRow]:
    found: dict[str, SessionRow] = {}
    for row in rows:
        memory, told = decode_memory(bytes(row[21]))
        found[row[5]] = SessionRow(
            key=row[0],
            tenant_id=row[1],
            account_key=row[2],
            device_key=row[3],
            device_public_id=row[4],
            device_state=row[23],
            ref=row[5],
            kind=row[6],
            state=row[7],
            subscriber_identifier=row[8],
            node_functionality=row[9],
            nf_name=row[10],
            notify_uri=row[11],
            destination=row[12],
            opened_at=row[13],
            last_request_at=row[14],
            deadline_at=row[15],
            closed_at=row[16],
            close_cause=row[17],
            requests=row[18],
            cost=row[19],
            last_result=row[20],
            memory=memory,
            told=told,
            answers=decode_answers(bytes(row[22])),
        )
    return found


def _create_keys(
    rows: list[tuple[Any, ...]],
) -> dict[tuple[int, bytes], list[tuple[bytes, str]]]:
    found: dict[tuple[int, bytes], list[tuple[bytes, str]]] = {}
    for _, tenant_id, key, fingerprint, ref in rows:
        found.setdefault((tenant_id, bytes(key)), []).append((bytes(fingerprint), ref))
    return found


# ── save ─────────────────────────────────────────────────────────────────────────────────────


async def save(connection: Connection, batch: Batch) -> None:
    """Write the batch and commit. When this returns, the batch is durable.

    A lost connection here leaves the outcome unknown: the requests are answered with 503 and a
    repeat is settled by its replay key.
    """
    async with connection.pipeline() as pipeline:
        for statement, columns in _writes(batch):
            await connection.execute(statement, columns)
        await connection.execute("COMMIT")
        await _flush(connection)
        await pipeline.sync()


async def _flush(connection: Connection) -> None:
    """Send all that the pipeline holds. psycopg goes on to wait for results when the socket has
    taken a part only; with more than its buffer, both sides would then wait for ever."""
    await connection.wait(generators.send(connection.pgconn))


async def roll_back(connection: Connection) -> None:
    """End the transaction without a trace; a dead connection has already done so."""
    if not connection.closed:
        await connection.execute("ROLLBACK")


def _writes(batch: Batch) -> Iterable[tuple[str, list[Any]]]:
    sessions = [row for row in batch.sessions.values() if row.is_new or row.is_changed]
    if new := [row for row in sessions if row.is_new]:
        yield sql.INSERT_SESSIONS, _new_sessions(new)
    if changed := [row for row in sessions if not row.is_new]:
        yield sql.UPDATE_SESSIONS, _changed_sessions(changed)
    if buckets := list(_touched_buckets(batch)):
        yield (
            sql.UPDATE_BUCKETS,
            _literals(buckets, "id", "available", "reserved", "used", "expired"),
        )
    if lives := list(_changed_lives(batch)):
        yield sql.UPDATE_BUCKET_LIVES, _lives(lives)
    if begun := {key: at for a in batch.accounts.values() for key, at in a.begun_plans.items()}:
        yield sql.UPDATE_FIRST_USES, [_integers(begun), list(begun.values())]
    if moved := [a for a in batch.accounts.values() if a.state_changed_at is not None]:
        yield (
            sql.UPDATE_STATES,
            [*_literals(moved, "key"), *_lists(moved, "state", "state_changed_at")],
        )
    if batch.ledger:
        yield sql.INSERT_LEDGER, _ledger(batch)
    if batch.log:
        yield sql.INSERT_LOG, _log(batch)
    if rows := batch.new_create_keys:
        yield (
            sql.INSERT_CREATE_KEYS,
            [
                _integers(row.tenant_id for row in rows),
                [row.key for row in rows],
                [row.fingerprint for row in rows],
                _integers(row.session_key for row in rows),
                [row.created_at for row in rows],
            ],
        )
    if batch.events:
        yield sql.INSERT_EVENTS, _events(batch)
        told = [a for a in batch.accounts.values() if a.event_seq != a.loaded_event_seq]
        yield sql.UPDATE_EVENT_SEQUENCES, _literals(told, "key", "event_seq")


def _touched_buckets(batch: Batch) -> Iterable[Bucket]:
    """Each once, also where several accounts of the batch took from it."""
    done: set[int] = set()
    for account in batch.accounts.values():
        if account.touched_buckets - done:
            for bucket in account.engine.buckets:
                if bucket.id in account.touched_buckets and bucket.id not in done:
                    done.add(bucket.id)
                    yield bucket


def _changed_lives(batch: Batch) -> Iterable[Bucket]:
    found = {
        bucket.id: bucket
        for account in batch.accounts.values()
        if account.changed_lives
        for bucket in account.engine.buckets
        if bucket.id in account.changed_lives
    }
    return found.values()


def _lives(buckets: list[Bucket]) -> list[Any]:
    return [
        *_literals(buckets, "id"),
        *_lists(buckets, "is_disabled", "valid_from", "expires_at"),
        [bucket.terms.lifetime is not None for bucket in buckets],
    ]


def _new_sessions(rows: list[SessionRow]) -> list[Any]:
    return [
        *_literals(rows, "key", "tenant_id", "account_key", "device_key"),
        *_lists(
            rows,
            "ref",
            "kind",
            "state",
            "subscriber_identifier",
            "node_functionality",
            "nf_name",
            "notify_uri",
            "destination",
            "opened_at",
            "last_request_at",
            "deadline_at",
            "closed_at",
            "close_cause",
        ),
        *_literals(rows, "requests", "cost"),
        *_lists(rows, "last_result"),
        [encode_state(row.memory, row.told) for row in rows],
        [encode_answers(row.answers) for row in rows],
    ]


def _changed_sessions(rows: list[SessionRow]) -> list[Any]:
    return [
        *_literals(rows, "key"),
        *_lists(
            rows,
            "state",
            "notify_uri",
            "last_request_at",
            "deadline_at",
            "closed_at",
            "close_cause",
        ),
        *_literals(rows, "requests", "cost"),
        *_lists(rows, "last_result"),
        [encode_state(row.memory, row.told) for row in rows],
        [encode_answers(row.answers) for row in rows],
    ]


def _ledger(batch: Batch) -> list[Any]:
    rows = batch.ledger
    return [
        *_literals(rows, "tenant_id", "account_key", "bucket_id", "session_key"),
        *_lists(rows, "kind"),
        *_literals(rows, "available", "reserved", "used", "expired", "available_after"),
        *_lists(rows, "at"),
        ["network"] * len(rows),
        *_lists(rows, "actor_name"),
        [row.sequence_number for row in rows],
    ]


def _log(batch: Batch) -> list[Any]:
    rows = batch.log
    return [
        *_literals(rows, "tenant_id", "account_key", "session_key"),
        *_lists(rows, "operation"),
        *_literals(rows, "sequence_number"),
        *_lists(rows, "fingerprint", "received_at"),
        *_literals(rows, "status", "cost"),
        *_lists(rows, "request", "answer", "decision"),
    ]


def _events(batch: Batch) -> list[Any]:
    rows = batch.events
    return [
        *_literals(rows, "tenant_id"),
        *_lists(rows, "type", "subject_type", "subject_id"),
        *_literals(rows, "account_key"),
        *_lists(rows, "account_id"),
        *_literals(rows, "account_seq"),
        [msgspec.json.encode(row.payload).decode() for row in rows],
        *_lists(rows, "occurred_at", "is_muted", "not_before"),
    ]


def _integers(values: Iterable[int]) -> str:
    """An array literal: `{1,2,3}`."""
    return "{" + ",".join(map(str, values)) + "}"


def _literals(rows: Sequence[Any], *columns: str) -> list[str]:
    return [_integers(getattr(row, column) for row in rows) for column in columns]


def _lists(rows: Sequence[Any], *columns: str) -> list[list[Any]]:
    return [[getattr(row, column) for row in rows] for column in columns]


# ── faults ───────────────────────────────────────────────────────────────────────────────────


def is_connection_loss(error: BaseException) -> bool:
    """Whether the database went away, rather than refused one statement."""
    if isinstance(error, django.db.OperationalError | django.db.InterfaceError):
        return True
    refused = psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled
    return isinstance(error, psycopg.OperationalError) and not isinstance(error, refused)
