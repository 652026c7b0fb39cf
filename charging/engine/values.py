"""The plain values that the engine reads and returns.

Amounts are integers: octets, seconds, events, or nano-units (10⁻⁹) of the account's currency.
Times are aware datetimes in UTC. Everything the engine is given is left unchanged; what should
change comes back in an `Outcome`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Unit(StrEnum):
    """What a bucket or a rating group counts."""

    OCTETS = "OCTETS"
    SECONDS = "SECONDS"
    EVENTS = "EVENTS"
    NANO_MONEY = "NANO_MONEY"


class Mode(StrEnum):
    """Whether a rating group is charged against balances or only recorded."""

    ONLINE = "online"
    OFFLINE = "offline"


class Kind(StrEnum):
    """What a request is to the engine (TS 32.290 §5.1–5.3: SCUR/ECUR, IEC, PEC)."""

    START = "start"
    UPDATE = "update"
    RELEASE = "release"
    IMMEDIATE_EVENT = "immediate_event"
    POST_EVENT = "post_event"


class Result(StrEnum):
    """Per-rating-group outcome; the wire names of ResultCode (TS 32.291 §6.1.6.3)."""

    SUCCESS = "SUCCESS"
    QUOTA_LIMIT_REACHED = "QUOTA_LIMIT_REACHED"
    RATING_FAILED = "RATING_FAILED"
    END_USER_SERVICE_DENIED = "END_USER_SERVICE_DENIED"
    QUOTA_MANAGEMENT_NOT_APPLICABLE = "QUOTA_MANAGEMENT_NOT_APPLICABLE"


# ── the tariff: what a published plan version compiles to ────────────────────────────────────


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A named low-balance mark of a bucket: percent of what was granted, or an absolute amount."""

    name: str
    percent_hundredths: int | None = None
    """20 % is 2000."""
    amount: int | None = None

    def limit(self, granted: int) -> int:
        """The amount at or below which the bucket counts as low, given what it was granted."""
        if self.amount is not None:
            return self.amount
        assert self.percent_hundredths is not None
        return granted * self.percent_hundredths // 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What usage costs in money once no unit bucket pays.

    `price` nano-units per `per` units, charged in whole steps of `increment` units; the line's
    total is rounded half-up to `decimals` places of the currency.
    """

    key: str
    """Stable within the plan version; sessions keep their running totals under it."""
    service: str
    rating_groups: frozenset[int] = frozenset()
    """Empty: every rating group of the service."""
    price: int
    per: int
    increment: int = 1
    connect_fee: int = 0
    decimals: int = 2

    def covers(self, rating_group: RatingGroup) -> bool:
        if self.rating_groups:
            return rating_group.number in self.rating_groups
        return self.service == rating_group.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The compiled rates of one plan version, in the order in which they are tried."""

    version_id: int
    label: str
    """For people: "Flex 20 v3"."""
    rates: tuple[Rate, ...]
    starts_at: datetime | None = None
    """The account's hold on the version: [starts_at, ends_at), None for no border."""
    ends_at: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )


# ── the account as it was locked and read ────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Units or money one account may still use; granted = available + reserved + used + expired."""

    id: int
    name: str
    unit: Unit
    service: str
    rating_groups: frozenset[int] = frozenset()
    """Empty: every rating group of the service (units) or everything (money)."""
    weight: int = 0
    """Higher pays first."""
    granted: int
    available: int
    reserved: int = 0
    used: int = 0
    expired: int = 0
    valid_from: datetime
    expires_at: datetime | None = None
    credit_limit: int = 0
    """Money only: how far `available` may go below zero for new grants, nano-units."""
    thresholds: tuple[Threshold, ...] = ()

    @property
    def remaining(self) -> int:
        """What thresholds are measured on: reserved units are not yet used."""
        return self.available + self.reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that decides what one account may use."""

    id: int
    buckets: tuple[Bucket, ...]
    tariffs: tuple[Tariff, ...]
    """Of the plan subscriptions that may rate a request, ended ones included, the base plan
    first."""
    rating_groups: dict[int, RatingGroup]
    may_use: bool = True
    """False when suspended or terminated: quota is denied, reported usage is still settled."""


# ── the session's memory between requests ────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class ReservedPart:
    """Part of a grant held in one bucket. `amount` is what the bucket holds: units, or
    nano-units for money; `units` is how much usage it pays for."""

    bucket_id: int
    units: int
    amount: int
    rate_key: str = ""


@dataclass(slots=True, kw_only=True)
class LineTotal:
    """Units and money so far under one rate, so that splitting usage never changes the cost."""

    units: int = 0
    cost: int = 0


@dataclass(slots=True, kw_only=True)
class Line:
    """What a session remembers for one (rating group, UPF)."""

    rating_group: int
    upf_id: str = ""
    parts: list[ReservedPart] = field(default_factory=list)
    used: int = 0
    cost: int = 0
    refused: bool = False
    """The last answer refused or limited quota: a top-up should reauthorize it."""


@dataclass(slots=True, kw_only=True)
class SessionState:
    """Reservations and running totals of one charging session; stored with its row."""

    lines: dict[str, Line] = field(default_factory=dict)
    """Key: `line_key(rating_group, upf_id)`."""
    totals: dict[str, LineTotal] = field(default_factory=dict)
    """Key: `"{rating_group}:{rate.key}"`."""
    cost: int = 0


def line_key(rating_group: int, upf_id: str) -> str:
    return f"{rating_group}/{upf_id}"


# ── a request and its outcome ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedUnits:
    """One reported container, already in the rating group's unit."""

    amount: int
    at: datetime
    offline: bool = False
    closes_quota: bool = False
    """Its trigger ends the quota (FINAL, QHT, ABNORMAL_RELEASE, …): the rest is handed back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRequest:
    """One multipleUnitUsage entry."""

    rating_group: int
    upf_id: str = ""
    wants_quota: bool = False
    requested: int | None = None
    """Units asked for; None with `wants_quota`: the engine decides (centralised determination)."""
    used: tuple[UsedUnits, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRequest:
    """What the network asks of the engine, free of protocol."""

    kind: Kind
    at: datetime
    """The account's now; decides validity of buckets for new quota."""
    lines: tuple[LineRequest, ...]
    destination: str = ""
    """Called party or recipient, digits; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """The decision for one (rating group, UPF) that asked for quota."""

    rating_group: int
    upf_id: str = ""
    result: Result
    unit: Unit | None = None
    granted: int | None = None
    validity_time: int = 0
    holding_time: int = 0
    threshold: int = 0
    """Remaining amount at which the network reports; 0 sends none."""
    is_final: bool = False
    final_unit_action: str = ""
    redirect_address: str = ""


class MoveKind(StrEnum):
    """Why an amount moved within a bucket; also the kind of its ledger entry."""

    RESERVE = "reserve"
    POST = "post"
    VOID = "void"
    """A reservation handed back unused."""


@dataclass(slots=True, kw_only=True)
class Move:
    """Signed deltas to one bucket. A request makes at most one move per bucket and kind-of-line;
    the ledger stores the sum per bucket."""

    bucket_id: int
    kind: MoveKind
    available: int = 0
    reserved: int = 0
    used: int = 0
    expired: int = 0
    rating_group: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCrossed:
    bucket_id: int
    threshold: str
    limit: int
    before: int
    """Remaining amount before and after the request."""
    after: int

    @property
    def is_low(self) -> bool:
        """True: normal → low. False: back to normal (top-up, renewal)."""
        return self.after <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketExhausted:
    bucket_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageUnrated:
    """Usage nobody had a price for; it is stored, and someone must be told what is missing."""

    rating_group: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLimitPassed:
    """Reported usage took the bucket below its credit limit."""

    bucket_id: int
    available: int


EngineEvent = ThresholdCrossed | BucketExhausted | UsageUnrated | CreditLimitPassed


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a request does: nothing has happened until the caller commits it."""

    answers: list[LineAnswer] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    events: list[EngineEvent] = field(default_factory=list)
    session: SessionState = field(default_factory=SessionState)
    cost: int = 0
    """Nano-units of money this request charged (connect fee included)."""
    usage: list[tuple[int, str, int, int]] = field(default_factory=list)
    """(rating group, UPF, units used, money charged) of this request."""
    trace: list[tuple[object, ...]] = field(default_factory=list)
    """(code, values…) in the order of decisions; `trace.sentences` renders them."""
    refused: bool = False
    """Every line that asked for quota was refused."""
