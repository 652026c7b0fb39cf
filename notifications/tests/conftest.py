"""Operators with committed rows: publishers, sockets and receivers look from other connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from notifications import outbox
from notifications.models import NotificationEvent
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests import factories
from tests.harness.processes import SharedProcesses

Record = Callable[..., NotificationEvent]


@pytest.fixture
def alone(shared_processes: SharedProcesses, committed_db: None) -> None:
    """No process of an earlier test publishes or delivers what this one wants to see do so.

    They start again for the next test that asks for them.
    """
    for process in shared_processes.found.values():
        if process.name in ("portal", "worker", "beat"):
            process.stop()


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant("northwind")


@pytest.fixture
def other_tenant(committed_db: None) -> Tenant:
    return factories.make_tenant("contoso")


@pytest.fixture
def record(tenant: Tenant) -> Record:
    """Records an event of an account, without the account."""

    def write(
        event_type: str = "account.topped_up",
        *,
        of: Tenant = tenant,
        account: str = "acc-1",
        payload: dict[str, Any] | None = None,
    ) -> NotificationEvent:
        with tenant_scope(of):
            return outbox.record(
                event_type,
                subject_type="account",
                subject_id=account,
                occurred_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
                payload=payload or {},
            )

    return write


def crossing(**changes: Any) -> dict[str, Any]:
    """The payload of National data going below its 20 % mark: 4 GB of 20."""
    return {
        "bucket": "National data",
        "bucket_id": 1,
        "service": "data",
        "unit": "OCTETS",
        "threshold": "20 %",
        "percent": "20",
        "limit": 4 * 2**30,
        "granted": 20 * 2**30,
        "before": 5 * 2**30,
        "after": 3 * 2**30,
        "direction": "below",
        "state": "20 %",
        "previous_state": "normal",
        "device": "dev-1",
        "session": "ref-1",
        **changes,
    }
