"""Charging sessions as lists and the explanation beside them show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from charging.models import ChargingSession
from charging.selectors import (
    ExplainedMessage,
    SessionDetail,
    explain_detail,
    session_detail,
    sessions_of,
)
from charging.session_memory import decode_state
from plans.models import RatingGroup
from portal.formatting import format_quantity
from portal.tenancy.scope import current_tenant
from subscribers.models import Account

_EXPLAINED_AT_ONCE: Final = 2
"""Messages in the card beside the account; the session's page has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a session used under one rating group, in words."""

    group: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session of a list."""

    session: ChargingSession
    used: list[Used]
    lasted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSession:
    """The last messages of a session with their explanation."""

    session: ChargingSession
    messages: list[ExplainedMessage]
    earlier: int


def session_rows(sessions: Sequence[ChargingSession]) -> list[SessionRow]:
    """The rows of these sessions, in their order."""
    groups = {group.number: group for group in RatingGroup.objects.all()} if sessions else {}
    now = timezone.now()
    return [
        SessionRow(session=session, used=used_by(session, groups), lasted=lasted(session, now))
        for session in sessions
    ]


def used_by(session: ChargingSession, groups: dict[int, RatingGroup]) -> list[Used]:
    """The session's usage so far by rating group, as its memory counts it."""
    totals: dict[int, int] = {}
    for line in decode_state(bytes(session.state_bytes)).lines.values():
        totals[line.rating_group] = totals.get(line.rating_group, 0) + line.used
    return [
        _used(number, amount, groups.get(number)) for number, amount in totals.items() if amount
    ]


def lasted(session: ChargingSession, now: datetime) -> str:
    """How long the session has been open, or was: 4 min 12 s; empty below a second."""
    seconds = ((session.closed_at or now) - session.opened_at) // timedelta(seconds=1)
    return format_quantity(seconds, "SECONDS") if seconds > 0 else ""


def explained_session(session_detail: SessionDetail) -> ExplainedSession:
    """The explanation of a session's last messages."""
    shown = SessionDetail(
        session=session_detail.session, messages=session_detail.messages[-_EXPLAINED_AT_ONCE:]
    )
    return ExplainedSession(
        session=session_detail.session,
        messages=explain_detail(shown),
        earlier=len(session_detail.messages) - len(shown.messages),
    )


def explained_latest(account: Account) -> ExplainedSession | None:
    """The explanation of the account's newest session."""
    latest = sessions_of(account=account).first()
    detail = session_detail(latest.ref) if latest else None
    return explained_session(detail) if detail else None


def _used(number: int, amount: int, group: RatingGroup | None) -> Used:
    if group is None:
        return Used(group=str(number), text=f"{amount:,} units")
    base = current_tenant().gigabyte_base
    noun = "SMS" if group.service == "sms" else "events"
    text = format_quantity(amount, group.unit, gigabyte_base=base, noun=noun)
    return Used(group=group.name, text=text)
