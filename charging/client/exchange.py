"""One request and what became of it, in the form in which a log shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from charging.engine.tariff import Unit
from charging.nchf import reading
from charging.nchf.messages import MultipleUnitInformation, Operation

_UNITS = {
    "totalVolume": Unit.OCTETS,
    "uplinkVolume": Unit.OCTETS,
    "downlinkVolume": Unit.OCTETS,
    "time": Unit.SECONDS,
    "serviceSpecificUnits": Unit.EVENTS,
}
_ESSENTIAL = ("ratingGroup", "uPFID", "resultCode", "grantedUnit")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """What a request asked and reported for one rating group, and what it got."""

    rating_group: int
    upf_id: str
    unit: Unit | None
    requested: int | None
    """None when no amount was named."""
    used: int
    result_code: str
    """"" when the answer gave none."""
    granted: int | None
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request as it was sent (last) and its answer, if one came."""

    operation: Operation
    url: str
    sequence_number: int
    request: dict[str, Any]
    status: int | None = None
    """None: no answer came."""
    answer: dict[str, Any] | None = None
    answer_text: str = ""
    """The answer's first characters when it is no JSON object."""
    location: str = ""
    error: str = ""
    """Why there is no answer."""
    transmissions: int = 1
    sent_at: datetime
    duration_seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_unresolved(self) -> bool:
        """Nobody can say whether the charging function has done it: send the same again."""
        return self.status is None or self.status >= 500

    @property
    def is_known_release(self) -> bool:
        """The session is gone because an earlier transmission of this release closed it."""
        is_repeat = self.request.get("retransmissionIndicator") is True
        return self.operation is Operation.RELEASE and self.status == 404 and is_repeat

    @property
    def cause(self) -> str:
        return self._text_of("cause")

    @property
    def detail(self) -> str:
        return self._text_of("detail") or self._text_of("title") or self.error

    def _text_of(self, name: str) -> str:
        value = self.answer.get(name) if self.answer else None
        return value if isinstance(value, str) else ""

    @property
    def unit_information(self) -> list[MultipleUnitInformation]:
        """The answer's entries per rating group; what cannot be read counts as not said."""
        content = self.answer.get("multipleUnitInformation") if self.answer else None
        entries = map(_readable, content if isinstance(content, list) else ())
        return [entry for entry in entries if entry is not None]

    @property
    def results(self) -> list[LineResult]:
        """One entry per rating group and UPF of the request, in its order."""
        answered = {
            (entry.rating_group, entry.upf_id or ""): entry for entry in self.unit_information
        }
        return [
            _line_result(usage, answered) for usage in self.request.get("multipleUnitUsage", ())
        ]


def _readable(content: Any) -> MultipleUnitInformation | None:
    """An entry with what is odd left out: an older validityTime is a date, actions are empty."""
    if not isinstance(content, dict):
        return None
    essential = {name: content[name] for name in _ESSENTIAL if name in content}
    for candidate in (content, essential):
        try:
            return msgspec.convert(candidate, MultipleUnitInformation, strict=False)
        except msgspec.ValidationError:
            continue
    return None


def _line_result(
    usage: dict[str, Any], answered: dict[tuple[int, str], MultipleUnitInformation]
) -> LineResult:
    rating_group, upf_id = usage["ratingGroup"], usage.get("uPFID", "")
    entry = answered.get((rating_group, upf_id)) or answered.get((rating_group, ""))
    containers = usage.get("usedUnitContainer", [])
    unit = _unit_of([usage.get("requestedUnit") or {}, *containers])
    granted = entry.granted_unit if entry else None
    if granted is not None and unit is None:
        unit = _granted_in(entry)
    return LineResult(
        rating_group=rating_group,
        upf_id=upf_id,
        unit=unit,
        requested=_amount_of(unit, usage.get("requestedUnit")),
        used=sum(_amount_of(unit, container) or 0 for container in containers),
        result_code=(entry.result_code or "") if entry else "",
        granted=reading.amount_in(unit, granted) if granted is not None and unit else None,
        is_final=bool(entry and entry.final_unit_indication),
    )


def _unit_of(contents: list[dict[str, Any]]) -> Unit | None:
    return next((_UNITS[name] for content in contents for name in content if name in _UNITS), None)


def _granted_in(entry: MultipleUnitInformation | None) -> Unit | None:
    if entry is None or entry.granted_unit is None:
        return None
    units = (Unit.OCTETS, Unit.SECONDS, Unit.EVENTS)
    return next((u for u in units if reading.amount_in(u, entry.granted_unit) is not None), None)


def _amount_of(unit: Unit | None, content: dict[str, Any] | None) -> int | None:
    match unit, content:
        case Unit.OCTETS, dict():
            return content.get("totalVolume")
        case Unit.SECONDS, dict():
            return content.get("time")
        case Unit.EVENTS, dict():
            return content.get("serviceSpecificUnits")
        case _:
            return None
