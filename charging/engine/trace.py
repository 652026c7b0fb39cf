"""What the engine decided, as it decided it, and the sentences people read.

While charging, a step is one tuple of a code and plain values: nothing is worded on the hot
path. `sentences` words a stored trace, also one that went through JSON or msgpack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from charging.engine.amounts import say_amount
from charging.engine.values import (
    Account,
    BucketExhausted,
    Rate,
    Result,
    ThresholdCrossed,
    Unit,
)

# ── codes: stored, so never renamed; the values that follow are named beside each ────────────

USED = "used"  # rating group, units
RECORDED = "recorded"  # rating group, units
ASKED = "asked"  # rating group, units or -1 for the rating group's own slice
SKIPPED = "skipped"  # bucket, reason, epoch seconds of the time it depends on
ORDER = "order"  # buckets…
PRICED = "priced"  # rating group, rate, units before, units, price, per, step, places, cost
CONNECT_FEE = "connect_fee"  # nano-units
FREE = "free"  # rating group, units
PAID_HELD = "paid_held"  # bucket, amount
PAID = "paid"  # bucket, amount
DEBT = "debt"  # bucket, amount
UNRATED = "unrated"  # rating group, units, reason
RETURNED = "returned"  # bucket, amount
LAPSED = "lapsed"  # bucket, amount
HOLD_LOST = "hold_lost"  # bucket, amount
HELD = "held"  # bucket, amount
CAPPED = "capped"  # rating group, units
GRANTED = "granted"  # rating group, units, units wanted, validity seconds, threshold
FINAL = "final"  # rating group, final-unit action
DEBITED = "debited"  # rating group, units, nano-units
REFUSED = "refused"  # rating group, result
CROSSED = "crossed"  # bucket, threshold, limit, before, after
EXHAUSTED = "exhausted"  # bucket
CREDIT_PASSED = "credit_passed"  # bucket, available

EMPTY = "empty"
EXPIRED = "expired"
NOT_YET_VALID = "not_yet_valid"
OTHER_RATING_GROUP = "other_rating_group"

UNKNOWN_RATING_GROUP = "unknown_rating_group"
NO_RATE = "no_rate"
NO_MONEY = "no_money"


def of_price(
    rating_group: int, rate: Rate, total_units: int, units: int, cost: int
) -> tuple[object, ...]:
    """The step that prices `units` on a line that already counts `total_units`."""
    return (
        PRICED,
        rating_group,
        rate.key,
        total_units,
        units,
        rate.price,
        rate.per,
        rate.increment,
        rate.decimals,
        cost,
    )


def of_crossing(event: ThresholdCrossed | BucketExhausted) -> tuple[object, ...]:
    if isinstance(event, BucketExhausted):
        return (EXHAUSTED, event.bucket_id)
    return (CROSSED, event.bucket_id, event.threshold, event.limit, event.before, event.after)


# ── for people ───────────────────────────────────────────────────────────────────────────────

Tone = Literal["ok", "skip", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step in words."""

    kind: Tone
    text: str
    code: str
    """The step's code, for an icon or a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the numbers of a trace are called, and how amounts are shown."""

    buckets: Mapping[int, tuple[str, Unit]] = field(default_factory=dict)
    rating_groups: Mapping[int, tuple[str, Unit]] = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)
    """Rate key → the plan version it belongs to, "Flex 20 v3"."""
    currency: str = "EUR"
    gigabyte: int = 2**30
    time_zone: tzinfo = UTC
    format_amount: Callable[[int, Unit], str] | None = None
    """How pages write amounts; None: as `amounts.say_amount` does."""

    @classmethod
    def of(
        cls,
        account: Account,
        *,
        currency: str = "EUR",
        gigabyte: int = 2**30,
        time_zone: tzinfo = UTC,
        format_amount: Callable[[int, Unit], str] | None = None,
    ) -> Names:
        """The names of one account's buckets, rating groups and rates."""
        return cls(
            buckets={bucket.id: (bucket.name, bucket.unit) for bucket in account.buckets},
            rating_groups={
                number: (group.name, group.unit) for number, group in account.rating_groups.items()
            },
            rates={rate.key: tariff.label for tariff in account.tariffs for rate in tariff.rates},
            currency=currency,
            gigabyte=gigabyte,
            time_zone=time_zone,
            format_amount=format_amount,
        )

    def bucket(self, bucket_id: int) -> str:
        found = self.buckets.get(bucket_id)
        return f"“{found[0]}”" if found else f"bucket {bucket_id}"

    def group(self, number: int) -> str:
        found = self.rating_groups.get(number)
        return found[0] if found else f"rating group {number}"

    def units(self, number: int, amount: int) -> str:
        """An amount of a rating group's usage."""
        found = self.rating_groups.get(number)
        return self._say(amount, found[1]) if found else f"{amount:,} units"

    def held(self, bucket_id: int, amount: int) -> str:
        """An amount of a bucket's own unit."""
        found = self.buckets.get(bucket_id)
        return self._say(amount, found[1]) if found else f"{amount:,} units"

    def money(self, nano_units: int) -> str:
        return self._say(nano_units, Unit.NANO_MONEY)

    def time(self, epoch_seconds: int) -> str:
        return f"{datetime.fromtimestamp(epoch_seconds, self.time_zone):%Y-%m-%d %H:%M %Z}"

    def seconds(self, amount: int) -> str:
        return self._say(amount, Unit.SECONDS)

    def _say(self, amount: int, unit: Unit) -> str:
        if self.format_amount is not None:
            return self.format_amount(amount, unit)
        return say_amount(amount, unit, currency=self.currency, gigabyte=self.gigabyte)


def sentences(trace: Iterable[Sequence[object]], names: Names | None = None) -> list[Sentence]:
    """A trace in plain words, one sentence a step, in the order of decisions.

    A code this version does not know (a trace stored by a newer one) is shown as it is.
    """
    names = names or Names()
    return [_sentence(step, names) for step in trace]


def _sentence(step: Sequence[object], names: Names) -> Sentence:
    code, *values = step
    wording = _WORDINGS.get(str(code))
    if wording is None:
        return Sentence("skip", " ".join(map(str, step)), str(code))
    kind, text = wording(names, *values)
    return Sentence(kind, text, str(code))


# ── the wording of each code ─────────────────────────────────────────────────────────────────

_Worded = tuple[Tone, str]

_REASONS = {
    UNKNOWN_RATING_GROUP: "the rating group is not set up",
    NO_RATE: "no plan of the account has a rate for it",
    NO_MONEY: "the account has no money bucket",
}
_REFUSALS = {
    Result.QUOTA_LIMIT_REACHED.value: "nothing is left to pay for it",
    Result.RATING_FAILED.value: "no allowance and no rate covers it",
    Result.END_USER_SERVICE_DENIED.value: "the account is suspended or terminated",
}
_FINAL_ACTIONS = {
    "TERMINATE": "the service ends when they are used",
    "REDIRECT": "after them the user is redirected",
    "RESTRICT_ACCESS": "after them access is restricted",
}


def _used(names: Names, group: int, amount: int) -> _Worded:
    return "ok", f"{names.group(group)}: {names.units(group, amount)} used."


def _recorded(names: Names, group: int, amount: int) -> _Worded:
    return "ok", f"{names.group(group)}: {names.units(group, amount)} used offline, recorded only."


def _asked(names: Names, group: int, amount: int) -> _Worded:
    if amount < 0:
        return "ok", f"{names.group(group)}: quota asked for, the amount is left to us."
    return "ok", f"{names.group(group)}: {names.units(group, amount)} asked for."


def _skipped(names: Names, bucket: int, reason: str, when: int = 0) -> _Worded:
    why = {
        EMPTY: "nothing is left in it",
        EXPIRED: f"it expired on {names.time(when)}",
        NOT_YET_VALID: f"it is valid only from {names.time(when)}",
        OTHER_RATING_GROUP: "it is kept for other rating groups",
    }.get(reason, reason)
    return "skip", f"{names.bucket(bucket)} skipped: {why}."


def _order(names: Names, *buckets: int) -> _Worded:
    return "ok", f"Tried in this order: {', '.join(map(names.bucket, buckets))}."


def _priced(
    names: Names,
    group: int,
    rate: str,
    before: int,
    units: int,
    price: int,
    per: int,
    increment: int,
    decimals: int,
    cost: int,
) -> _Worded:
    priced = f"{names.units(group, units)} at {names.money(price)} per {names.units(group, per)}"
    text = f"{priced} cost {names.money(cost)}"
    if increment > 1:
        text += f", in steps of {names.units(group, increment)}"
    if before:
        text += f", after {names.units(group, before)} earlier in the session"
    text += f"; the session's total is rounded to {decimals} places"
    plan = names.rates.get(rate)
    return "ok", f"{plan}: {text}." if plan else f"{text}."


def _connect_fee(names: Names, fee: int) -> _Worded:
    return "ok", f"Connect fee {names.money(fee)}, once per session."


def _free(names: Names, group: int, amount: int) -> _Worded:
    return "ok", f"{names.units(group, amount)} free of charge."


def _paid_held(names: Names, bucket: int, amount: int) -> _Worded:
    text = f"{names.held(bucket, amount)} paid from what was reserved in {names.bucket(bucket)}."
    return "ok", text


def _paid(names: Names, bucket: int, amount: int) -> _Worded:
    return "ok", f"{names.held(bucket, amount)} paid from {names.bucket(bucket)}."


def _debt(names: Names, bucket: int, amount: int) -> _Worded:
    text = f"{names.held(bucket, amount)} could not be paid: {names.bucket(bucket)} goes into debt."
    return "bad", text


def _unrated(names: Names, group: int, amount: int, reason: str) -> _Worded:
    why = _REASONS.get(reason, reason)
    return "bad", f"{names.units(group, amount)} of {names.group(group)} stored unrated: {why}."


def _returned(names: Names, bucket: int, amount: int) -> _Worded:
    return "ok", f"{names.held(bucket, amount)} no longer reserved, back in {names.bucket(bucket)}."


def _lapsed(names: Names, bucket: int, amount: int) -> _Worded:
    text = f"{names.held(bucket, amount)} no longer reserved; {names.bucket(bucket)} has expired."
    return "warn", text


def _hold_lost(names: Names, bucket: int, amount: int) -> _Worded:
    return "bad", f"The reservation of {amount:,} in {names.bucket(bucket)} was not found."


def _held(names: Names, bucket: int, amount: int) -> _Worded:
    return "ok", f"{names.held(bucket, amount)} reserved in {names.bucket(bucket)}."


def _capped(names: Names, group: int, amount: int) -> _Worded:
    return "warn", f"One grant gives at most {names.units(group, amount)}."


def _granted(
    names: Names, group: int, amount: int, wanted: int, validity: int, threshold: int
) -> _Worded:
    text = f"{names.group(group)}: {names.units(group, amount)} granted"
    if amount < wanted:
        text += f" of {names.units(group, wanted)}: there is no more"
    if validity:
        text += f", for {names.seconds(validity)}"
    if threshold:
        text += f", to be reported when {names.units(group, threshold)} are left"
    return "warn" if amount < wanted else "ok", f"{text}."


def _final(names: Names, group: int, action: str) -> _Worded:
    then = _FINAL_ACTIONS.get(action, action)
    return "warn", f"These are the last units for {names.group(group)}: {then}."


def _debited(names: Names, group: int, amount: int, cost: int) -> _Worded:
    text = f"{names.group(group)}: {names.units(group, amount)} debited at once"
    return "ok", f"{text}, {names.money(cost)}." if cost else f"{text}."


def _refused(names: Names, group: int, result: str) -> _Worded:
    if result == Result.QUOTA_MANAGEMENT_NOT_APPLICABLE:
        return "ok", f"{names.group(group)}: charged offline, no quota needed."
    why = _REFUSALS.get(result, result)
    return "bad", f"{names.group(group)} refused: {why} ({result})."


def _crossed(
    names: Names, bucket: int, threshold: str, limit: int, before: int, after: int
) -> _Worded:
    held = f"{names.held(bucket, after)} left in {names.bucket(bucket)}"
    mark = f"“{threshold}” ({names.held(bucket, limit)})"
    if after <= limit < before:
        return "warn", f"{held}: at or below {mark}."
    return "ok", f"{held}: above {mark} again."


def _exhausted(names: Names, bucket: int) -> _Worded:
    return "warn", f"{names.bucket(bucket)} is used up."


def _credit_passed(names: Names, bucket: int, available: int) -> _Worded:
    text = f"{names.bucket(bucket)} is beyond its credit limit at {names.held(bucket, available)}."
    return "bad", text


_WORDINGS: dict[str, Callable[..., Any]] = {
    USED: _used,
    RECORDED: _recorded,
    ASKED: _asked,
    SKIPPED: _skipped,
    ORDER: _order,
    PRICED: _priced,
    CONNECT_FEE: _connect_fee,
    FREE: _free,
    PAID_HELD: _paid_held,
    PAID: _paid,
    DEBT: _debt,
    UNRATED: _unrated,
    RETURNED: _returned,
    LAPSED: _lapsed,
    HOLD_LOST: _hold_lost,
    HELD: _held,
    CAPPED: _capped,
    GRANTED: _granted,
    FINAL: _final,
    DEBITED: _debited,
    REFUSED: _refused,
    CROSSED: _crossed,
    EXHAUSTED: _exhausted,
    CREDIT_PASSED: _credit_passed,
}
