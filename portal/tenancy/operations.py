"""Migration operations that put a tenant-owned table behind both walls.

Wall one: composite foreign keys, so that no row can point into another tenant. Wall two: row
security for the portal's role. A test reads the catalogue and fails for a table without them.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

from portal.tenancy.fields import TenantForeignKey

PORTAL_ROLE = "csp_portal"
CHARGER_ROLE = "csp_charger"


class SecureTenantTable(Operation):
    """Composite keys, row security and grants for one model that derives from TenantOwned.

    `append_only` takes UPDATE and DELETE from the portal; `charger` is what the charging process
    may do, e.g. "SELECT, INSERT".
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str, *, append_only: bool = False, charger: str = "SELECT") -> None:
        self.model = model
        self.append_only = append_only
        self.charger = charger

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model's state is unchanged; this is about the database only."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        table = model._meta.db_table
        schema_editor.execute(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_key" UNIQUE (tenant_id, id)'
        )
        for field in model._meta.local_fields:
            if isinstance(field, TenantForeignKey):
                schema_editor.execute(_composite_key(table, field))
        for statement in _row_security(table):
            schema_editor.execute(statement)
        for statement in self._grants(table):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Dropping the table, which comes next on the way back, takes all of it along."""

    def describe(self) -> str:
        return f"Put {self.model} behind composite keys and row security"

    def _grants(self, table: str) -> list[str]:
        found = [f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {PORTAL_ROLE}']
        if self.append_only:
            found.append(f'REVOKE UPDATE, DELETE ON "{table}" FROM {PORTAL_ROLE}')
        if self.charger:
            found.append(f'GRANT {self.charger} ON "{table}" TO {CHARGER_ROLE}')
        return found


class AddCompositeKey(Operation):
    """The composite constraint of one TenantForeignKey added after its table."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model: str, field: str) -> None:
        self.model = model
        self.field = field

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: the field itself is added by AddField."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        field = model._meta.get_field(self.field)
        schema_editor.execute(_composite_key(model._meta.db_table, field))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Dropping the column drops its constraint."""

    def describe(self) -> str:
        return f"Keep {self.model}.{self.field} within its tenant"


def _composite_key(table: str, field: Any) -> str:
    target = field.related_model._meta.db_table
    name = f"{table}_{field.column}_within_tenant"[:63]
    return (
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" '
        f'FOREIGN KEY (tenant_id, "{field.column}") REFERENCES "{target}" (tenant_id, id) '
        "DEFERRABLE INITIALLY DEFERRED"
    )


_OWN = "USING (tenant_id = tenancy_tenant_id()) WITH CHECK (tenant_id = tenancy_tenant_id())"


def _row_security(table: str) -> list[str]:
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY own_tenant ON "{table}" TO {PORTAL_ROLE} {_OWN}',
        # The charger carries the tenant in its statements; migrations see everything.
        f'CREATE POLICY charger ON "{table}" TO {CHARGER_ROLE} USING (true) WITH CHECK (true)',
        f'CREATE POLICY owner ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true)',
    ]
