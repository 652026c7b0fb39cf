"""A month of a described plan, run through the engine that charges real traffic.

Days are numbered from 1; every month of the simulation has thirty days, and all use is at noon, at
home, of no destination in particular. The subscriber pays what allowances do not cover from a
purse that is never empty, so the bill shows the whole overage. Counters count and are not shown;
plans to fall back on are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from charging.engine import tariff
from charging.engine import values as engine
from charging.engine.balances import apply_moves, is_expired
from charging.engine.session import charge
from plans.compile import compile_spec, compile_threshold_spec, engine_rating_group, spec_terms
from plans.compile_parts import compile_lifetime
from plans.conventions import Conventions
from plans.models import Allowance, PlanVersion, Service
from plans.profiles import Profile
from plans.simulated_use import numbers_for, sessions_of
from plans.specs import AllowanceSpec, VersionSpec, service_of, unit_of, weights_of

DAYS_MAX: Final = 90
START: Final = datetime(2026, 6, 1, tzinfo=UTC)
PURSE: Final = 10**18
_DAYS_OF_RENEWAL: Final = {"day": 1, "week": 7, "month": 30, "year": 360}
_HOURS_A_DAY: Final = 24


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
    is_unlimited: bool = False
    """What is left of its fair use then, and it is never empty."""
    left: list[int] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    empty_on: int | None = None
    """The day of the first period on which it was used up."""

    @property
    def percents(self) -> list[int]:
        return [self.percent(left) for left in self.left]

    def percent(self, amount: int) -> int:
        """Of what a period gives; without a fair use it is always whole."""
        return min(100, 100 * amount // self.granted) if self.granted else 100


@dataclass(slots=True, kw_only=True)
class Month:
    """What the simulated days brought."""

    days: int
    courses: list[Course]
    fees: int = 0
    """Nano-units: the plan's price for every period that began, and its fees."""
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
        self.weights = weights_of(spec.allowances)
        self.courses = [self._course(part) for part in spec.allowances]
        self.month = Month(days=days, courses=[course for course in self.courses if course])
        self.month.spent.append(0)
        self.buckets: tuple[engine.Bucket, ...] = (_purse(),)
        self.place_of: dict[int, int] = {}
        self.next_renewal = 1
        self.rolled: dict[int, int] = {}
        """Bucket → how often it was taken into a new period."""
        self.rolled_over: dict[int, int] = {}
        """Allowance → how much was taken into the period that begins."""
        self.is_used = False
        self.is_suspended = False
        self.session_numbers: dict[str, list[int]] = {
            service: list(numbers_for(service, spec, by.rating_groups))
            for service in (Service.VOICE, Service.SMS, Service.DATA)
        }

    def renew(self, day: int) -> None:
        """At the start of a period: its price, and its allowances as new buckets."""
        if day != self.next_renewal:
            return
        length, periods = _period(self.spec)
        self.rolled_over = {}
        self.next_renewal = day + length if length and self.spec.auto_renews else 0
        self.month.fees += self.spec.price * periods
        for place in range(len(self.spec.allowances)):
            self._renew(day, place, length)
        if day == 1:
            self.month.fees += self.spec.purchase_fee
            for course in self.month.courses:
                course.left.append(course.granted)

    def use(self, day: int, service: str, amount: int) -> None:
        """One day's usage of one service, in as many sessions as people make."""
        numbers = self.session_numbers[service]
        if not numbers or not amount:
            return
        if self.is_suspended:
            self.month.refused_on.setdefault(service, day)
            return
        if not self.is_used:
            self.is_used = True
            self.month.fees += self.spec.first_use_fee
        for number, units in sessions_of(service, amount, numbers):
            self._charge(day, service, number, units)

    def close(self, day: int) -> None:
        """Note what the day has left."""
        at = _time(day, hours=23)
        left = [0] * len(self.courses)
        for bucket in self.buckets:
            place = self.place_of.get(bucket.id)
            if place is not None and not is_expired(bucket, at):
                left[place] += max(0, bucket.remaining)
        for course, remaining in zip(self.courses, left, strict=True):
            if course is not None:
                course.left.append(remaining)
        self.month.spent.append(self.month.overage)

    def _course(self, allowance: AllowanceSpec) -> Course | None:
        """None for a counter: nothing of it is ever left."""
        if allowance.role == Allowance.Role.COUNTS:
            return None
        return Course(
            name=allowance.name,
            service=service_of(allowance, self.by.metered),
            unit=unit_of(allowance, self.by.metered),
            label=allowance.display_unit,
            granted=allowance.amount,
            is_unlimited=allowance.is_unlimited,
        )

    def _renew(self, day: int, place: int, length: int) -> None:
        """Give an allowance for a period, after what becomes of the rest of the one before."""
        begins = _time(day)
        period_ends_at = begins + timedelta(days=length) if length else None
        allowance = self.spec.allowances[place]
        living = []
        for bucket in self.buckets:
            if self.place_of.get(bucket.id) == place and length:
                rest = self._rest_of(bucket, allowance, begins, period_ends_at)
            else:
                rest = bucket
            if rest is not None and not is_expired(rest, begins):
                living.append(rest)
        self.buckets = (*living, self._issued(place, begins, period_ends_at))

    def _rest_of(
        self,
        bucket: engine.Bucket,
        allowance: AllowanceSpec,
        begins: datetime,
        ends_at: datetime | None,
    ) -> engine.Bucket | None:
        """An older bucket of the allowance as the new period finds it; None: nothing is left."""
        policy = Allowance.Renewal
        just_before = begins - timedelta(microseconds=1)
        if allowance.renewal == policy.REPLACE or is_expired(bucket, just_before):
            return None
        if allowance.renewal == policy.EXTEND:
            return replace(bucket, expires_at=ends_at)
        if allowance.renewal == policy.ROLL_OVER:
            return self._rolled_over(bucket, allowance, ends_at)
        return bucket

    def _rolled_over(
        self, bucket: engine.Bucket, allowance: AllowanceSpec, ends_at: datetime | None
    ) -> engine.Bucket | None:
        """What the new period takes over of a bucket, within the allowance's limits."""
        place = self.place_of[bucket.id]
        self.rolled[bucket.id] = self.rolled.get(bucket.id, 0) + 1
        most = allowance.roll_over_periods_max
        if most is not None and self.rolled[bucket.id] > most:
            return None
        rest = bucket.remaining
        if allowance.roll_over_amount_max is not None:
            rest = min(rest, allowance.roll_over_amount_max - self.rolled_over.get(place, 0))
        if rest <= 0:
            return None
        self.rolled_over[place] = self.rolled_over.get(place, 0) + rest
        used_last = allowance.roll_over_order == Allowance.RollOverOrder.NEWEST
        return replace(
            bucket,
            expires_at=ends_at,
            granted=rest,
            available=rest,
            reserved=0,
            used=0,
            weight=self.weights[place] - (1 if used_last else 0),
        )

    def _issued(
        self, place: int, begins: datetime, period_ends_at: datetime | None
    ) -> engine.Bucket:
        """A full bucket; its life begins now or with its first use."""
        allowance = self.spec.allowances[place]
        terms = spec_terms(allowance, version=self.spec, place=place, rating_groups=self.by.metered)
        expires_at = None
        if terms.lifetime is None:
            life = compile_lifetime(allowance)
            expires_at = life.ends_at(begins, period_ends_at=period_ends_at, zone=UTC)
        bucket = engine.Bucket(
            id=len(self.place_of) + 1,
            name=allowance.name,
            unit=tariff.Unit(unit_of(allowance, self.by.metered)),
            service=service_of(allowance, self.by.metered),
            rating_groups=frozenset(allowance.rating_groups),
            weight=self.weights[place],
            granted=allowance.amount,
            available=allowance.amount,
            valid_from=begins,
            expires_at=expires_at,
            thresholds=tuple(compile_threshold_spec(mark) for mark in allowance.thresholds),
            terms=terms,
            allowance_key=str(allowance.key or ""),
        )
        self.place_of[bucket.id] = place
        return bucket

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
        if isinstance(event, engine.AccountSuspended):
            self.is_suspended = True
        elif isinstance(event, engine.BucketSwitched):
            self._change(event.bucket_id, is_disabled=event.is_disabled)
        elif isinstance(event, engine.FirstUsed):
            self._begin_life(event)
        place = self.place_of.get(event.bucket_id)
        course = None if place is None else self.courses[place]
        if course is None:
            return
        if isinstance(event, engine.BucketExhausted) and course.empty_on is None:
            course.empty_on = day
        elif isinstance(event, engine.ThresholdCrossed) and event.is_low:
            mark = Mark(day=day, name=event.threshold, percent=course.percent(event.limit))
            course.marks.append(mark)

    def _begin_life(self, event: engine.FirstUsed) -> None:
        bucket = next(bucket for bucket in self.buckets if bucket.id == event.bucket_id)
        self._change(
            bucket.id, expires_at=event.expires_at, terms=replace(bucket.terms, lifetime=None)
        )

    def _change(self, bucket_id: int, **fields: Any) -> None:
        self.buckets = tuple(
            replace(bucket, **fields) if bucket.id == bucket_id else bucket
            for bucket in self.buckets
        )


def _period(spec: VersionSpec) -> tuple[int, int]:
    """Days from one renewal to the next, 0 for none, and how many periods begin on such a day:
    periods of hours are renewed and charged for a day at once."""
    if spec.renewal == PlanVersion.Renewal.HOUR:
        days = -(-spec.renewal_count // _HOURS_A_DAY)
        return days, max(1, days * _HOURS_A_DAY // spec.renewal_count)
    return _DAYS_OF_RENEWAL.get(spec.renewal, 0) * spec.renewal_count, 1


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
