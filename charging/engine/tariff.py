"""What a published plan version compiles to: rating groups, rates, allowance terms, thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import Self

from charging.engine.calendar import Window
from charging.engine.conditions import ALWAYS, Conditions, Situation
from charging.engine.lifetimes import Lifetime


class Unit(StrEnum):
    """What a bucket or a rating group counts."""

    OCTETS = "OCTETS"
    SECONDS = "SECONDS"
    EVENTS = "EVENTS"
    GENERIC = "GENERIC"
    """Neutral units that pay for any service, one for each unit used unless factors say else."""
    NANO_MONEY = "NANO_MONEY"


class Mode(StrEnum):
    """Whether a rating group is charged against balances or only recorded."""

    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGroup:
    """How one rating group (Uint32 charging key) is metered and granted."""

    number: int
    name: str
    service: str
    unit: Unit
    mode: Mode = Mode.ONLINE
    grant: int
    """The slice one grant gives when the network asks for quota without an amount."""
    validity_time: int = 3600
    """Seconds a grant lives; 0 sends none."""
    holding_time: int = 0
    threshold_percent: int = 20
    """The network reports when this share of the grant is left; 0 sends no threshold."""
    final_unit_action: str = "TERMINATE"
    redirect_address: str = ""


# ── prices ───────────────────────────────────────────────────────────────────────────────────


class Rounding(StrEnum):
    UP = "up"
    HALF_UP = "half_up"
    DOWN = "down"


class AtMaximum(StrEnum):
    """What follows when a line has cost its maximum."""

    FREE = "free"
    STOP = "stop"
    """No more quota; usage reported all the same is charged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """From `start` units of usage on: `price` nano-units per `per` units, in whole `increment`s."""

    start: int = 0
    price: int
    per: int
    increment: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What usage costs in money once no unit bucket pays, and when it applies.

    The cost of one line (session, rating group, rate) is exact and rounded once to `decimals`
    places of the currency, then kept between `minimum` and `maximum`.
    """

    key: str
    """Stable within the plan version; sessions keep their running totals under it."""
    service: str
    rating_groups: frozenset[int] = frozenset()
    """Empty: every rating group of the service."""
    slots: tuple[Slot, ...]
    """By `start`, the first at 0."""
    is_volume: bool = False
    """All of a line's units at the price of the slot that its total has reached, but never more
    than a larger total would cost. False: each slot prices its own units (graduated)."""
    connect_fee: int = 0
    """Nano-units, once per session with its first priced unit."""
    decimals: int = 2
    rounding: Rounding = Rounding.HALF_UP
    minimum: int = 0
    """Nano-units a line costs at least once it has priced units; the connect fee is not counted."""
    maximum: int | None = None
    """Nano-units a line costs at most; the connect fee is not counted."""
    at_maximum: AtMaximum = AtMaximum.FREE
    when: Conditions = ALWAYS
    weight: int = 0
    """Among rates of an equally long prefix the heavier one is taken."""
    active_from: datetime | None = None
    """A future price: among equals, the newest that is active is taken."""
    tax_hundredths: int = 0
    """Tax contained in the price, hundredths of a percent; for people and records."""
    label: str = ""
    """For people: "Spain, evenings"."""
    denominator: int = field(init=False)
    """Exact costs of this rate are counted in 1/denominator nano-units."""

    def __post_init__(self) -> None:
        assert self.slots, "a rate needs a slot"
        assert self.slots[0].start == 0, "the first slot starts at 0"
        object.__setattr__(self, "denominator", lcm(*(slot.per for slot in self.slots)))

    @classmethod
    def flat(
        cls, *, key: str, service: str, price: int, per: int, increment: int = 1, **more: object
    ) -> Rate:
        """A rate of one price."""
        slot = Slot(price=price, per=per, increment=increment)
        return cls(key=key, service=service, slots=(slot,), **more)  # type: ignore[arg-type]

    def covers(self, rating_group: RatingGroup) -> bool:
        if self.rating_groups:
            return rating_group.number in self.rating_groups
        return self.service == rating_group.service


class Rates(tuple[Rate, ...]):  # noqa: SLOT001 - a tuple cannot have a slot
    """A list of rates, with room for what `rates.covering` has looked out of it."""

    looked_out: dict[tuple[int, str], object]

    def __new__(cls, rates: Iterable[Rate] = ()) -> Self:
        made = super().__new__(cls, rates)
        made.looked_out = {}
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The compiled rates of one plan version, in the order in which equals are tried."""

    version_id: int
    label: str
    """For people: "Flex 20 v3"."""
    rates: Rates
    fallbacks: tuple[Rates, ...] = ()
    """Lists of rates tried one after the other when none of the rates applies."""
    zero_rated: frozenset[int] = frozenset()
    """Rating groups that are free: no bucket pays and no money is taken."""
    money_first: bool = False
    """Money pays before units, for the rating groups that this tariff prices."""
    starts_at: datetime | None = None
    """The account's hold on the version: [starts_at, ends_at), None for no border."""
    ends_at: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )


# ── what an allowance gives ──────────────────────────────────────────────────────────────────


class Action(StrEnum):
    """What crossing a threshold does besides being told."""

    NOTIFY = "notify"
    BLOCK = "block"
    """Disable the buckets of `target` (this one unless named); back above, enable them again."""
    UNBLOCK = "unblock"
    """Enable the buckets of `target`; back above, disable them again."""
    THROTTLE = "throttle"
    """Mark grants as throttled: the network gets the marker, the quota goes on."""
    SUSPEND = "suspend"
    """Suspend the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A named mark of a bucket: percent of what was granted, or an absolute amount.

    Low at or below the mark. A counter's marks are measured on what was used: reached at or
    above it.
    """

    name: str
    percent_hundredths: int | None = None
    """20 % is 2000."""
    amount: int | None = None
    state: str = ""
    """What the balance is called below the mark: "low", "critical"; empty: the mark's name."""
    action: Action = Action.NOTIFY
    target: str = ""
    """Allowance key of the buckets that `action` blocks or unblocks; empty: this bucket."""
    quiet: Window | None = None
    """Local hours in which nobody is told; what was crossed then is told when they end."""
    is_paused: bool = False
    """Crossings are recorded, nobody is told."""

    def limit(self, granted: int) -> int:
        """The amount at or below which the bucket counts as low, given what it was granted."""
        if self.amount is not None:
            return self.amount
        assert self.percent_hundredths is not None
        return granted * self.percent_hundredths // 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Takes `times` units of a bucket for each unit used, where `when` holds."""

    times: Fraction
    key: str = ""
    """Set: applies to situations of this factor_key instead."""
    when: Conditions = ALWAYS

    def applies(self, situation: Situation) -> bool:
        if self.key:
            return self.key == situation.factor_key
        return self.when.precision(situation) is not None and not self.when.objection(situation)


class Role(StrEnum):
    """What a bucket does with usage."""

    PAYS = "pays"
    COUNTS = "counts"
    """A usage counter: it is debited beside whatever pays. Counters of money count money spent,
    others count units used. `granted` is its limit, 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a bucket may be used for and how, from the allowance it was given by."""

    when: Conditions = ALWAYS
    role: Role = Role.PAYS
    is_blocker: bool = False
    """Nothing behind this bucket pays, be it empty or not."""
    step: int = 1
    """Usage is taken from a bucket of units in whole steps of so many."""
    factors: tuple[Factor, ...] = ()
    """The first that applies counts."""
    tariffs: tuple[Tariff, ...] = ()
    """Prices of its own: units of this bucket cost money too, in the rate's steps; money of it is
    spent at them. Sessions know them of units only, and no volume prices."""
    is_unlimited: bool = False
    """Never runs out: `granted` is the fair use its thresholds are measured against, and
    `available` goes below zero beyond it."""
    limits: bool = False
    """Counters: quota is granted up to the limit only."""
    lifetime: Lifetime | None = None
    """Set while the bucket waits for its first use to begin to live."""


PLAIN = Terms()
"""What a bucket without an allowance goes by."""
