"""What the phone may be told, and what becomes of it: a row first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from charging import emulator, tasks
from charging.models import EmulatedSession
from portal.tenancy.actor import SYSTEM, Actor, PermissionDenied
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid
from subscribers.models import Device
from tests import factories


@pytest.fixture
def sandbox(db: None):
    tenant = factories.make_tenant()
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def device(sandbox: Tenant, now: datetime) -> Device:
    return factories.make_device(factories.make_account(now=now), now=now)


def start(device: Device, now: datetime, **given: Any) -> EmulatedSession:
    wanted = {"service": "sms", "volume": 1, "actor": SYSTEM, "now": now, **given}
    return emulator.start_session(device=device, **wanted)


def test_a_session_is_a_row_before_anybody_works_on_it(device, now):
    session = start(device, now, service="data", volume=2**31, label="Episode")

    session.refresh_from_db()
    assert (session.state, session.volume, session.label) == ("queued", 2**31, "Episode")


def test_what_no_worker_takes_is_due_for_the_sweep_after_a_moment(device, now):
    session = start(device, now)

    assert list(emulator.due_sessions(now=now)) == []
    assert list(emulator.due_sessions(now=now + timedelta(seconds=5))) == [session]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"service": "money"}, "service"),
        ({"service": "fax"}, "service"),
        ({"volume": 0}, "volume"),
        ({"volume": 10_001}, "volume"),
        ({"service": "data", "volume": 2**40 + 1}, "volume"),
        ({"service": "data", "volume": None}, "volume"),
        ({"destination": "1" * 41}, "destination"),
        ({"rating_group": 999}, "rating_group"),
        ({"rating_group": 300}, "rating_group"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(device, now, given, path):
    with pytest.raises(Invalid) as refused:
        start(device, now, **given)

    assert [error.path for error in refused.value.errors] == [path]
    assert not EmulatedSession.objects.exists()


def test_live_devices_are_left_alone(db, now):
    tenant = factories.make_tenant(is_sandbox=False)
    with tenant_scope(tenant):
        device = factories.make_device(factories.make_account(now=now), now=now)

        with pytest.raises(emulator.EmulationNotAllowed):
            start(device, now)


def test_a_test_device_works_in_live_business_too(db, now):
    tenant = factories.make_tenant(is_sandbox=False)
    with tenant_scope(tenant):
        device = factories.make_device(factories.make_account(now=now), now=now)
        Device.objects.update(is_test=True)
        device.refresh_from_db()

        assert start(device, now).state == "queued"


def test_a_phone_makes_one_call_at_a_time(device, now):
    start(device, now, service="voice", volume=None)

    with pytest.raises(emulator.CallInProgress):
        start(device, now, service="voice", volume=None)


def test_hanging_up_marks_the_call_for_its_next_step(device, now):
    call = start(device, now, service="voice", volume=None)

    emulator.hang_up(call, actor=SYSTEM, now=now)

    call.refresh_from_db()
    assert call.hangs_up


def test_what_has_ended_cannot_be_hung_up(device, now):
    call = start(device, now, service="voice", volume=None)
    EmulatedSession.objects.update(state="ended")

    with pytest.raises(emulator.NotRunning):
        emulator.hang_up(call, actor=SYSTEM, now=now)


def test_the_emulator_needs_its_permission(device, now):
    viewer = Actor(kind="user", id=1, name="V", permissions=frozenset({"charging.view"}))

    with pytest.raises(PermissionDenied):
        start(device, now, actor=viewer)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"sessions": 0}, "sessions"),
        ({"sessions": 2_001}, "sessions"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
def test_a_burst_has_its_limits(device, now, given, path):
    wanted = {"service": "sms", "volume": 1, "sessions": 10, "actor": SYSTEM, "now": now, **given}

    with pytest.raises(Invalid) as refused:
        emulator.start_burst(device=device, **wanted)

    assert [error.path for error in refused.value.errors] == [path]


def test_the_sweep_queues_again_what_a_killed_worker_left(device, now, monkeypatch):
    """And only once while it waits in the queue."""
    queued: list[str] = []
    monkeypatch.setattr(emulator, "_queue", lambda task, **ids: queued.append(task.__name__))
    start(device, now)
    wanted = {"service": "sms", "volume": 1, "sessions": 3, "actor": SYSTEM, "now": now}
    emulator.start_burst(device=device, **wanted)
    queued.clear()

    tasks.sweep_emulation()
    tasks.sweep_emulation()

    assert sorted(queued) == ["run_burst_chunk", "run_emulated_session"]
