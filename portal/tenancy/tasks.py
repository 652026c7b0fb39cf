"""Celery tasks that act for a tenant."""

from __future__ import annotations

from typing import Any

from celery import Task

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


class TenantTask(Task):
    """Opens the scope of the tenant whose key it is given as `tenant_id`."""

    abstract = True

    def __call__(self, *args: Any, tenant_id: int, **kwargs: Any) -> Any:
        with tenant_scope(Tenant.objects.get(pk=tenant_id)):
            return super().__call__(*args, tenant_id=tenant_id, **kwargs)
