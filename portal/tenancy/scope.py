"""The tenant for which the running code acts.

A scope is opened at a door (page middleware, bearer token, Celery task, websocket, a command's
`--tenant`) and closed when the work is done. Scoped managers refuse to work without one, and the
database's row security follows it (portal/tenancy/postgresql).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from portal.tenancy.models import Tenant

_open_scope: ContextVar[Tenant | None] = ContextVar("open_tenant_scope", default=None)


class ScopeRequired(RuntimeError):
    """Tenant-owned data was asked for outside any tenant's scope."""

    def __init__(self) -> None:
        super().__init__("No tenant scope is open; open one with tenant_scope(tenant).")


class ForeignTenant(RuntimeError):
    """A row of one tenant was about to be written inside another tenant's scope."""


@contextmanager
def tenant_scope(tenant: Tenant) -> Iterator[Tenant]:
    """Act for `tenant` until the block ends; scopes nest, the innermost counts."""
    token = _open_scope.set(tenant)
    try:
        yield tenant
    finally:
        _open_scope.reset(token)
        _leave_scope()


def current_tenant() -> Tenant:
    """The tenant acted for. Raises ScopeRequired."""
    tenant = _open_scope.get()
    if tenant is None:
        raise ScopeRequired
    return tenant


def scoped_tenant_id() -> int | None:
    """Its key, or None when no scope is open."""
    tenant = _open_scope.get()
    return None if tenant is None else tenant.pk


def _leave_scope() -> None:
    """Take the tenant's name off this thread's connections now, not at their next statement."""
    for connection in connections.all(initialized_only=True):
        leave = getattr(connection, "leave_scope", None)
        if leave is not None:
            leave()
