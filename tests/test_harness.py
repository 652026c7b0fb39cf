import psycopg
import pytest
from django.db import connection


def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def test_the_connection_of_a_test_has_the_role_that_row_security_holds(db: None) -> None:
    assert role() == "csp_portal"


def test_a_committed_database_is_seen_by_other_connections(
    committed_db: None, owner_connection: psycopg.Connection
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), pg_backend_pid()")
        _, pid = cursor.fetchone()
    seen = owner_connection.execute("SELECT usename FROM pg_stat_activity WHERE pid = %s", [pid])
    assert seen.fetchone() == ("postgres",)
    assert role() == "csp_portal"


@pytest.mark.parametrize("name", ["first", "second"])
def test_what_one_test_commits_is_gone_in_the_next(
    committed_db: None, owner_connection: psycopg.Connection, name: str
) -> None:
    count = owner_connection.execute("SELECT count(*) FROM django_session").fetchone()
    assert count == (0,)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES (%s, 'data', now())", [name])
