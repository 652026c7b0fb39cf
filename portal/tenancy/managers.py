"""Managers that see one tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

from portal.tenancy.scope import ForeignTenant, current_tenant

M = TypeVar("M", bound=models.Model)


class TenantManager(models.Manager[M]):
    """Only the open scope's rows; raises ScopeRequired outside a scope."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(tenant_id=current_tenant().pk)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            claim_for_scope(row)
        return super().bulk_create(rows, *args, **kwargs)


def claim_for_scope(row: Any) -> None:
    """Give a new row the scope's tenant; refuse one that belongs to another."""
    tenant = current_tenant()
    if row.tenant_id is None:
        row.tenant = tenant
    elif row.tenant_id != tenant.pk:
        raise ForeignTenant(f"{row!r} is not {tenant.slug}'s.")
