"""What the emulated phone is told to do. Each act is a row first; workers carry it out.

The emulator moves real balances, so it works in sandboxes and on devices marked for tests only.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from charging.models import Burst, EmulatedSession
from charging.models.emulation import JobState
from notifications import live
from plans.models import RatingGroup, Service
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid
from subscribers.models import Device

logger = logging.getLogger(__name__)

PERMISSION: Final = "charging.emulate"
QUEUE_GRACE: Final = timedelta(seconds=5)
"""How long a queued job may wait for a worker before the sweep queues it once more."""

VOLUME_MAX: Final = {
    Service.DATA: 2**40,
    Service.VOICE: 24 * 3600,
    Service.SMS: 10_000,
}
"""Octets, seconds, messages of one session."""
BURST_SESSIONS_MAX: Final = 2_000
CONCURRENCY_MAX: Final = 200
DESTINATION_LENGTH_MAX: Final = 40
LABEL_LENGTH_MAX: Final = 60

_ACTIVE: Final = (JobState.QUEUED, JobState.RUNNING)


class EmulationNotAllowed(Exception):
    """The device belongs to live business: neither a sandbox's nor marked for tests."""


class CallInProgress(Exception):
    """The phone is on the line already; hang up first."""


class NotRunning(Exception):
    """The session has ended, so there is nothing to hang up."""


@transaction.atomic
def start_session(
    *,
    device: Device,
    service: str,
    volume: int | None,
    destination: str = "",
    rating_group: int | None = None,
    label: str = "",
    public_id: uuid.UUID | None = None,
    actor: Actor,
    now: datetime,
) -> EmulatedSession:
    """Let the phone use `volume` octets, seconds or messages; None: a call until hung up.

    One emulated session becomes one N40 session, carried out by a worker after the commit. Raises
    EmulationNotAllowed, CallInProgress, PermissionDenied and Invalid (paths service, volume,
    destination, rating_group).
    """
    actor.require(PERMISSION)
    _require_test_device(device)
    _raise_if(_errors(service, volume, destination, rating_group))
    if volume is None:
        _require_no_call(device)
    session = EmulatedSession.objects.create(
        public_id=public_id or uuid.uuid4(),
        device=device,
        service=service,
        label=label[:LABEL_LENGTH_MAX],
        rating_group=rating_group,
        volume=volume,
        destination=destination.strip(),
        next_action_at=now + QUEUE_GRACE,
        created_at=now,
    )
    queue_session(session)
    _tell(device)
    return session


@transaction.atomic
def hang_up(session: EmulatedSession, *, actor: Actor, now: datetime) -> EmulatedSession:
    """End a running call or download: the worker's next step releases it. Raises NotRunning."""
    actor.require(PERMISSION)
    running = EmulatedSession.objects.filter(pk=session.pk, state__in=_ACTIVE)
    if not running.update(hangs_up=True):
        raise NotRunning
    running.filter(lease_until=None).update(next_action_at=now + QUEUE_GRACE)
    session.refresh_from_db()
    queue_session(session)
    _tell(session.device)
    return session


@transaction.atomic
def start_burst(
    *,
    device: Device,
    service: str,
    volume: int,
    sessions: int,
    concurrency: int = 50,
    destination: str = "",
    actor: Actor,
    now: datetime,
) -> Burst:
    """Open many sessions of one device at once, each over `volume`.

    Raises as `start_session` does; further paths are sessions and concurrency.
    """
    actor.require(PERMISSION)
    _require_test_device(device)
    errors = _errors(service, volume, destination, None)
    if not 1 <= sessions <= BURST_SESSIONS_MAX:
        errors.append(FieldError("sessions", f"Enter 1 to {BURST_SESSIONS_MAX:,} sessions."))
    if not 1 <= concurrency <= CONCURRENCY_MAX:
        errors.append(FieldError("concurrency", f"Enter 1 to {CONCURRENCY_MAX} at a time."))
    _raise_if(errors)
    burst = Burst.objects.create(
        device=device,
        service=service,
        volume=volume,
        destination=destination.strip(),
        sessions=sessions,
        concurrency=concurrency,
        created_at=now,
        lease_until=now + QUEUE_GRACE,
    )
    queue_burst(burst)
    _tell(device)
    return burst


def may_emulate(device: Device) -> bool:
    """Whether the emulator may use the device of the open scope's tenant."""
    return current_tenant().is_sandbox or device.is_test


def due_sessions(*, now: datetime) -> QuerySet[EmulatedSession]:
    """Of the open scope: what no worker looks after although its time has come."""
    return EmulatedSession.objects.filter(state__in=_ACTIVE, next_action_at__lte=now).order_by(
        "next_action_at", "pk"
    )


def due_bursts(*, now: datetime) -> QuerySet[Burst]:
    """The same for bursts: their lease has run out."""
    return Burst.objects.filter(state__in=_ACTIVE, lease_until__lte=now).order_by("pk")


def queue_session(session: EmulatedSession) -> None:
    """Hand a session to the workers once this commits; the sweep finds what gets lost."""
    from charging.tasks import run_emulated_session

    _queue(run_emulated_session, tenant_id=session.tenant_id, session_id=session.pk)


def queue_burst(burst: Burst) -> None:
    """The same for a burst."""
    from charging.tasks import run_burst_chunk

    _queue(run_burst_chunk, tenant_id=burst.tenant_id, burst_id=burst.pk)


def _queue(task: Any, **ids: int) -> None:
    def send() -> None:
        try:
            task.apply_async(kwargs=ids, retry=False)
        except OperationalError as error:
            logger.debug("The job waits for the sweep: %s", error)

    transaction.on_commit(send)


def _tell(device: Device) -> None:
    live.after_commit(partial(live.announce_phone, device.pk))


def _require_test_device(device: Device) -> None:
    if not may_emulate(device):
        raise EmulationNotAllowed(
            "The emulator works in sandboxes and on devices marked as test devices."
        )


def _require_no_call(device: Device) -> None:
    calls = EmulatedSession.objects.filter(device=device, state__in=_ACTIVE, volume=None)
    if calls.exists():
        raise CallInProgress("The phone is on the line already: hang up first.")


def _raise_if(errors: list[FieldError]) -> None:
    if errors:
        raise Invalid(errors)


def _errors(
    service: str, volume: int | None, destination: str, rating_group: int | None
) -> list[FieldError]:
    """What is wrong with a session that somebody asks for."""
    if service not in VOLUME_MAX:
        return [FieldError("service", "Choose voice, sms or data.")]
    most = VOLUME_MAX[Service(service)]
    errors = []
    if volume is None and service != Service.VOICE:
        errors.append(FieldError("volume", "Say how much to use."))
    if volume is not None and not 1 <= volume <= most:
        errors.append(FieldError("volume", f"Enter 1 to {most:,} {_UNIT_WORDS[Service(service)]}."))
    if len(destination.strip()) > DESTINATION_LENGTH_MAX:
        errors.append(FieldError("destination", "A number has at most 40 characters."))
    if rating_group is not None and (problem := _rating_group_problem(rating_group, service)):
        errors.append(FieldError("rating_group", problem))
    return errors


_UNIT_WORDS: Final = {Service.DATA: "octets", Service.VOICE: "seconds", Service.SMS: "messages"}


def _rating_group_problem(number: int, service: str) -> str:
    group = RatingGroup.objects.filter(number=number).first()
    if group is None:
        return f"There is no rating group {number}."
    if group.service != service:
        return f"Rating group {number} is for {group.get_service_display().lower()}."
    return ""
