"""The plain values that the engine reads and returns.

Amounts are integers: octets, seconds, events, or nano-units (10⁻⁹) of the account's currency.
Times are aware datetimes in UTC. Everything the engine is given is left unchanged; what should
change comes back in an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from charging.engine.calendar import UTC_DAYS, Almanac
from charging.engine.conditions import HERE, Situation
from charging.engine.tariff import PLAIN, Action, RatingGroup, Role, Tariff, Terms, Threshold, Unit


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
    terms: Terms = PLAIN
    is_disabled: bool = False
    """Neither pays nor is granted from; what it holds for sessions is still used up."""
    allowance_key: str = ""
    """Names the allowance it was given by, for thresholds that act on other buckets."""
    owner_id: int = 0
    """The account that owns it; 0 the one that is charged. Others share theirs."""
    group: str = ""
    """The shared group it belongs to; empty: none."""
    capped_by: int = 0
    """The counter that limits what the charged account may take from it; 0: none."""

    @property
    def remaining(self) -> int:
        """What thresholds are measured on: reserved units are not yet used."""
        return self.available + self.reserved

    @property
    def counts(self) -> bool:
        return self.terms.role is Role.COUNTS


class SharedOrder(StrEnum):
    """In which order the members' buckets of a shared group pay."""

    LOWEST = "lowest"
    HIGHEST = "highest"
    OWN_LOWEST = "own_lowest"
    """The charged account's own first, then the lowest."""
    OWN_HIGHEST = "own_highest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that decides what one account may use."""

    id: int
    buckets: tuple[Bucket, ...]
    """Its own and those that others share with it."""
    tariffs: tuple[Tariff, ...]
    """Of the plan subscriptions that may rate a request, ended ones included, in the order in
    which they are asked for a price: add-ons first, then the base plan."""
    rating_groups: dict[int, RatingGroup]
    may_use: bool = True
    """False when its state allows no use: quota is denied, reported usage is still settled."""
    services: frozenset[str] | None = None
    """Services that its state allows; None: all."""
    almanac: Almanac = UTC_DAYS
    """The account's wall time and its operator's holidays."""
    shared: Mapping[str, SharedOrder] = field(default_factory=dict)
    """How the buckets of each shared group are ordered; own first, then lowest, unless given."""


# ── the session's memory between requests ────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class ReservedPart:
    """Part of a grant held in one bucket. `amount` is what the bucket holds: units, or
    nano-units for money; `units` is how much usage it pays for."""

    bucket_id: int
    units: int
    amount: int
    rate_key: str = ""
    cost: int = 0
    """Nano-units that the whole promise adds to its rate's line; on its first part only."""
    exact: int = 0


@dataclass(slots=True, kw_only=True)
class LineTotal:
    """Units and money so far under one rate, so that splitting usage never changes the cost."""

    units: int = 0
    cost: int = 0
    exact: int = 0
    """The cost before rounding, in 1/denominator nano-units of the rate."""


@dataclass(slots=True, kw_only=True)
class Meter:
    """Where a session's usage of one rating group stands, whatever pays for it."""

    position: int = 0
    """Units priced so far: decides the slot of the next one."""
    covered: int = 0
    """Units of a started step that are paid for and not yet used."""


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
    meters: dict[int, Meter] = field(default_factory=dict)
    """Key: the rating group's number."""


def line_key(rating_group: int, upf_id: str) -> str:
    return f"{rating_group}/{upf_id}"


# ── a request and its outcome ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedUnits:
    """One reported container, already in the rating group's unit."""

    amount: int
    at: datetime
    started_at: datetime | None = None
    """When its use began, where it lasts (seconds); None: all of it at `at`."""
    offline: bool = False
    closes_quota: bool = False
    """Its trigger ends the quota (FINAL, QHT, ABNORMAL_RELEASE, …): the rest is handed back."""
    situation: Situation | None = None
    """Where and how it was used, if that differs from the request's."""


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
    situation: Situation = HERE


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
    is_throttled: bool = False
    """A counter's mark asks for slower service; the network is told, the quota goes on."""


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
    state: str = ""
    """What the balance is called on the low side."""
    action: Action = Action.NOTIFY
    target: str = ""
    """Allowance key of the buckets that the action is about; empty: this one."""
    is_paused: bool = False
    """Recorded only: nobody is told."""
    quiet_until: datetime | None = None
    """Nobody is told before."""

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
    missing: str
    """What was not there: `trace.NO_RATE`, `NO_MONEY` or `UNKNOWN_RATING_GROUP`."""
    situation: Situation = HERE
    """Where and with whom it was used, which a price would have to cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLimitPassed:
    """Reported usage took the bucket below its credit limit."""

    bucket_id: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSwitched:
    """A threshold's action blocked a bucket or let it pay again; the caller stores it."""

    bucket_id: int
    is_disabled: bool
    threshold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUsed:
    """A bucket's life began with this use; the caller stores when it ends."""

    bucket_id: int
    at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSuspended:
    """A threshold's action suspends the account; the caller changes its state."""

    bucket_id: int
    threshold: str


EngineEvent = (
    ThresholdCrossed
    | BucketExhausted
    | UsageUnrated
    | CreditLimitPassed
    | BucketSwitched
    | FirstUsed
    | AccountSuspended
)


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
