"""Both walls, read from the catalogue for every tenant-owned table there is."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from plans.models import Plan
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Membership, Role, Tenant, TenantOwned
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from tests.factories import make_tenant, make_user

OWNED = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
KEYS = [
    (model, field)
    for model in OWNED
    for field in model._meta.local_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantOwned)
]


def one(statement: str, *parameters: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()


def test_there_are_tables_to_check() -> None:
    assert {Role, Plan, Account, Device, Membership} <= set(OWNED)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_row_security_is_forced_on_the_table(db: None, model: type[TenantOwned]) -> None:
    row = one(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
        model._meta.db_table,
    )

    assert row == (True, True)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_the_portals_policy_compares_the_tenant_for_reading_and_writing(
    db: None, model: type[TenantOwned]
) -> None:
    wanted = "(tenant_id = tenancy_tenant_id())"
    row = one(
        "SELECT qual, with_check, cmd, permissive FROM pg_policies "
        "WHERE tablename = %s AND 'csp_portal' = ANY (roles)",
        model._meta.db_table,
    )

    assert row == (wanted, wanted, "ALL", "PERMISSIVE")


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.label)
def test_the_table_can_be_the_target_of_a_key_with_its_tenant(
    db: None, model: type[TenantOwned]
) -> None:
    row = one(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u' "
        "AND pg_get_constraintdef(oid) = 'UNIQUE (tenant_id, id)'",
        model._meta.db_table,
    )

    assert row == (1,)


@pytest.mark.parametrize(
    ("model", "field"), KEYS, ids=lambda part: getattr(part, "attname", None) or part.__name__
)
def test_a_key_between_tenant_owned_tables_includes_the_tenant(
    db: None, model: type[TenantOwned], field: models.ForeignKey[Any, Any]
) -> None:
    assert isinstance(field, TenantForeignKey)
    definitions = one(
        "SELECT array_agg(pg_get_constraintdef(oid)) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'f'",
        model._meta.db_table,
    )[0]
    target = field.related_model._meta.db_table
    wanted = f"FOREIGN KEY (tenant_id, {field.column}) REFERENCES {target}(tenant_id, id)"

    assert any(definition.startswith(wanted) for definition in definitions)


def test_every_table_with_a_tenant_column_is_one_of_ours(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        found = {name for (name,) in cursor.fetchall()}

    assert found == {model._meta.db_table for model in OWNED}


def test_the_portals_role_cannot_step_around_row_security(db: None) -> None:
    row = one("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")

    assert one("SELECT current_user::text") == ("csp_portal",)
    assert row == (False, False)


def test_the_portal_changes_no_tenant_but_that_of_its_scope(
    northwind: Tenant, contoso: Tenant
) -> None:
    with tenant_scope(northwind):
        changed = Tenant.objects.update(name="Taken over")

    contoso.refresh_from_db()
    assert (changed, contoso.name) == (1, "Contoso")
    assert Tenant.objects.update(name="Taken over") == 0  # outside any scope


def test_the_audit_trail_cannot_be_changed_by_the_portal(db: None) -> None:
    rights = one(
        "SELECT has_table_privilege('tenancy_auditentry', 'INSERT'), "
        "has_table_privilege('tenancy_auditentry', 'UPDATE'), "
        "has_table_privilege('tenancy_auditentry', 'DELETE')"
    )

    assert rights == (True, False, False)


def test_a_key_into_another_tenant_is_refused_by_the_database(
    northwind: Tenant, contoso: Tenant
) -> None:
    """Raw SQL, within the portal's own rights: the row is ours, what it points to is not."""
    with tenant_scope(contoso):
        theirs = Account.objects.create(public_id="theirs", currency="EUR", lock_id=0)

    with tenant_scope(northwind), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="within_tenant"), transaction.atomic():
            cursor.execute(
                "INSERT INTO subscribers_device (tenant_id, account_id, public_id, label, imsi,"
                " msisdn, charging_characteristics, home_plmn, state, is_test, created_at)"
                " VALUES (%s, %s, 'd', '', '', '', '', '', 'active', false, now())",
                [northwind.pk, theirs.pk],
            )


def test_even_the_owner_cannot_point_into_another_tenant(
    committed_db: None, owner_connection: psycopg.Connection[Any]
) -> None:
    ours, theirs = make_tenant("northwind"), make_tenant("contoso")
    user = make_user(ours, "viewer")
    with tenant_scope(theirs):
        foreign = Role.objects.get(code="admin")

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner_connection.execute(
            "UPDATE tenancy_membership SET role_id = %s WHERE user_id = %s", [foreign.pk, user.pk]
        )
