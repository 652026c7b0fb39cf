"""The tenant scope: nothing without one, nothing of another, nothing carried on."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from plans.models import Plan
from portal.tenancy.models import Role, Tenant
from portal.tenancy.scope import ForeignTenant, ScopeRequired, current_tenant, tenant_scope
from tests.factories import make_tenant


def setting() -> str:
    """What the database believes, asked without going through the scope's own code."""
    return raw("SELECT current_setting('app.tenant_id', true)")


def raw(statement: str, *parameters: object) -> str:
    assert connection.connection is not None
    with connection.connection.cursor() as cursor:
        row = cursor.execute(statement, parameters).fetchone()
    return str(row[0]) if row else ""


def plan_codes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM plans_plan ORDER BY code")
        return [code for (code,) in cursor.fetchall()]


@pytest.fixture
def both(northwind: Tenant, contoso: Tenant) -> tuple[Tenant, Tenant]:
    """Two operators with a plan each."""
    for tenant, code in ((northwind, "ours"), (contoso, "theirs")):
        with tenant_scope(tenant):
            Plan.objects.create(code=code, name=code)
    return northwind, contoso


def test_without_a_scope_a_manager_refuses_to_work(db: None) -> None:
    with pytest.raises(ScopeRequired):
        Plan.objects.count()
    with pytest.raises(ScopeRequired):
        Plan(code="x", name="x").save()
    with pytest.raises(ScopeRequired):
        current_tenant()


def test_a_manager_sees_the_open_scope_only(both: tuple[Tenant, Tenant]) -> None:
    ours, theirs = both

    with tenant_scope(ours):
        assert [plan.code for plan in Plan.objects.all()] == ["ours"]
    with tenant_scope(theirs):
        assert [plan.code for plan in Plan.objects.all()] == ["theirs"]


def test_scopes_nest_and_the_innermost_counts(both: tuple[Tenant, Tenant]) -> None:
    ours, theirs = both

    with tenant_scope(ours):
        with tenant_scope(theirs):
            assert current_tenant() == theirs
            assert plan_codes() == ["theirs"]
        assert current_tenant() == ours
        assert plan_codes() == ["ours"]


def test_an_exception_closes_the_scope(northwind: Tenant) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), tenant_scope(northwind):
        raise RuntimeError("on purpose")

    with pytest.raises(ScopeRequired):
        current_tenant()
    assert setting() == ""


def test_row_security_filters_raw_sql(both: tuple[Tenant, Tenant]) -> None:
    ours, _ = both

    with tenant_scope(ours):
        assert plan_codes() == ["ours"]
    assert plan_codes() == []


def test_row_security_filters_a_manager_that_forgets_the_scope(
    both: tuple[Tenant, Tenant],
) -> None:
    ours, _ = both

    with tenant_scope(ours):
        assert [plan.code for plan in Plan.unscoped.all()] == ["ours"]


def test_raw_sql_cannot_write_for_another_tenant(both: tuple[Tenant, Tenant]) -> None:
    ours, theirs = both
    insert = "INSERT INTO plans_plan (tenant_id, code, name, description, created_at) "

    with (
        tenant_scope(ours),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert + "VALUES (%s, 'smuggled', '', '', now())", [theirs.pk])


def test_raw_sql_cannot_change_or_delete_what_is_anothers(both: tuple[Tenant, Tenant]) -> None:
    ours, theirs = both

    with tenant_scope(ours), connection.cursor() as cursor:
        cursor.execute("UPDATE plans_plan SET name = 'taken' WHERE code = 'theirs'")
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM plans_plan WHERE code = 'theirs'")
        assert cursor.rowcount == 0
    with tenant_scope(theirs):
        assert Plan.objects.get(code="theirs").name == "theirs"


def test_the_connection_forgets_the_tenant_when_the_scope_closes(northwind: Tenant) -> None:
    with tenant_scope(northwind):
        plan_codes()
        assert setting() == str(northwind.pk)

    assert setting() == ""


def test_a_pooled_connection_never_carries_a_tenant_into_the_next_request(
    both: tuple[Tenant, Tenant],
) -> None:
    """The connection stays open between requests; the next one's scope must be its own."""
    ours, theirs = both
    backend = raw("SELECT pg_backend_pid()")

    with tenant_scope(ours):
        plan_codes()
    with tenant_scope(theirs):
        assert plan_codes() == ["theirs"]

    assert raw("SELECT pg_backend_pid()") == backend
    assert plan_codes() == []


def test_a_rollback_does_not_bring_an_earlier_tenant_back(both: tuple[Tenant, Tenant]) -> None:
    """The database takes a setting back with the transaction that made it."""
    ours, theirs = both

    with tenant_scope(ours):
        with transaction.atomic():
            with tenant_scope(theirs):
                assert plan_codes() == ["theirs"]
            transaction.set_rollback(True)
        assert plan_codes() == ["ours"]
    assert plan_codes() == []


def test_a_failed_statement_leaves_the_scope_right_after_its_savepoint(
    both: tuple[Tenant, Tenant],
) -> None:
    ours, theirs = both

    with tenant_scope(ours):
        with pytest.raises(DatabaseError), transaction.atomic(), tenant_scope(theirs):
            connection.cursor().execute("SELECT 1 / 0")
        assert plan_codes() == ["ours"]


@pytest.fixture
def committed(committed_db: None) -> tuple[Tenant, Tenant]:
    return make_tenant("northwind"), make_tenant("contoso")


def test_a_scope_belongs_to_its_thread(committed: tuple[Tenant, Tenant]) -> None:
    ours, theirs = committed
    seen: dict[str, str] = {}
    barrier = threading.Barrier(2)

    def work(tenant: Tenant) -> None:
        try:
            with tenant_scope(tenant):
                barrier.wait(timeout=10)
                seen[tenant.slug] = Role.objects.get(code="admin").tenant.slug
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(tenant,)) for tenant in (ours, theirs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert seen == {"northwind": "northwind", "contoso": "contoso"}


def test_a_row_is_not_written_in_the_scope_of_another_tenant(both: tuple[Tenant, Tenant]) -> None:
    ours, theirs = both

    with tenant_scope(theirs):
        foreign = Plan.objects.get(code="theirs")
    with tenant_scope(ours):
        with pytest.raises(ForeignTenant):
            foreign.save()
        with pytest.raises(ForeignTenant):
            Plan.objects.bulk_create([Plan(code="b", name="b", tenant=theirs)])
        with pytest.raises(ForeignTenant):
            Plan.objects.create(code="c", name="c", tenant=theirs)


def test_bulk_created_rows_get_the_open_scopes_tenant(northwind: Tenant) -> None:
    with tenant_scope(northwind):
        made = Plan.objects.bulk_create([Plan(code="b", name="b"), Plan(code="c", name="c")])

    assert {plan.tenant_id for plan in made} == {northwind.pk}
