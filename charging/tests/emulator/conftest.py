"""A phone of a sandbox, and the worker's part played by the test itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from charging import emulator, emulator_runner
from charging.models import Bucket, EmulatedExchange, EmulatedSession
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Device
from tests import factories
from tests.harness.processes import ServerProcess, SharedProcesses

MB = factories.MEGABYTE


@dataclass
class Phone:
    """A device on "Flex 20": 20 GB, 300 minutes, 500 SMS."""

    tenant: Tenant
    device: Device

    def start(self, service: str, volume: int | None, **more: Any) -> EmulatedSession:
        with tenant_scope(self.tenant):
            return emulator.start_session(
                device=self.device,
                service=service,
                volume=volume,
                actor=SYSTEM,
                now=datetime.now(UTC),
                **more,
            )

    def hang_up(self, session: EmulatedSession) -> None:
        with tenant_scope(self.tenant):
            emulator.hang_up(session, actor=SYSTEM, now=datetime.now(UTC))

    def work(self, session: EmulatedSession, *, later: timedelta = timedelta()) -> datetime | None:
        """One worker's turn; when to come back."""
        with tenant_scope(self.tenant):
            claimed = emulator_runner.claim(session.pk, now=datetime.now(UTC) + later)
            assert claimed is not None, "somebody else holds the lease"
            return async_to_sync(emulator_runner.carry_on)(claimed)

    def read(self, session: EmulatedSession) -> EmulatedSession:
        with tenant_scope(self.tenant):
            return EmulatedSession.objects.get(pk=session.pk)

    def exchanges(self, session: EmulatedSession) -> list[EmulatedExchange]:
        with tenant_scope(self.tenant):
            return list(EmulatedExchange.objects.filter(session=session).order_by("pk"))

    def bucket(self, service: str) -> Bucket:
        with tenant_scope(self.tenant):
            return Bucket.objects.get(account=self.device.account, service=service)


@pytest.fixture
def quick(settings: Any) -> None:
    """Nobody watches: no pauses between messages."""
    settings.EMULATOR_PACE_SECONDS = 0


@pytest.fixture
def no_worker(shared_processes: SharedProcesses) -> None:
    """Workers of earlier tests would do what this test does by hand."""
    for process in shared_processes.found.values():
        if process.name in ("worker", "beat"):
            process.stop()


@pytest.fixture
def make_phone(committed_db: None) -> Callable[..., Phone]:
    def make(slug: str = "northwind", *, plan_code: str | None = "flex-20") -> Phone:
        now = datetime.now(UTC)
        tenant = factories.make_tenant(slug)
        with tenant_scope(tenant):
            factories.make_published_plan(now=now)
            account = factories.make_account("acc-1", plan_code=plan_code, now=now)
            device = factories.make_device(account, public_id="dev-1", now=now)
        return Phone(tenant=tenant, device=device)

    return make


@pytest.fixture
def phone(
    quick: None, no_worker: None, chf_server: ServerProcess, make_phone: Callable[..., Phone]
) -> Phone:
    """A phone whose charging function runs."""
    return make_phone()
