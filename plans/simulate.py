"""A month of a described plan, run through the engine that charges real traffic.

Days are numbered from 1; every month of the simulation has thirty days. The subscriber pays what
allowances do not cover from a purse that is never empty, so the bill shows the whole overage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from charging.engine import tariff
from charging.engine import values as engine
from charging.engine.balances import apply_moves, is_expired
from charging.engine.session import charge
from plans.compile import compile_spec, compile_threshold_spec, engine_rating_group, spec_terms
from plans.conventions import Conventions
from plans.models import RatingGroup, Service, Unit
from plans.profiles import Profile
from plans.specs import AllowanceSpec, RateSpec, VersionSpec, service_of, unit_of

DAYS_MAX: Final = 90
START: Final = datetime(2026, 6, 1, tzinfo=UTC)
PURSE: Final = 10**18
CALL_SECONDS: Final = 190
CALLS_A_DAY_MAX: Final = 12
DATA_SESSIONS_A_DAY: Final = 3
_DAYS_OF_RENEWAL: Final = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A warning that the subscriber would have been sent."""

    day: int
    name: str
    percent: int


@dataclass(slots=True, kw_only=True)
class Course:
    """How one allowance fared: what was left at the end of each day, the start being day 0."""

    name: str
    service: str
    unit: str
    label: str
    granted: int
    left: list[int] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    empty_on: int | None = None
    """The day of the first period on which it was used up."""

    @property
    def percents(self) -> list[int]:
        return [min(100, 100 * left // self.granted) for left in self.left]


@dataclass(slots=True, kw_only=True)
class Month:
    """What the simulated days brought."""

    days: int
    courses: list[Course]
    fees: int = 0
    """Nano-units: the plan's price for every period that began."""
    overage: int = 0
    """Nano-units: usage paid in money."""
    spent: list[int] = field(default_factory=list)
    """Overage up to the end of each day."""
    refused_on: dict[str, int] = field(default_factory=dict)
    """Service → the day from which nothing paid for it any more."""

    @property
    def bill(self) -> int:
        return self.fees + self.overage


def simulate(spec: VersionSpec, profile: Profile, by: Conventions, *, days: int = 30) -> Month:
    """Run the profile's usage for `days` days on a version that passed its checks."""
    assert 1 <= days <= DAYS_MAX
    run = _Run(spec, by, days)
    for day in range(1, days + 1):
        run.renew(day)
        for service, amount in profile.on_day(day):
            run.use(day, service, amount)
        run.close(day)
    return run.month


class _Run:
    """The simulated account: its buckets as they stand, and what is noted about them."""

    def __init__(self, spec: VersionSpec, by: Conventions, days: int) -> None:
        self.spec = spec
        self.by = by
        self.tariff = compile_spec(spec, label="Simulation", rating_groups=by.metered)
        self.rating_groups = {
            number: engine_rating_group(group) for number, group in by.rating_groups.items()
        }
        self.month = Month(days=days, courses=[self._course(part) for part in spec.allowances])
        self.month.spent.append(0)
        self.buckets: tuple[engine.Bucket, ...] = (_purse(),)
        self.course_of: dict[int, Course] = {}
        self.next_renewal = 1
        self.session_numbers: dict[str, list[int]] = {
            service: list(_numbers_for(service, spec, by.rating_groups))
            for service in (Service.VOICE, Service.SMS, Service.DATA)
        }

    def renew(self, day: int) -> None:
        """At the start of a period: its price, and its allowances as new buckets."""
        if day != self.next_renewal:
            return
        length = _DAYS_OF_RENEWAL.get(self.spec.renewal, 0) * self.spec.renewal_count
        self.next_renewal = day + length if length else 0
        self.month.fees += self.spec.price
        for allowance, course in zip(self.spec.allowances, self.month.courses, strict=True):
            self._issue(day, allowance, course, length)
        if day == 1:
            for course in self.month.courses:
                course.left.append(course.granted)

    def use(self, day: int, service: str, amount: int) -> None:
        """One day's usage of one service, in as many sessions as people make."""
        numbers = self.session_numbers[service]
        if not numbers or not amount:
            return
        for number, units in _sessions(service, amount, numbers):
            self._charge(day, service, number, units)

    def close(self, day: int) -> None:
        """Note what the day has left."""
        at = _time(day, hours=23)
        left: dict[int, int] = {}
        for bucket in self.buckets:
            course = self.course_of.get(bucket.id)
            if course is not None and not is_expired(bucket, at):
                left[id(course)] = left.get(id(course), 0) + max(0, bucket.remaining)
        for course in self.month.courses:
            course.left.append(left.get(id(course), 0))
        self.month.spent.append(self.month.overage)

    def _course(self, allowance: AllowanceSpec) -> Course:
        return Course(
            name=allowance.name,
            service=service_of(allowance, self.by.metered),
            unit=unit_of(allowance, self.by.metered),
            label=allowance.display_unit,
            granted=allowance.amount,
        )

    def _issue(self, day: int, allowance: AllowanceSpec, course: Course, length: int) -> None:
        begins = _time(day)
        lasting = allowance.validity_days or length
        bucket = engine.Bucket(
            id=len(self.course_of) + 1,
            name=allowance.name,
            unit=tariff.Unit(course.unit),
            service=course.service,
            rating_groups=frozenset(allowance.rating_groups),
            weight=-self.spec.allowances.index(allowance),
            granted=allowance.amount,
            available=allowance.amount,
            valid_from=begins,
            expires_at=begins + timedelta(days=lasting) if lasting else None,
            thresholds=tuple(compile_threshold_spec(mark) for mark in allowance.thresholds),
            terms=spec_terms(
                allowance,
                version=self.spec,
                place=self.spec.allowances.index(allowance),
                rating_groups=self.by.metered,
            ),
            allowance_key=str(allowance.key or ""),
        )
        self.course_of[bucket.id] = course
        living = (kept for kept in self.buckets if not is_expired(kept, begins))
        self.buckets = (*living, bucket)

    def _charge(self, day: int, service: str, number: int, units: int) -> None:
        at = _time(day, hours=12)
        account = engine.Account(
            id=1, buckets=self.buckets, tariffs=(self.tariff,), rating_groups=self.rating_groups
        )
        outcome = charge(
            account,
            None,
            engine.ChargingRequest(
                kind=engine.Kind.POST_EVENT,
                at=at,
                lines=(
                    engine.LineRequest(
                        rating_group=number, used=(engine.UsedUnits(amount=units, at=at),)
                    ),
                ),
            ),
        )
        self.buckets = apply_moves(self.buckets, outcome.moves)
        self.month.overage += outcome.cost
        for event in outcome.events:
            self._note(day, service, event)

    def _note(self, day: int, service: str, event: engine.EngineEvent) -> None:
        if isinstance(event, engine.UsageUnrated):
            self.month.refused_on.setdefault(service, day)
            return
        course = self.course_of.get(event.bucket_id)
        if course is None:
            return
        if isinstance(event, engine.BucketExhausted) and course.empty_on is None:
            course.empty_on = day
        elif isinstance(event, engine.ThresholdCrossed) and event.is_low:
            percent = min(100, 100 * event.limit // course.granted)
            course.marks.append(Mark(day=day, name=event.threshold, percent=percent))


def _purse() -> engine.Bucket:
    """Money that pays last and is never used up."""
    return engine.Bucket(
        id=0,
        name="Money",
        unit=tariff.Unit.NANO_MONEY,
        service=Service.MONEY,
        weight=-(2**31),
        granted=PURSE,
        available=PURSE,
        valid_from=START,
    )


def _time(day: int, *, hours: int = 0) -> datetime:
    return START + timedelta(days=day - 1, hours=hours)


def _numbers_for(
    service: str, spec: VersionSpec, groups: Mapping[int, RatingGroup]
) -> Iterator[int]:
    """The rating groups that the service's usage is reported under: the first of it, and those
    that an allowance or a rate names, so that they are seen at work."""
    unit = {Service.VOICE: Unit.SECONDS, Service.SMS: Unit.EVENTS}.get(
        Service(service), Unit.OCTETS
    )
    usable = [
        number
        for number, group in sorted(groups.items())
        if group.service == service and group.unit == unit and group.mode == RatingGroup.Mode.ONLINE
    ]
    parts: list[AllowanceSpec | RateSpec] = [*spec.allowances, *spec.rates]
    named = {number for part in parts for number in part.rating_groups}
    yield from usable[:1]
    yield from (number for number in usable[1:] if number in named)


def _sessions(service: str, amount: int, numbers: list[int]) -> Iterator[tuple[int, int]]:
    """A day's amount as (rating group, units) of single sessions: calls of three minutes, one
    report of messages, a few of data; further rating groups share the last of them."""
    if service == Service.VOICE:
        parts = min(CALLS_A_DAY_MAX, -(-amount // CALL_SECONDS))
    elif service == Service.DATA:
        parts = DATA_SESSIONS_A_DAY
    else:
        parts = 1
    shares = _split(amount, parts)
    for place, share in enumerate(shares):
        if place < len(shares) - 1 or len(numbers) == 1:
            yield numbers[0], share
        else:
            others = numbers[1:] if len(shares) > 1 else numbers
            yield from zip(others, _split(share, len(others)), strict=True)


def _split(amount: int, parts: int) -> list[int]:
    """Whole shares that add up to the amount, the larger ones first."""
    share, rest = divmod(amount, parts)
    return [share + (place < rest) for place in range(parts)]
