"""Fixtures for the database.

Tests of one process use pytest-django's `db`: a transaction that is rolled back. Tests that cross
processes use `committed_db`. Both meet row security: Django's connection has the portal's role.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.db import connections
from psycopg import sql

from tests.harness.environment import Machine, machine

KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")
LOCK_TIMEOUT = "3s"
TRUNCATE_ATTEMPTS = 5


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None) -> Iterator[None]:
    """This worker's own PostgreSQL and Valkey, migrated."""
    machine().start_servers()
    yield
    connections.close_all()
    machine().stop_servers()


@pytest.fixture(scope="session")
def servers(django_db_setup: None) -> Machine:
    """This worker's `postgres` and `valkey`, for tests that kill, empty or restart them."""
    return machine()


@pytest.fixture
def owner_connection(servers: Machine) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the owner, whom row security does not hold; commits by itself."""
    with psycopg.connect(servers.postgres.url(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def committed_db(servers: Machine, django_db_blocker: Any) -> Iterator[None]:
    """What this test writes is committed, so other processes see it; everything goes afterwards."""
    with django_db_blocker.unblock():
        revive_servers(servers)
        yield
        connections.close_all()
        revive_servers(servers)
        empty_database(servers.postgres.url())
        empty_valkey(servers.valkey.url)


def revive_servers(servers: Machine) -> None:
    """Start again what a test has killed."""
    for server in (servers.postgres, servers.valkey):
        if not server.is_running:
            server.start()
        server.wait_ready()


def empty_database(url: str) -> None:
    """Empty every table that holds rows, as the owner. Keys go on counting: a process that
    caches what never changes must not meet another row under the same key.

    A process under test may be in the middle of a transaction: wait for it a little, then end
    the sessions that are in the way.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        for attempt in range(TRUNCATE_ATTEMPTS):
            filled = _filled_tables(connection)
            if not filled:
                return
            names = sql.SQL(", ").join(map(sql.Identifier, filled))
            try:
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                _end_transactions_of_others(connection)
                time.sleep(0.1 * attempt)
    raise AssertionError("The database could not be emptied: a process keeps writing to it.")


def empty_valkey(url: str) -> None:
    """Drop queues and caches; Celery's routing stays, its processes declare it only once."""
    with redis.Redis.from_url(url) as client:
        keys = [key for key in client.scan_iter(count=1000) if not key.startswith(b"_kombu.")]
        if keys:
            client.unlink(*keys)


def _filled_tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)",
        [list(KEPT_TABLES)],
    )
    tables = [name for (name,) in rows]
    if not tables:
        return []
    questions = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for name in tables
    )
    return [name for (name,) in connection.execute(questions)]


def _end_transactions_of_others(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state LIKE 'idle in transaction%'"
    )
