"""Case files of the format `rating-cases/1`: JSON in, values out, nothing overlooked.

Numbers are read as decimals, never as floating point. A field that is not known is an error that
names it, so that a misspelt one does not go unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from charging.engine.cases.case import (
    UNLIMITED,
    Case,
    Event,
    Expectation,
    Given,
    Kind,
    MaxRate,
    Op,
)
from charging.engine.cases.nodes import Fields, Node, NotACase
from charging.engine.cases.reading_given import read_given

FORMAT = "rating-cases/1"

_CALL_SECONDS_MAX = 10**9
"""A call is split at every midnight."""

_REPEAT_MAX = 100_000

_USES = (Kind.VOICE, Kind.DATA, Kind.SMS, Kind.GENERIC)


class NotACaseFile(Exception):
    """The file cannot be read, or is none of the format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenCase:
    """A case that cannot be run, and why."""

    id: str
    problem: str


def read_file(path: Path) -> list[Case | BrokenCase]:
    """Every case of a file, in its order; one that cannot be read does not spoil the others."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise NotACaseFile(f"{path}: cannot be read: {reason}") from None
    try:
        return read_document(parse(text))
    except NotACase as error:
        raise NotACaseFile(f"{path}: {error}") from None


def parse(text: str) -> object:
    """JSON with exact numbers; a name that stands twice in an object is an error."""
    try:
        parsed: object = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        raise NotACase(f"is not JSON: {error}") from None
    except RecursionError:
        raise NotACase("is nested too deeply") from None
    return parsed


def _refuse(constant: str) -> object:
    raise NotACase(f"{constant} is not a number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise NotACase(f"{', '.join(map(repr, twice))} twice in one object")
    return members


def read_document(document: object) -> list[Case | BrokenCase]:
    """The cases of a file's JSON: an object of the format, or a bare list of cases."""
    node = Node(document, "")
    if isinstance(document, list):
        return [*_read_cases(node)]
    fields = node.fields("format", "about", "cases")
    named = fields.need("format").text()
    if named != FORMAT:
        raise NotACase(f"is of the format {named!r}, not {FORMAT!r}")
    return [*_read_cases(fields.need("cases"))]


def _read_cases(node: Node) -> Iterator[Case | BrokenCase]:
    seen: set[str] = set()
    for place, each in enumerate(node.items()):
        members = each.value if isinstance(each.value, dict) else {}
        given_id = members.get("id")
        named = given_id if isinstance(given_id, str) and given_id else f"cases[{place}]"
        try:
            case = read_case(each.value)
        except NotACase as error:
            yield BrokenCase(id=named, problem=str(error))
        else:
            if case.id in seen:
                yield BrokenCase(id=case.id, problem="another case of this file has this id")
            else:
                yield case
            seen.add(case.id)


def read_case(document: object) -> Case:
    """One case; `NotACase` names what cannot be read and where it stands."""
    fields = Node(document, "").fields(
        *("id", "title", "tags", "given", "events", "expect", "expect_unrounded", "tolerance"),
        *("notes", "source", "basis", "upstream_asserts"),
    )
    tolerance, notes = fields.get("tolerance"), fields.get("notes")
    given = fields.get("given")
    tags = fields.get("tags")
    case = Case(
        id=fields.need("id").text(),
        title=fields.text("title"),
        tags=tags.texts() if tags else (),
        given=read_given(given) if given else Given(),
        events=tuple(_read_event(each) for each in fields.need("events").items()),
        expect=tuple(_read_expectation(each) for each in fields.need("expect").items()),
        unrounded=tuple(_read_expectation(each) for each in fields.list_of("expect_unrounded")),
        tolerance=tolerance.amount() if tolerance else Decimal(0),
        notes=notes.text() if notes else "",
    )
    if len(case.expect) != len(case.events):
        raise fields.need("expect").fail("must have one entry for each event")
    if case.unrounded and len(case.unrounded) != len(case.events):
        raise fields.need("expect_unrounded").fail("must have one entry for each event")
    return case


# ── events and expectations ──────────────────────────────────────────────────────────────────


def _read_event(node: Node) -> Event:
    fields = node.fields(
        *("op", "type", "category", "subject", "destination", "answer_time", "usage", "account"),
        *("loop", "round_cost", "factor_key", "max_rate", "all_or_nothing", "deny_negative"),
        *("last_used", "total_usage", "repeat"),
    )
    op = Op(fields.need("op").choice(Op))
    usage, loop, repeat = fields.get("usage"), fields.get("loop"), fields.get("repeat")
    last_used, total_usage = fields.get("last_used"), fields.get("total_usage")
    max_rate = fields.get("max_rate")
    if usage is None and op is not Op.SESSION_END and not (op is Op.SESSION_UPDATE and total_usage):
        raise node.fail("'usage' is missing")
    kind = Kind(fields.need("type").choice(_USES))
    most = _CALL_SECONDS_MAX if kind is Kind.VOICE else None
    return Event(
        op=op,
        kind=kind,
        category=fields.text("category"),
        subject=fields.text("subject"),
        destination=fields.text("destination"),
        at=fields.need("answer_time").instant(),
        usage=usage.whole(0, most) if usage else None,
        account=fields.text("account"),
        loop=loop.whole() if loop else None,
        rounds_cost=fields.flag("round_cost"),
        factor_key=fields.text("factor_key"),
        max_rate=_read_max_rate(max_rate) if max_rate else None,
        all_or_nothing=fields.flag("all_or_nothing"),
        denies_negative=fields.flag("deny_negative"),
        last_used=last_used.whole(0, most) if last_used else None,
        total_usage=total_usage.whole(0, most) if total_usage else None,
        repeat=repeat.whole(1, _REPEAT_MAX) if repeat else 1,
    )


def _read_max_rate(node: Node) -> MaxRate:
    fields = node.fields("rate", "unit")
    unit = fields.get("unit")
    return MaxRate(rate=fields.need("rate").amount(), unit=unit.whole(1) if unit else 1)


def _read_expectation(node: Node) -> Expectation:
    fields = node.fields("cost", "granted", "charged_usage", "session_usage", "error", "balances")
    granted = fields.get("granted")
    return Expectation(
        cost=_number(fields, "cost"),
        granted=_granted(granted) if granted else None,
        charged_usage=_number(fields, "charged_usage"),
        session_usage=_number(fields, "session_usage"),
        error=fields.text("error"),
        balances={code: each.number() for code, each in fields.members_of("balances")},
    )


def _number(fields: Fields, name: str) -> Decimal | None:
    node = fields.get(name)
    return node.number() if node else None


def _granted(node: Node) -> Decimal | str:
    return UNLIMITED if node.value == UNLIMITED else node.number()
