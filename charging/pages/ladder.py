"""The ladder of a session: each message, its 3GPP name, its lines, and why it was answered so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from charging.models import RequestLogEntry
from charging.selectors import ExplainedMessage, SessionDetail, explain_detail
from plans.models import RatingGroup
from portal.formatting import format_quantity
from portal.tenancy.scope import current_tenant

_STATUS_WORDS: Final = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
}
_MEASURES: Final = (
    ("totalVolume", "OCTETS"),
    ("time", "SECONDS"),
    ("serviceSpecificUnits", "EVENTS"),
)
"""GrantedUnit and RequestedUnit of TS 32.291 §6.1.6.2: which field counts what."""


@dataclass(slots=True, kw_only=True)
class Line:
    """What one message said and was told about one rating group; amounts in words."""

    rating_group: int
    name: str
    requested: str = ""
    used: str = ""
    granted: str = ""
    result: str = ""
    is_final: bool = False
    cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One message of the ladder with its answer."""

    explained: ExplainedMessage
    title: str
    answer_title: str
    lines: list[Line]
    after: str
    """How long after the session's first message: 12 ms, 1.5 s, 5 min."""

    @property
    def entry(self) -> RequestLogEntry:
        return self.explained.message.entry

    @property
    def tone(self) -> str:
        if self.entry.status >= 400:
            return "bad"
        refused = any(line.result not in ("", "SUCCESS") for line in self.lines)
        return "warn" if refused else "good"


def ladder_of(detail: SessionDetail) -> list[Rung]:
    """Every message of a session, oldest first."""
    groups = {group.number: group for group in RatingGroup.objects.all()}
    explained = explain_detail(detail)
    return [_rung(message, groups, detail) for message in explained]


def _rung(
    explained: ExplainedMessage, groups: Mapping[int, RatingGroup], detail: SessionDetail
) -> Rung:
    entry = explained.message.entry
    name = explained.message.name
    is_ours = entry.operation == "sweep"
    first = detail.messages[0].entry.received_at
    return Rung(
        explained=explained,
        title="Closed by the sweep" if is_ours else f"{name} request",
        answer_title=f"{entry.status} {_STATUS_WORDS.get(entry.status, '')}".strip(),
        lines=_lines(explained, groups),
        after=_duration(entry.received_at - first),
    )


def _lines(explained: ExplainedMessage, groups: Mapping[int, RatingGroup]) -> list[Line]:
    """By rating group in the order of the request; what only the decision knows comes last."""
    message, lines = explained.message, dict[int, Line]()

    def line(number: int) -> Line:
        group = groups.get(number)
        name = group.name if group else "unknown"
        return lines.setdefault(number, Line(rating_group=number, name=name))

    for usage in _parts(message.entry.request, "multipleUnitUsage"):
        if "requestedUnit" in usage:
            asked = _amount(usage["requestedUnit"])
            line(usage["ratingGroup"]).requested = asked or "any"
    for number, _upf, units, cost in message.decision.usage:
        group = groups.get(number)
        line(number).used = _say(units, group.unit) if group else f"{units:,}"
        line(number).cost += cost
    for told in _parts(message.entry.answer, "multipleUnitInformation"):
        found = line(told["ratingGroup"])
        found.granted = _amount(told.get("grantedUnit"))
        found.result = str(told.get("resultCode", ""))
        found.is_final = "finalUnitIndication" in told
    return list(lines.values())


def _parts(body: str, name: str) -> Iterator[dict[str, Any]]:
    """The entries of a list in a JSON body that name a rating group; none in anything else."""
    try:
        parts = json.loads(body).get(name)
    except (ValueError, AttributeError):
        return
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(part.get("ratingGroup"), int):
            yield part


def _amount(unit: Any) -> str:
    if not isinstance(unit, dict):
        return ""
    for field, measure in _MEASURES:
        if isinstance(unit.get(field), int):
            return _say(unit[field], measure)
    return ""


def _duration(passed: timedelta) -> str:
    """As exact as is of use: 12 ms, 1.5 s, 5 min."""
    if passed < timedelta(seconds=1):
        return f"{passed // timedelta(milliseconds=1)} ms"
    if passed < timedelta(seconds=10):
        seconds, tenths = divmod(passed // timedelta(milliseconds=100), 10)
        return f"{seconds}.{tenths} s"
    return format_quantity(passed // timedelta(seconds=1), "SECONDS")


def _say(amount: int, unit: str) -> str:
    base = current_tenant().gigabyte_base
    return format_quantity(amount, unit, gigabyte_base=base, noun="units")
