"""A trace in the sentences that people read, in one place.

Works on a stored trace too, also on one that went through JSON or msgpack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from charging.engine import conditions, trace
from charging.engine.amounts import say_amount
from charging.engine.tariff import Unit
from charging.engine.values import Account, Result

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
            rates={
                rate.key: tariff.label
                for tariff in account.tariffs
                for rates in (tariff.rates, *tariff.fallbacks)
                for rate in rates
            },
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


def sentences(steps: Iterable[Sequence[object]], names: Names | None = None) -> list[Sentence]:
    """A trace in plain words, one sentence a step, in the order of decisions.

    A code this version does not know (a trace stored by a newer one) is shown as it is.
    """
    names = names or Names()
    return [_sentence(step, names) for step in steps]


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
    trace.UNKNOWN_RATING_GROUP: "the rating group is not set up",
    trace.NO_RATE: "no plan of the account has a rate for it",
    trace.NO_MONEY: "the account has no money bucket",
}
_REFUSALS = {
    Result.QUOTA_LIMIT_REACHED.value: "nothing is left to pay for it",
    Result.RATING_FAILED.value: "no allowance and no rate covers it",
    Result.END_USER_SERVICE_DENIED.value: "the account's state does not allow it",
}
_SKIPS = {
    trace.EMPTY: "nothing is left in it",
    trace.OTHER_RATING_GROUP: "it is kept for other rating groups",
    trace.DISABLED: "it is blocked",
    trace.NO_RATE: "its own price does not cover this use",
    conditions.DESTINATION: "it does not pay for this destination",
    conditions.ZONE: "it does not pay in this zone",
    conditions.NETWORK: "it does not pay in this network",
    conditions.RAT: "it does not pay for this radio access",
    conditions.DNN: "it does not pay for this data network",
    conditions.SLICE: "it does not pay in this slice",
    conditions.CHARACTERISTICS: "the subscriber's charging characteristics are others",
    conditions.NUMBER_CLASS: "it does not pay for this kind of number",
    conditions.CATEGORY: "it does not pay for this kind of use",
    conditions.ON_NET: "it tells the own network's numbers from others",
    conditions.CLOSED: "it is outside its hours",
}
_FREE_REASONS = {
    trace.EMERGENCY: ": an emergency number is always free",
    trace.ZERO_RATED: ": the plan does not charge for it",
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
        trace.EXPIRED: f"it expired on {names.time(when)}",
        trace.NOT_YET_VALID: f"it is valid only from {names.time(when)}",
        **_SKIPS,
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


def _chosen(names: Names, group: int, rate: str, label: str) -> _Worded:
    plan = names.rates.get(rate)
    return "ok", f"{plan}: the price for “{label}” applies." if plan else f"Price: “{label}”."


def _tax(names: Names, group: int, hundredths: int, amount: int) -> _Worded:
    percent = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
    return "ok", f"{names.money(amount)} of that is tax ({percent} %)."


def _slots(names: Names, group: int, rate: str, *slots: Sequence[int]) -> _Worded:
    prices = [
        f"from {names.units(group, start)} {names.money(price)} per {names.units(group, per)}"
        for start, price, per, _ in slots
    ]
    return "ok", f"Prices by usage: {'; '.join(prices)}."


def _limits(names: Names, group: int, rate: str, minimum: int, maximum: int, exact: int) -> _Worded:
    limits = []
    if minimum:
        limits.append(f"at least {names.money(minimum)}")
    if maximum >= 0:
        limits.append(f"at most {names.money(maximum)}")
    return "ok", f"The session costs {' and '.join(limits)} at this price."


def _free(names: Names, group: int, amount: int, reason: str = "") -> _Worded:
    return "ok", f"{names.units(group, amount)} free of charge{_FREE_REASONS.get(reason, '')}."


def _covered(names: Names, group: int, amount: int) -> _Worded:
    return "ok", f"{names.units(group, amount)} were paid for with the step begun before."


def _limited(names: Names, group: int, amount: int, when: int) -> _Worded:
    if when:
        text = f"{names.units(group, amount)} at most: the price or balance changes then"
        return "ok", f"{text} ({names.time(when)})."
    return "warn", f"A usage limit allows {names.units(group, amount)} only."


def _stopped(names: Names, group: int) -> _Worded:
    return "warn", f"{names.group(group)} has cost its maximum: the price allows no more."


def _throttled(names: Names, group: int) -> _Worded:
    return "warn", f"{names.group(group)} goes on at reduced speed: fair use is reached."


def _blocked(names: Names, bucket: int) -> _Worded:
    return "warn", f"{names.bucket(bucket)} keeps later balances from paying."


def _tallied(names: Names, bucket: int, amount: int) -> _Worded:
    return "ok", f"{names.held(bucket, amount)} counted in {names.bucket(bucket)}."


def _first_use(names: Names, bucket: int, until: int) -> _Worded:
    text = f"First use of {names.bucket(bucket)}"
    return "ok", f"{text}: it is valid until {names.time(until)}." if until else f"{text}."


def _switched(names: Names, bucket: int, is_disabled: bool, threshold: str) -> _Worded:
    if is_disabled:
        return "warn", f"{names.bucket(bucket)} is blocked by “{threshold}”."
    return "ok", f"{names.bucket(bucket)} may pay again, by “{threshold}”."


def _suspended(names: Names, threshold: str) -> _Worded:
    return "bad", f"The account is suspended by “{threshold}”."


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
    trace.USED: _used,
    trace.RECORDED: _recorded,
    trace.ASKED: _asked,
    trace.SKIPPED: _skipped,
    trace.ORDER: _order,
    trace.PRICED: _priced,
    trace.CONNECT_FEE: _connect_fee,
    trace.TAX: _tax,
    trace.CHOSEN: _chosen,
    trace.SLOTS: _slots,
    trace.LIMITS: _limits,
    trace.FREE: _free,
    trace.COVERED: _covered,
    trace.LIMITED: _limited,
    trace.STOPPED: _stopped,
    trace.THROTTLED: _throttled,
    trace.BLOCKED: _blocked,
    trace.TALLIED: _tallied,
    trace.FIRST_USE: _first_use,
    trace.SWITCHED: _switched,
    trace.SUSPENDED: _suspended,
    trace.PAID_HELD: _paid_held,
    trace.PAID: _paid,
    trace.DEBT: _debt,
    trace.UNRATED: _unrated,
    trace.RETURNED: _returned,
    trace.LAPSED: _lapsed,
    trace.HOLD_LOST: _hold_lost,
    trace.HELD: _held,
    trace.CAPPED: _capped,
    trace.GRANTED: _granted,
    trace.FINAL: _final,
    trace.DEBITED: _debited,
    trace.REFUSED: _refused,
    trace.CROSSED: _crossed,
    trace.EXHAUSTED: _exhausted,
    trace.CREDIT_PASSED: _credit_passed,
}
