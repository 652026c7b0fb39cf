"""Real workers, really killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from charging.models import EmulatedExchange, EmulatedSession
from charging.tests.emulator.conftest import MB, Phone
from deploy.local.processes import wait_until
from portal.tenancy.scope import tenant_scope
from tests.harness.processes import ProcessFactory, ServerProcess

pytestmark = pytest.mark.faults

VOLUME = 3_000 * MB


def test_a_session_survives_the_worker_that_ran_it(
    no_worker: None,
    chf_server: ServerProcess,
    process_factory: ProcessFactory,
    make_phone: Callable[..., Phone],
):
    """kill -9 in mid-session; after the lease another worker goes on, and the sums are right."""
    phone = make_phone()
    first = process_factory.worker(concurrency=1)
    session = phone.start("data", VOLUME)
    assert wait_until(lambda: len(phone.exchanges(session)) >= 5, timeout_seconds=30)

    first.kill()
    with tenant_scope(phone.tenant):  # the lease runs out
        over = datetime.now(UTC)
        EmulatedSession.objects.update(lease_until=over, next_action_at=over)
    process_factory.worker(concurrency=1)
    process_factory.beat()

    assert wait_until(lambda: phone.read(session).state == "ended", timeout_seconds=60)
    bucket = phone.bucket("data")
    assert phone.read(session).used == VOLUME
    assert (bucket.used, bucket.reserved) == (VOLUME, 0)
    with tenant_scope(phone.tenant):
        assert EmulatedExchange.objects.filter(operation="release", status=204).count() == 1
    call_command("verify_ledger")
