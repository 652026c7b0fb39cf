"""Sessions as the charger would have left them, for tests of those who read."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any

from charging.decisions import encode
from charging.engine.values import Line, SessionState
from charging.models import ChargingSession, RequestLogEntry
from charging.refs import make_ref
from charging.session_memory import encode_state
from subscribers.models import Device

_sequence = itertools.count()


def record_session(
    device: Device, *, opened_at: datetime, used: dict[int, int] | None = None, **fields: Any
) -> ChargingSession:
    """A session of the device; `used` are units by rating group."""
    memory = SessionState(
        lines={
            f"{number}/": Line(rating_group=number, used=amount)
            for number, amount in (used or {}).items()
        }
    )
    return ChargingSession.objects.create(
        **{
            "account": device.account,
            "device": device,
            "ref": make_ref(device.account_id),
            "subscriber_identifier": device.supi,
            "opened_at": opened_at,
            "last_request_at": opened_at,
            "deadline_at": opened_at + timedelta(hours=1),
            "last_result": "SUCCESS",
            "state_bytes": encode_state(memory),
            **fields,
        }
    )


def record_message(
    session: ChargingSession,
    operation: str,
    *,
    status: int = 200,
    after: timedelta = timedelta(0),
    request: Any = None,
    answer: Any = None,
    usage: list[tuple[int, str, int, int]] | None = None,
    trace: list[tuple[object, ...]] | None = None,
    cost: int = 0,
    raw: str = "",
) -> RequestLogEntry:
    """A message of the session, `after` it was opened; `raw` stands for bodies that are no JSON."""
    return RequestLogEntry.objects.create(
        account=session.account,
        session=session,
        operation=operation,
        sequence_number=next(_sequence),
        fingerprint=b"",
        received_at=session.opened_at + after,
        status=status,
        cost=cost,
        request=raw if request is None else json.dumps(request),
        answer=raw if answer is None else json.dumps(answer),
        decision=encode(trace or [], usage or []),
    )
