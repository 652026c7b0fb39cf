"""A rating case as it was read: plain values, amounts as exact decimals.

Units of usage are seconds, octets, messages or neutral units; money is in whole units of one
currency; times are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from charging.engine.tariff import AtMaximum, Rounding
from charging.engine.values import SharedOrder

ANY_SUBJECT = "*any"
"""The subject whose profile prices those that have none of their own."""

DEFAULT = "*default"
"""The balance of money that debts go to."""

ALWAYS = "always"
"""The timing that is always open."""

UNLIMITED = "unlimited"
"""What an account is granted that may go below zero."""


class Op(StrEnum):
    """What an event does."""

    RATE = "rate"
    DEBIT = "debit"
    QUOTE = "quote"
    RESERVE = "reserve"
    SESSION_START = "session_start"
    SESSION_UPDATE = "session_update"
    SESSION_END = "session_end"


class Kind(StrEnum):
    """What an event uses and a balance holds."""

    VOICE = "voice"
    DATA = "data"
    SMS = "sms"
    GENERIC = "generic"
    MONETARY = "monetary"
    """Balances only."""


# ── what is given ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Days and hours; an empty set of days is every day. Seconds of the day."""

    years: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    """0 is Sunday."""
    start: int = 0
    end: int | None = None
    """The last second; None: to midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPrice:
    """From `start` units of usage on: `rate` for each `unit` units, in steps of `increment`."""

    start: int
    rate: Decimal
    unit: int
    increment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePrice:
    connect_fee: Decimal
    slots: tuple[SlotPrice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a rating plan: what a destination costs at a time."""

    destination: str
    rate: str
    timing: str
    weight: Decimal
    rounding: Rounding
    decimals: int | None
    """None: as many as the case keeps."""
    max_cost: Decimal | None
    at_max_cost: AtMaximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    starts_at: datetime
    plan: str
    fallback: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingProfile:
    """Which plan prices a category of use for a subject, from when on."""

    category: str
    subject: str
    activations: tuple[Activation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    timing: Timing
    is_negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    id: str
    kind: Kind
    value: Decimal
    weight: Decimal
    included: frozenset[str]
    excluded: frozenset[str]
    categories: frozenset[str]
    expires_at: datetime | None
    windows: tuple[Window, ...]
    is_blocker: bool
    is_disabled: bool
    zero_increment: int | None
    """Free, in steps of so many."""
    subject: str
    """Priced by this subject's profile; empty: free (units) or at the event's price (money)."""
    factors: Mapping[str, Decimal]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: str
    allows_negative: bool
    is_disabled: bool
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    order: SharedOrder
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    money_decimals: int = 9
    """Decimals kept at a charge line, rounded half up."""
    destinations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timings: Mapping[str, Timing] = field(default_factory=dict)
    rates: Mapping[str, RatePrice] = field(default_factory=dict)
    rating_plans: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    rating_profiles: tuple[RatingProfile, ...] = ()
    account: Account | None = None
    other_accounts: tuple[Account, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)


# ── what happens, and what should come of it ─────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxRate:
    rate: Decimal
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    op: Op
    kind: Kind
    category: str
    subject: str
    """Empty: the account's id."""
    destination: str
    at: datetime
    usage: int | None
    account: str
    """Empty: the account that is given."""
    loop: int | None
    rounds_cost: bool
    factor_key: str
    max_rate: MaxRate | None
    all_or_nothing: bool
    denies_negative: bool
    last_used: int | None
    total_usage: int | None
    repeat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Figures that an event should give; None and absent ones may be anything."""

    cost: Decimal | None = None
    granted: Decimal | str | None = None
    charged_usage: Decimal | None = None
    session_usage: Decimal | None = None
    error: str = ""
    balances: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    title: str = ""
    tags: tuple[str, ...] = ()
    given: Given
    events: tuple[Event, ...]
    expect: tuple[Expectation, ...]
    unrounded: tuple[Expectation, ...] = ()
    """The same figures without intermediate rounding; either is right."""
    tolerance: Decimal = Decimal(0)
    """Absolute, for costs and balances."""
    notes: str = ""
