"""Django's PostgreSQL backend, kept in step with the tenant scope.

Row security reads the setting `app.tenant_id`. Before a connection hands out a cursor it is
made to agree with the scope of the code that asks, so a pooled or persistent connection can
never carry one tenant's identity into another's work.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from portal.tenancy.scope import scoped_tenant_id

_UNKNOWN = object()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose `app.tenant_id` follows the open scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scoped_to: object = _UNKNOWN

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._scoped_to = _UNKNOWN
        return super().get_new_connection(conn_params)

    def _cursor(self, name: str | None = None) -> Any:
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.follow_scope()
        return super()._cursor(name)  # type: ignore[misc]

    def follow_scope(self) -> None:
        """Set `app.tenant_id` to the open scope's tenant, or to nothing."""
        wanted = scoped_tenant_id()
        if wanted == self._scoped_to or self.connection is None or self.connection.closed:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # nothing can run before the rollback, which makes us look again
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.tenant_id', %s, false)",
                ["" if wanted is None else str(wanted)],
            )
        self._scoped_to = wanted

    def leave_scope(self) -> None:
        """Follow a scope that closes, where that is possible at once.

        A connection that has died or failed is put right, or replaced, before its next use.
        """
        with contextlib.suppress(psycopg.Error):
            self.follow_scope()

    # The stubs know none of the private methods overridden here.
    # A rollback also takes back a set_config made inside the transaction.

    def _rollback(self) -> Any:
        self._scoped_to = _UNKNOWN
        return super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        self._scoped_to = _UNKNOWN
        super()._savepoint_rollback(sid)  # type: ignore[misc]
