"""What a case gives, as engine values: tariffs, buckets, prefixes and time bands.

Money becomes whole numbers of the smallest place that the case uses, never more coarse than a
nano-unit; units become whole numbers too, of a fraction of a unit where a case has such. So
nothing is lost on the way in or out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest

from charging.engine.calendar import UTC_DAYS, Almanac, Band, Window
from charging.engine.cases.case import (
    ALWAYS,
    ANY_SUBJECT,
    Balance,
    Event,
    Given,
    Kind,
    RatingProfile,
    Rule,
    SlotPrice,
    Timing,
)
from charging.engine.conditions import ANY, Conditions, Destinations, Prefixes
from charging.engine.prefixes import PrefixTable
from charging.engine.pricing import NANO_PLACES
from charging.engine.tariff import (
    Factor,
    Rate,
    Rates,
    RatingGroup,
    Rounding,
    Slot,
    Tariff,
    Terms,
    Unit,
)
from charging.engine.values import Bucket

SERVICE = "usage"
"""Cases know no services: what prices a use is found by category and subject."""

UNITS = {
    Kind.VOICE: Unit.SECONDS,
    Kind.DATA: Unit.OCTETS,
    Kind.SMS: Unit.EVENTS,
    Kind.GENERIC: Unit.GENERIC,
    Kind.MONETARY: Unit.NANO_MONEY,
}

EVER = datetime.min.replace(tzinfo=UTC)

_DAY = 86_400

_FALLBACK_DEPTH = 3
"""Subjects asked one after the other, the first included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many places of money and of units one whole number stands for."""

    money_places: int
    unit_places: int

    @property
    def one(self) -> int:
        """One unit of money."""
        one: int = 10**self.money_places
        return one

    def money(self, amount: Decimal) -> int:
        return _scaled(amount, self.money_places)

    def units(self, amount: Decimal) -> int:
        return _scaled(amount, self.unit_places)

    def places(self, kind: Kind) -> int:
        return self.money_places if kind is Kind.MONETARY else self.unit_places

    def decimal(self, amount: int, kind: Kind) -> Decimal:
        """The amount as people write it."""
        return exact_decimal(amount, self.places(kind))


def exact_decimal(amount: int, places: int) -> Decimal:
    """`amount` of 10⁻ᵖˡᵃᶜᵉˢ, every digit kept and no zero behind the last."""
    sign, digits = int(amount < 0), tuple(map(int, str(abs(amount))))
    written = format(Decimal((sign, digits, -places)), "f")
    return Decimal(written.rstrip("0").rstrip(".") if "." in written else written)


def _scaled(amount: Decimal, places: int) -> int:
    scaled = Fraction(amount) * Fraction(10) ** places
    assert scaled.denominator == 1, "the scale holds every amount of the case"
    return scaled.numerator


def _places(amounts: Iterable[Decimal]) -> int:
    """Decimal places that hold every one of the amounts."""
    exponents = (amount.normalize().as_tuple().exponent for amount in amounts)
    return max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)), 0)


def scale_of(given: Given) -> Scale:
    accounts = [each for each in (given.account, *given.other_accounts) if each is not None]
    balances = [balance for account in accounts for balance in account.balances]
    units = [balance for balance in balances if balance.kind is not Kind.MONETARY]
    money = [
        *(balance.value for balance in balances if balance.kind is Kind.MONETARY),
        *(rate.connect_fee for rate in given.rates.values()),
        *(r.max_cost for rules in given.rating_plans.values() for r in rules if r.max_cost),
    ]
    unit_places = _places(balance.value for balance in units)
    if _places(factor for balance in units for factor in balance.factors.values()):
        unit_places = max(unit_places, given.money_decimals)
    return Scale(
        money_places=max(NANO_PLACES, given.money_decimals, _places(money)),
        unit_places=unit_places,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPrices:
    """A plan that prices the cases which give no prices of their own."""

    tariff: Tariff
    rating_groups: Mapping[str, RatingGroup]
    """By category or by type of event."""
    prefixes: PrefixTable | None = None
    almanac: Almanac | None = None


class Compiled:
    """The engine values of one case."""

    def __init__(self, given: Given, plan: PlanPrices | None = None) -> None:
        self.given = given
        self.scale = scale_of(given)
        self._plan = plan
        self.almanac = plan.almanac if plan and plan.almanac else UTC_DAYS
        self.rules: dict[str, Rule] = {}
        """Rate key → the line of a plan it came from."""
        self._plans: dict[str, Rates] = {}
        self._tariffs: dict[tuple[str, str, datetime | None], tuple[Tariff, ...]] = {}
        weights = [rule.weight for rules in given.rating_plans.values() for rule in rules]
        accounts = [each for each in (given.account, *given.other_accounts) if each is not None]
        weights += [balance.weight for account in accounts for balance in account.balances]
        self._weight_places = _places(weights)

    @cached_property
    def _profiles(self) -> Mapping[tuple[str, str], RatingProfile]:
        profiles: dict[tuple[str, str], RatingProfile] = {}
        for profile in self.given.rating_profiles:
            key = (profile.category, profile.subject)
            earlier = profiles.get(key)
            activations = (*(earlier.activations if earlier else ()), *profile.activations)
            by_start = {activation.starts_at: activation for activation in activations}
            in_order = tuple(by_start[start] for start in sorted(by_start))
            profiles[key] = replace(profile, activations=in_order)
        return profiles

    # ── prices ───────────────────────────────────────────────────────────────────────────────

    def tariffs(
        self, category: str, subject: str, start: datetime, end: datetime
    ) -> tuple[Tariff, ...]:
        """What prices a use from `start` to `end`, in the order in which it is asked.

        The subject's profile or, without one, that of any subject; before its first activation,
        where the use reaches beyond that, any subject's too.
        """
        if self._plan and not self.given.rating_profiles:
            return (self._plan.tariff,)
        own = self._profiles.get((category, subject))
        if own is None:
            return self._cached(category, ANY_SUBJECT, None)
        tariffs = self._cached(category, subject, None)
        first = own.activations[0].starts_at if own.activations else None
        if first is not None and start < first < end:
            tariffs += self._cached(category, ANY_SUBJECT, first)
        return tariffs

    def own_tariffs(
        self, category: str, subject: str, start: datetime, end: datetime
    ) -> tuple[Tariff, ...]:
        """What prices the balances of a subject; without any plan, one that is never active."""
        return self.tariffs(category, subject, start, end) or (_NO_TARIFF,)

    def _cached(self, category: str, subject: str, until: datetime | None) -> tuple[Tariff, ...]:
        key = (category, subject, until)
        if key not in self._tariffs:
            self._tariffs[key] = tuple(self._of_profile(category, subject, EVER, until, 1))
        return self._tariffs[key]

    def _of_profile(
        self, category: str, subject: str, lower: datetime, upper: datetime | None, depth: int
    ) -> Iterator[Tariff]:
        """A profile's plans while they are active between two instants, each with those of its
        fallback subjects."""
        profile = self._profiles.get((category, subject))
        if profile is None or depth > _FALLBACK_DEPTH:
            return
        borders = [activation.starts_at for activation in profile.activations[1:]]
        for activation, following in zip_longest(profile.activations, borders):
            starts_at = max(lower, activation.starts_at)
            ends_at = min(filter(None, (following, upper)), default=None)
            if ends_at is not None and ends_at <= starts_at:
                continue
            rates = self._rates(activation.plan)
            if rates is not None:
                yield Tariff(
                    version_id=0,
                    label=activation.plan,
                    rates=rates,
                    starts_at=starts_at,
                    ends_at=ends_at,
                )
            for fallback in activation.fallback:
                yield from self._of_profile(category, fallback, starts_at, ends_at, depth + 1)

    def _rates(self, plan: str) -> Rates | None:
        rules = self.given.rating_plans.get(plan)
        if rules is None:
            return None
        if plan not in self._plans:
            self._plans[plan] = Rates(
                self._rate(f"{plan}[{place}]", rule) for place, rule in enumerate(rules)
            )
        return self._plans[plan]

    def _rate(self, key: str, rule: Rule) -> Rate:
        price = self.given.rates[rule.rate]
        self.rules[key] = rule
        return Rate(
            key=key,
            service=SERVICE,
            slots=tuple(self._slot(each) for each in price.slots),
            connect_fee=self.scale.money(price.connect_fee),
            decimals=self.given.money_decimals + NANO_PLACES - self.scale.money_places,
            rounding=Rounding.HALF_UP,
            maximum=self.scale.money(rule.max_cost) if rule.max_cost is not None else None,
            at_maximum=rule.at_max_cost,
            when=Conditions(
                destinations=Destinations(included=frozenset((rule.destination,))),
                band=self._band(rule.timing),
            ),
            weight=_scaled(rule.weight, self._weight_places),
            label=rule.rate,
        )

    def _slot(self, slot: SlotPrice) -> Slot:
        price = Fraction(slot.rate) * self.scale.one
        return Slot(
            start=slot.start,
            price=price.numerator,
            per=slot.unit * price.denominator,
            increment=slot.increment,
        )

    def _band(self, timing: str) -> Band | None:
        if timing == ALWAYS:
            return None
        return Band(key=timing, windows=(_rate_window(self.given.timings[timing]),))

    # ── numbers and buckets ──────────────────────────────────────────────────────────────────

    def rating_group(self, event: Event) -> RatingGroup:
        """How a use is counted."""
        groups = self._plan.rating_groups if self._plan else {}
        planned = groups.get(event.category) or groups.get(event.kind)
        if planned is not None:
            return planned
        return RatingGroup(
            number=0, name=event.kind, service=SERVICE, unit=UNITS[event.kind], grant=0
        )

    def _service(self, kind: Kind) -> str:
        planned = self._plan.rating_groups.get(kind) if self._plan else None
        return planned.service if planned else SERVICE

    @cached_property
    def _prefix_table(self) -> PrefixTable:
        if self._plan and self._plan.prefixes and not self.given.destinations:
            return self._plan.prefixes
        return PrefixTable(
            (prefix, code)
            for code, prefixes in self.given.destinations.items()
            for prefix in prefixes
            if prefix
        )

    def prefixes(self, number: str) -> Prefixes:
        """The prefixes of a number that destinations know, longest first."""
        return () if number == ANY else self._prefix_table.match(number)

    def bucket(
        self, balance: Balance, *, key: int, available: int, tariffs: tuple[Tariff, ...]
    ) -> Bucket:
        """A balance as the engine sees it; `tariffs` are those of its own subject."""
        ends_at = balance.expires_at
        return Bucket(
            id=key,
            name=balance.id,
            unit=UNITS[balance.kind],
            service=self._service(balance.kind),
            weight=_scaled(balance.weight, self._weight_places),
            granted=available,
            available=available,
            valid_from=EVER,
            expires_at=None if ends_at is None else ends_at + _LEAST,
            terms=self._terms(balance, tariffs),
            is_disabled=balance.is_disabled,
        )

    def _terms(self, balance: Balance, tariffs: tuple[Tariff, ...]) -> Terms:
        destinations = None
        if balance.included or balance.excluded:
            destinations = Destinations(included=balance.included, excluded=balance.excluded)
        is_money = balance.kind is Kind.MONETARY
        if is_money and balance.zero_increment:
            tariffs = (_free_of_charge(balance.zero_increment),)
        return Terms(
            when=Conditions(
                destinations=destinations, categories=balance.categories, band=_windows(balance)
            ),
            is_blocker=balance.is_blocker,
            step=1 if is_money else balance.zero_increment or 1,
            factors=() if is_money else self._factors(balance),
            tariffs=tariffs,
        )

    def _factors(self, balance: Balance) -> tuple[Factor, ...]:
        """Units are counted in 10⁻ᵖˡᵃᶜᵉˢ of one, so that even one for one is a factor."""
        whole = Fraction(10**self.scale.unit_places)
        named = (
            Factor(key=key, times=Fraction(times) * whole) for key, times in balance.factors.items()
        )
        return (*named, Factor(times=whole)) if whole > 1 else tuple(named)


_LEAST = timedelta(microseconds=1)
"""A balance is good at the instant it expires; the engine's buckets are not."""


_NO_TARIFF = Tariff(version_id=0, label="", rates=Rates(), ends_at=EVER)


def _free_of_charge(increment: int) -> Tariff:
    free = Rate.flat(key="free", service=SERVICE, price=0, per=1, increment=increment)
    return Tariff(version_id=0, label="free", rates=Rates((free,)))


def _windows(balance: Balance) -> Band | None:
    if not balance.windows:
        return None
    opening = tuple(_balance_window(each.timing) for each in balance.windows if not each.is_negated)
    closing = tuple(_balance_window(each.timing) for each in balance.windows if each.is_negated)
    return Band(key=f"balance {balance.id}", windows=opening or (Window(),), closed=closing)


def _rate_window(timing: Timing) -> Window:
    """Half open, so that the next band begins where this one ends; 59 seconds mean the minute."""
    end = _DAY if timing.end is None else timing.end
    return _window(timing, end + 1 if end % 60 == 59 else end)


def _balance_window(timing: Timing) -> Window:
    """Its last second belongs to it."""
    end = _DAY if timing.end is None else timing.end
    return _window(timing, min(_DAY, end + 1))


def _window(timing: Timing, end: int) -> Window:
    return Window(
        years=timing.years,
        months=timing.months,
        month_days=timing.month_days,
        weekdays=timing.weekdays,
        start=timing.start,
        end=end,
    )
