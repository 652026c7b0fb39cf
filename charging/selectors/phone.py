"""What the phone page shows: the log of messages and events, SMS, the running call, a burst."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from charging.models import Burst, EmulatedExchange, EmulatedSession, RequestLogEntry
from charging.models.emulation import JobState
from notifications.crossings import read_crossing
from notifications.event_types import EVENT_TYPES
from notifications.messages import text_for
from notifications.models import NotificationEvent
from plans.models import UNIT_OF_SERVICE
from portal.formatting import format_money, format_quantity
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from subscribers.models import Account, Device

ROWS_MAX: Final = 200
SESSIONS_LOOKED_AT: Final = 50
EVENTS_LOOKED_AT: Final = 60
MESSAGES_MAX: Final = 12

_OPERATIONS: Final = {"create": "Create", "update": "Update", "release": "Release"}
_DENIED: Final = ("DENIED", "LIMIT_REACHED", "REJECTED", "RATING_FAILED", "USER_UNKNOWN")

#: Events that are a line of the log, with the word before it and its tone.
_EVENT_ROWS: Final = {
    "bucket.threshold_crossed": ("NOTIFY", "warn"),
    "bucket.exhausted": ("NOTIFY", "warn"),
    "bucket.expired": ("NOTIFY", "warn"),
    "bucket.credit_limit_passed": ("NOTIFY", "bad"),
    "usage.unrated": ("UNRATED", "bad"),
    "account.topped_up": ("TOP-UP", "good"),
    "account.adjusted": ("ADJUST", "info"),
    "account.transferred": ("TRANSFER", "info"),
    "account.reversed": ("REVERSE", "good"),
    "plan_subscription.started": ("PLAN", "good"),
    "plan_subscription.activated": ("PLAN", "good"),
    "plan_subscription.renewed": ("RENEWED", "good"),
    "plan_subscription.grace_started": ("GRACE", "warn"),
    "plan_subscription.lapsed": ("LAPSED", "bad"),
    "session.closed_by_sweep": ("SWEEP", "warn"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line of the charging log."""

    key: str
    """Names the row on the page; the same row has it again after a reconnection."""
    at: datetime
    code: str
    kind: str
    """charge, notify, denied or error: what the filters switch."""
    tone: str
    text: str
    cost: str = ""
    exchange_key: int | None = None
    """Request and answer can be asked for by it; None for an event."""
    payload: dict[str, Any] | None = None
    zone: tzinfo

    @property
    def is_of_today(self) -> bool:
        """Of the day it is in the tenant's zone: the time alone says when."""
        return self.at.astimezone(self.zone).date() == timezone.now().astimezone(self.zone).date()

    @property
    def time(self) -> str:
        """To the millisecond, in the tenant's zone."""
        local = self.at.astimezone(self.zone)
        return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """A message that the subscriber reads on the phone."""

    key: str
    at: datetime
    text: str


def log_of(device: Device) -> list[LogRow]:
    """The newest rows of a device, oldest first."""
    rows = [*_exchange_rows(device), *_event_rows(device.account)]
    return sorted(rows, key=lambda row: (row.at, row.key))[-ROWS_MAX:]


def sms_of(account: Account) -> list[Sms]:
    """What the subscriber was told, oldest first."""
    tenant = current_tenant()
    found = ((event, text_for(event, tenant=tenant)) for event in _events_of(account))
    messages = [
        Sms(key=f"sms-{event.position}", at=event.occurred_at, text=text)
        for event, text in found
        if text
    ]
    return messages[:MESSAGES_MAX][::-1]


def running_call(device: Device) -> EmulatedSession | None:
    """The call that lasts until it is hung up, if one does."""
    return _active(device).filter(volume=None).order_by("-pk").first()


def running_downloads(device: Device) -> list[EmulatedSession]:
    """What else is under way, oldest first."""
    return list(_active(device).exclude(volume=None).order_by("pk")[:20])


def newest_burst(device: Device) -> Burst | None:
    return Burst.objects.filter(device=device).order_by("-pk").first()


def find_emulated_session(device: Device, public_id: UUID) -> EmulatedSession | None:
    """One of the device's sessions by its public id."""
    return (
        EmulatedSession.objects.select_related("device")
        .filter(device=device, public_id=public_id)
        .first()
    )


def phones() -> QuerySet[Device]:
    """Devices that the emulator may use, the newest first."""
    devices = Device.objects.select_related("account__tenant").order_by("-created_at", "-pk")
    return devices if current_tenant().is_sandbox else devices.filter(is_test=True)


def _active(device: Device) -> QuerySet[EmulatedSession]:
    return EmulatedSession.objects.filter(
        device=device, state__in=[JobState.QUEUED, JobState.RUNNING]
    )


# ── messages of N40 ──────────────────────────────────────────────────────────────────────────


def _exchange_rows(device: Device) -> list[LogRow]:
    """Ids are no order of commits, so the newest are read anew instead of those past the last."""
    newest = EmulatedSession.objects.filter(device=device).order_by("-pk").values("pk")
    exchanges = list(
        EmulatedExchange.objects.filter(session_id__in=newest[:SESSIONS_LOOKED_AT])
        .select_related("session")
        .order_by("-pk")[:ROWS_MAX]
    )
    costs = _costs(exchanges)
    tenant, currency = current_tenant(), device.account.currency
    return [_exchange_row(exchange, costs, currency, tenant) for exchange in exchanges]


def _costs(exchanges: list[EmulatedExchange]) -> dict[tuple[str, str, int], int]:
    """What the built-in charging function charged for each request, in nano-units."""
    refs = {exchange.session.charging_ref for exchange in exchanges} - {""}
    entries = RequestLogEntry.objects.filter(
        session__ref__in=refs, sequence_number__in={e.sequence_number for e in exchanges}
    ).values_list("session__ref", "operation", "sequence_number", "cost")
    return {(ref, operation, number): cost for ref, operation, number, cost in entries}


def _exchange_row(
    exchange: EmulatedExchange,
    costs: dict[tuple[str, str, int], int],
    currency: str,
    tenant: Tenant,
) -> LogRow:
    kind, tone = _outcome(exchange)
    request = (exchange.session.charging_ref, exchange.operation, exchange.sequence_number)
    cost = costs.get(request)
    return LogRow(
        key=f"x-{exchange.pk}",
        at=exchange.at,
        code=exchange.result,
        kind=kind,
        tone=tone,
        text=_exchange_text(exchange, exchange.session, tenant),
        cost="" if cost is None else format_money(cost, currency),
        exchange_key=exchange.pk,
        zone=tenant.zone,
    )


def _outcome(exchange: EmulatedExchange) -> tuple[str, str]:
    """Kind and tone: refused, failed, the last grant, or simply charged."""
    if any(word in exchange.result for word in _DENIED):
        return "denied", "bad"
    if exchange.status is None or exchange.status >= 400:
        return "error", "bad"
    return ("charge", "warn") if exchange.is_final else ("charge", "good")


def _exchange_text(exchange: EmulatedExchange, session: EmulatedSession, tenant: Tenant) -> str:
    unit = UNIT_OF_SERVICE[session.service]  # type: ignore[index]

    def words(amount: int) -> str:
        return format_quantity(amount, unit, gigabyte_base=tenant.gigabyte_base)

    operation = _OPERATIONS.get(exchange.operation, exchange.operation)
    again = ", sent again" if exchange.is_retransmission else ""
    parts = [f"{operation}{again}", session.label or session.get_service_display()]
    if exchange.used:
        parts.append(f"used {words(exchange.used)}")
    if exchange.requested:
        parts.append(f"asked {words(exchange.requested)}")
    if exchange.granted is not None:
        is_part = exchange.requested is not None and exchange.granted < exchange.requested
        parts.append(f"granted {words(exchange.granted)}{' of it' if is_part else ''}")
    if exchange.is_final:
        parts.append("final units")
    if exchange.error:
        parts.append(exchange.error)
    return " · ".join(parts)


def curl_of(exchange: EmulatedExchange) -> str:
    """The same request for a shell; the token is left to whoever runs it."""
    body = json.dumps(exchange.request, separators=(",", ":"), ensure_ascii=False)
    return " ".join(
        [
            "curl --http2-prior-knowledge -X POST",
            shlex.quote(exchange.url),
            "-H 'content-type: application/json'",
            '-H "authorization: Bearer $TOKEN"',
            "-d",
            shlex.quote(body),
        ]
    )


# ── events ───────────────────────────────────────────────────────────────────────────────────


def _events_of(account: Account) -> list[NotificationEvent]:
    """Newest first."""
    events = NotificationEvent.objects.filter(
        Q(account_key=account.pk), position__isnull=False
    ).order_by("-position")
    return list(events[:EVENTS_LOOKED_AT])


def _event_rows(account: Account) -> list[LogRow]:
    return [_event_row(event) for event in _events_of(account) if event.type in _EVENT_ROWS]


def _event_row(event: NotificationEvent) -> LogRow:
    code, tone = _EVENT_ROWS[event.type]
    if event.type == "bucket.threshold_crossed" and not read_crossing(event.payload).is_low:
        tone = "good"
    text = text_for(event, tenant=current_tenant())
    return LogRow(
        key=f"e-{event.position}",
        at=event.occurred_at,
        code=code,
        kind="notify",
        tone=tone,
        text=text or EVENT_TYPES[event.type],
        payload=event.payload,
        zone=current_tenant().zone,
    )
