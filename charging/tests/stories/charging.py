"""A story of usage: what a phone asks for and reports, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from charging.engine.thresholds import crossings
from charging.engine.trace import SKIPPED
from charging.engine.values import (
    AccountSuspended,
    BucketExhausted,
    BucketSwitched,
    CreditLimitPassed,
    EngineEvent,
    Kind,
    LineRequest,
    Outcome,
    ThresholdCrossed,
    UsageUnrated,
    UsedUnits,
)
from charging.engine.wording import Names, sentences
from charging.tests.engine.builders import Phone
from charging.tests.stories.figures import amount
from charging.tests.stories.given import SERVICES, Given, counted

_NOON: Final = "2026-11-23 12:00"
_OF_UNIT: Final = {"s": "voice", "B": "data", "message": "sms"}
EXPECTED: Final = (
    *("granted", "cost", "left", "reserved", "used", "result", "final", "valid"),
    *("skipped", "told", "unrated", "flagged", "slowed", "says"),
)


def play(story: dict[str, Any]) -> list[str]:
    """What went otherwise than the story says."""
    return _Play(story).differences


class _Play:
    def __init__(self, story: dict[str, Any]) -> None:
        assert story.keys() <= {"given", "at", "steps", "worked", "about"}, story.keys()
        self._given = Given(story["given"])
        self._phone = Phone()
        self._phone.account = self._given.account
        self._at = story.get("at", _NOON)
        self.differences: list[str] = []
        for number, step in enumerate(story["steps"], start=1):
            told = dict(step)
            expected = {key: told.pop(key) for key in EXPECTED if key in told}
            got: dict[str, Any] = {}
            for _ in range(told.pop("times", 1)):
                taken = dict(told)
                got = self._take_step(taken)
                assert not taken, f"unknown in step {number}: {list(taken)}"
            self._compare(number, expected, got)

    def _take_step(self, told: dict[str, Any]) -> dict[str, Any]:
        self._at = told.pop("at", self._at)
        at = self._given.at(self._at)
        if "top_up" in told:
            return {"told": self._top_up(told.pop("top_up"), at)}
        situation = self._given.situation(told)
        kind = _kind(told, is_new=self._phone.session is None)
        outcome = self._phone.send(kind, self._line(told, at), at=at, situation=situation)
        if kind not in (Kind.START, Kind.UPDATE):
            self._phone.session = None
        return self._told(outcome)

    def _line(self, told: dict[str, Any], at: datetime) -> LineRequest:
        asks, uses, since = (told.pop(key, None) for key in ("asks", "uses", "since"))
        service = told.pop("service", None) or _service(asks, uses)
        used = ()
        if uses is not None:
            begun = self._given.at(since) if since else None
            used = (UsedUnits(amount=counted(uses), at=at, started_at=begun),)
        return LineRequest(
            rating_group=SERVICES[service].number,
            wants_quota=asks is not None,
            requested=None if asks in (None, "a slice") else counted(asks),
            used=used,
        )

    def _top_up(self, told: dict[str, str], at: datetime) -> dict[str, str]:
        ((name, added),) = told.items()
        number, more = self._given.ids[name], counted(added)
        before = next(each for each in self._phone.account.buckets if each.id == number)
        after = replace(before, granted=before.granted + more, available=before.available + more)
        buckets = tuple(after if each is before else each for each in self._phone.account.buckets)
        self._phone.account = replace(self._phone.account, buckets=buckets)
        return self._news(crossings(before, after, almanac=self._given.almanac, at=at))

    def _told(self, outcome: Outcome) -> dict[str, Any]:
        answer = outcome.answers[0] if outcome.answers else None
        events = outcome.events
        return {
            "cost": outcome.cost,
            "granted": (answer.granted or 0) if answer else None,
            "result": answer.result.value if answer else None,
            "final": answer.is_final if answer else None,
            "valid": answer.validity_time if answer else None,
            "skipped": {
                name: step[2]
                for step in outcome.trace
                if step[0] == SKIPPED
                for name, number in self._given.ids.items()
                if number == step[1]
            },
            "told": self._news(events),
            "unrated": sum(each.amount for each in events if isinstance(each, UsageUnrated)),
            "says": [each.text for each in sentences(outcome.trace, Names.of(self._phone.account))],
            "slowed": answer.is_throttled if answer else None,
            "flagged": any(isinstance(each, CreditLimitPassed) for each in events),
        }

    def _news(self, events: list[Any] | list[EngineEvent]) -> dict[str, str]:
        """What is told, by the mark or bucket it is about."""
        names = {number: name for name, number in self._given.ids.items()}
        news: dict[str, str] = {}
        for event in events:
            match event:
                case ThresholdCrossed(quiet_until=datetime() as until):
                    local = until.astimezone(self._given.zone)
                    news[event.threshold] = f"after {local:%H:%M}"
                case ThresholdCrossed():
                    news[event.threshold] = "low" if event.is_low else "normal"
                case BucketExhausted():
                    news[names[event.bucket_id]] = "used up"
                case BucketSwitched():
                    news[names[event.bucket_id]] = "blocked" if event.is_disabled else "unblocked"
                case AccountSuspended():
                    news["account"] = "suspended"
        return news

    def _compare(self, number: int, expected: dict[str, Any], got: dict[str, Any]) -> None:
        for key, value in expected.items():
            if key in ("left", "reserved", "used"):
                place = ("left", "reserved", "used").index(key)
                found = {name: self._phone.amounts(self._given.ids[name])[place] for name in value}
                wanted: Any = {name: counted(text) for name, text in value.items()}
            else:
                is_amount = isinstance(value, str) and key not in ("result",)
                found, wanted = got.get(key), counted(value) if is_amount else value
            if found != wanted:
                self.differences.append(f"step {number}: {key}: {wanted} expected, {found} found")


def _kind(told: dict[str, Any], *, is_new: bool) -> Kind:
    event = told.pop("event", None)
    if event is not None:
        return {"at once": Kind.IMMEDIATE_EVENT, "afterwards": Kind.POST_EVENT}[event]
    if told.pop("ends", False):
        return Kind.RELEASE
    return Kind.START if is_new else Kind.UPDATE


def _service(asks: str | None, uses: str | None) -> str:
    for text in (asks, uses):
        if text not in (None, "a slice"):
            return _OF_UNIT[amount(text)[0]]
    return "voice"
