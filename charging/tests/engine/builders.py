"""Small accounts, rates and requests for the engine's tests, with everything unsaid defaulted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from charging.engine.balances import apply_moves
from charging.engine.conditions import HERE, Situation
from charging.engine.session import charge
from charging.engine.tariff import Mode, Rate, Rates, RatingGroup, Tariff, Unit
from charging.engine.values import (
    Account,
    Bucket,
    BucketSwitched,
    ChargingRequest,
    EngineEvent,
    FirstUsed,
    Kind,
    LineRequest,
    Outcome,
    SessionState,
    UsedUnits,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EURO = 10**9
CENT = 10**7
MB = 2**20
GB = 2**30

VOICE = RatingGroup(number=100, name="Voice", service="voice", unit=Unit.SECONDS, grant=300)
SMS = RatingGroup(number=200, name="SMS", service="sms", unit=Unit.EVENTS, grant=1)
DATA = RatingGroup(number=300, name="Data", service="data", unit=Unit.OCTETS, grant=100 * MB)
VIDEO = RatingGroup(number=310, name="Video", service="data", unit=Unit.OCTETS, grant=100 * MB)
POSTPAID = RatingGroup(
    number=390, name="Fleet", service="data", unit=Unit.OCTETS, grant=MB, mode=Mode.OFFLINE
)
GROUPS = {group.number: group for group in (VOICE, SMS, DATA, VIDEO, POSTPAID)}

PER_SECOND = Rate.flat(key="voice", service="voice", price=9 * CENT, per=60)
PER_MINUTE = Rate.flat(key="voice", service="voice", price=9 * CENT, per=60, increment=60)
PER_SMS = Rate.flat(key="sms", service="sms", price=10 * CENT, per=1)
PER_MB = Rate.flat(key="data", service="data", price=1 * CENT, per=MB)


def repriced(rate: Rate, price: int) -> Rate:
    """The rate at another price."""
    return replace(rate, slots=(replace(rate.slots[0], price=price),))


def bucket(number: int, unit: Unit, service: str, amount: int, **other: Any) -> Bucket:
    """A full bucket unless `available` says otherwise (the rest counts as used)."""
    available = other.pop("available", amount)
    reserved = other.pop("reserved", 0)
    return Bucket(
        id=number,
        name=other.pop("name", f"{service} {number}"),
        unit=unit,
        service=service,
        granted=amount,
        available=available,
        reserved=reserved,
        used=amount - available - reserved,
        valid_from=other.pop("valid_from", NOW - timedelta(days=1)),
        **other,
    )


def minutes(number: int, seconds: int, **other: Any) -> Bucket:
    return bucket(number, Unit.SECONDS, "voice", seconds, **other)


def octets(number: int, amount: int, **other: Any) -> Bucket:
    return bucket(number, Unit.OCTETS, "data", amount, **other)


def messages(number: int, amount: int, **other: Any) -> Bucket:
    return bucket(number, Unit.EVENTS, "sms", amount, **other)


def money(number: int, amount: int, **other: Any) -> Bucket:
    return bucket(number, Unit.NANO_MONEY, "money", amount, **other)


def account(
    *buckets: Bucket,
    rates: tuple[Rate, ...] = (),
    tariff: dict[str, Any] | None = None,
    **other: Any,
) -> Account:
    """`tariff` says more of the one tariff, `other` more of the account."""
    only = Tariff(version_id=1, label="Flex 20 v3", rates=Rates(rates), **(tariff or {}))
    return Account(id=1, buckets=buckets, tariffs=(only,), rating_groups=GROUPS, **other)


def used(amount: int, **other: Any) -> UsedUnits:
    return UsedUnits(amount=amount, at=other.pop("at", NOW), **other)


def line(rating_group: int = 100, **other: Any) -> LineRequest:
    """`asks=600` asks for 600 units, `asks=None` for a slice; `reports` is usage."""
    wants_quota = "asks" in other
    reports = other.pop("reports", ())
    if isinstance(reports, int):
        reports = (used(reports),)
    return LineRequest(
        rating_group=rating_group,
        wants_quota=wants_quota,
        requested=other.pop("asks", None),
        used=reports,
        **other,
    )


def request(
    kind: Kind, *lines: LineRequest, at: datetime = NOW, situation: Situation = HERE
) -> ChargingRequest:
    return ChargingRequest(kind=kind, at=at, lines=lines, situation=situation)


class Phone:
    """One account and one session, moved on by each request as a caller would move them."""

    def __init__(self, *buckets: Bucket, **other: Any) -> None:
        self.account = account(*buckets, **other)
        self.session: SessionState | None = None

    def start(self, *lines: LineRequest, **other: Any) -> Outcome:
        return self.send(Kind.START, *lines, **other)

    def update(self, *lines: LineRequest, **other: Any) -> Outcome:
        return self.send(Kind.UPDATE, *lines, **other)

    def release(self, *lines: LineRequest, **other: Any) -> Outcome:
        return self.send(Kind.RELEASE, *lines, **other)

    def send(self, kind: Kind, *lines: LineRequest, **other: Any) -> Outcome:
        """`at` and `situation` say more of the request."""
        outcome = charge(self.account, self.session, request(kind, *lines, **other))
        self.session = outcome.session
        buckets = apply_moves(self.account.buckets, outcome.moves)
        for event in outcome.events:
            buckets = tuple(_as_told(each, event) for each in buckets)
        self.account = replace(self.account, buckets=buckets)
        return outcome

    def granted(self, *lines: LineRequest, **other: Any) -> list[int | None]:
        """What a first request of the session is granted."""
        return [answer.granted for answer in self.start(*lines, **other).answers]

    def amounts(self, bucket_id: int) -> tuple[int, int, int]:
        """Available, reserved and used of one bucket."""
        found = next(bucket for bucket in self.account.buckets if bucket.id == bucket_id)
        return found.available, found.reserved, found.used


def _as_told(bucket: Bucket, event: EngineEvent) -> Bucket:
    """The bucket as a caller stores it after an event about it."""
    if isinstance(event, BucketSwitched) and event.bucket_id == bucket.id:
        return replace(bucket, is_disabled=event.is_disabled)
    if isinstance(event, FirstUsed) and event.bucket_id == bucket.id:
        terms = replace(bucket.terms, lifetime=None)
        return replace(bucket, expires_at=event.expires_at, terms=terms)
    return bucket
