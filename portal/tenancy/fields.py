"""Keys between rows of one tenant."""

from __future__ import annotations

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey):
    """A foreign key that cannot leave its tenant.

    The database constraint is `(tenant_id, x_id) → (tenant_id, id)`, which Django cannot express;
    `SecureTenantTable` creates it in the migration, so Django makes none of its own.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
