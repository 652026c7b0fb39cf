"""Charging sessions and their messages, as the network sent them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from charging.decisions import Decision, decode
from charging.models import ChargingSession, LedgerEntry, RequestLogEntry
from subscribers.models import Account, Device

OPERATION_NAMES: Final = {"create": "Create", "update": "Update", "release": "Release"}
"""Of Nchf_ConvergedCharging (TS 32.290 §6.2); `sweep` is our own closing of a silent session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """What to list; empty parts do not narrow."""

    state: str = ""
    result: str = ""
    account: Account | None = None
    device: str = ""
    """A device's id."""
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request of a session with its answer and what was decided in between."""

    entry: RequestLogEntry
    decision: Decision

    @property
    def name(self) -> str:
        return OPERATION_NAMES.get(self.entry.operation, "Sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetail:
    """A session with all its messages, oldest first."""

    session: ChargingSession
    messages: list[Message]


def reversals_of(session: ChargingSession) -> QuerySet[LedgerEntry]:
    """What was given back of the session's charges, oldest first; its cost stays as charged."""
    reversed_ = LedgerEntry.objects.filter(session=session, kind=LedgerEntry.Kind.REVERSE)
    return reversed_.select_related("bucket", "account").order_by("pk")


def list_sessions(wanted: SessionFilter) -> QuerySet[ChargingSession]:
    """Sessions of the tenant, newest first."""
    sessions = ChargingSession.objects.select_related("account", "device").order_by("-pk")
    if wanted.account is not None:
        sessions = sessions.filter(account=wanted.account)
    if wanted.device:
        sessions = sessions.filter(device__public_id=wanted.device)
    if wanted.state:
        sessions = sessions.filter(state=wanted.state)
    if wanted.result:
        sessions = sessions.filter(last_result=wanted.result)
    if wanted.opened_from:
        sessions = sessions.filter(opened_at__gte=wanted.opened_from)
    if wanted.opened_before:
        sessions = sessions.filter(opened_at__lt=wanted.opened_before)
    return sessions


def sessions_of(
    *, account: Account | None = None, device: Device | None = None
) -> QuerySet[ChargingSession]:
    """Sessions of an account, of a device, or of the whole tenant, newest first."""
    wanted = SessionFilter(account=account, device=device.public_id if device else "")
    return list_sessions(wanted)


def session_detail(ref: str) -> SessionDetail | None:
    """A session by its reference, with its messages."""
    if "\0" in ref:  # PostgreSQL refuses to compare it
        return None
    session = (
        ChargingSession.objects.select_related("account__tenant", "device").filter(ref=ref).first()
    )
    if session is None:
        return None
    entries = RequestLogEntry.objects.filter(session=session).order_by("pk")
    messages = [Message(entry=entry, decision=decode(entry.decision)) for entry in entries]
    return SessionDetail(session=session, messages=messages)
