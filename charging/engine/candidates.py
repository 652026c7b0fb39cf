"""Which buckets may pay for a use, which count it, and in which order.

What does not change within one request is looked out once; validity, time windows and amounts are
asked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from charging.engine import balances, trace
from charging.engine.balances import NEVER
from charging.engine.conditions import CLOSED, DESTINATION, Situation
from charging.engine.tariff import PLAIN, RatingGroup
from charging.engine.values import Account, Bucket, SharedOrder

_ONE = Fraction(1)


class Working:
    """One bucket while a request is worked out: where its amounts stand now."""

    __slots__ = ("available", "bucket", "has_begun", "indebted", "is_disabled", "told", "used")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.available = bucket.available
        self.used = 0
        """Used by this request."""
        self.indebted = False
        """This request took it further below zero than its credit limit allows."""
        self.is_disabled = bucket.is_disabled
        self.has_begun = False
        """This request is its first use."""
        self.told = 0
        """Of what was used, how much thresholds have seen."""

    @property
    def spendable(self) -> int:
        """What may still be reserved or spent on new quota, credit included."""
        return max(0, self.available + self.bucket.credit_limit)


@dataclass(slots=True)
class Candidate:
    """A bucket that may pay, and how it is taken from."""

    working: Working
    precision: int
    """Digits of the destination prefix that let it pay."""
    step: int = 1
    per_step: int = 1
    """Amount taken for each step of usage, factors applied."""
    times: Fraction = _ONE
    """The factor: what is taken for one unit, where steps are those of a price."""


class Candidates:
    """Who may pay for one rating group in one situation; money is looked out when it is asked
    for, since units often pay alone."""

    __slots__ = ("_look_out_money", "_money", "counters", "has_units", "units")

    def __init__(
        self,
        units: list[Candidate],
        counters: list[Working],
        look_out_money: Callable[[], list[Candidate]],
    ) -> None:
        self.units = units
        self.counters = counters
        """What counts the use; caps on shared buckets are not among them."""
        self.has_units = bool(units)
        """A bucket of these units was given at some time, be it used up or expired."""
        self._look_out_money = look_out_money
        self._money: list[Candidate] | None = None

    @property
    def money(self) -> list[Candidate]:
        if self._money is None:
            self._money = self._look_out_money()
        return self._money


def look_out(
    account: Account,
    workings: Iterable[Working],
    rating_group: RatingGroup,
    situation: Situation,
    steps: list[tuple[object, ...]] | None,
) -> list[Candidate]:
    """Of buckets that the rating group concerns, those that may pay for the use, in paying order;
    the others' reasons go to `steps`."""
    number = rating_group.number
    found: list[Candidate] = []
    for working in workings:
        bucket = working.bucket
        if bucket.terms is PLAIN and (not bucket.rating_groups or number in bucket.rating_groups):
            found.append(Candidate(working, 0))
            continue
        reason, precision = _objection(bucket, rating_group, situation)
        if not reason:
            found.append(_candidate(working, precision, situation))
        elif steps is not None:
            steps.append((trace.SKIPPED, bucket.id, reason))
    if len(found) > 1:
        _put_in_order(account, found)
    return found


def counting(
    workings: Iterable[Working], rating_group: RatingGroup, situation: Situation
) -> list[Working]:
    """Of counters that the rating group concerns, those that count the use."""
    return [
        working
        for working in workings
        if not _objection(working.bucket, rating_group, situation)[0]
    ]


def _objection(bucket: Bucket, rating_group: RatingGroup, situation: Situation) -> tuple[str, int]:
    if balances.is_kept_for_others(bucket, rating_group):
        return trace.OTHER_RATING_GROUP, 0
    when = bucket.terms.when
    if reason := when.objection(situation):
        return reason, 0
    precision = when.precision(situation)
    return (DESTINATION, 0) if precision is None else ("", precision)


def _candidate(working: Working, precision: int, situation: Situation) -> Candidate:
    terms = working.bucket.terms
    if terms.step == 1 and not terms.factors:
        return Candidate(working, precision)
    times = next((each.times for each in terms.factors if each.applies(situation)), _ONE)
    return Candidate(working, precision, terms.step, ceil(terms.step * times), times)


def _put_in_order(account: Account, candidates: list[Candidate]) -> None:
    """Longest prefix, then weight, then what expires first, then the oldest; a shared bucket
    brings its group's other buckets to its own place."""
    candidates.sort(key=_paying_order)
    if any(each.working.bucket.group for each in candidates):
        candidates[:] = _with_groups_together(account, candidates)


def _paying_order(candidate: Candidate) -> tuple[int, int, datetime, int]:
    bucket = candidate.working.bucket
    return (-candidate.precision, -bucket.weight, bucket.expires_at or NEVER, bucket.id)


def _with_groups_together(account: Account, candidates: list[Candidate]) -> list[Candidate]:
    ordered: list[Candidate] = []
    done: set[str] = set()
    for candidate in candidates:
        group = candidate.working.bucket.group
        if not group:
            ordered.append(candidate)
        elif group not in done:
            done.add(group)
            members = [each for each in candidates if each.working.bucket.group == group]
            order = account.shared.get(group, SharedOrder.OWN_LOWEST)
            ordered.extend(in_group_order(members, order))
    return ordered


def in_group_order(members: Iterable[Candidate], order: SharedOrder) -> list[Candidate]:
    """The buckets of one shared group in the order in which they pay."""
    return sorted(members, key=lambda each: _group_order(each, order))


def _group_order(candidate: Candidate, order: SharedOrder) -> tuple[bool, int]:
    own_first = order in (SharedOrder.OWN_LOWEST, SharedOrder.OWN_HIGHEST)
    is_others = own_first and candidate.working.bucket.owner_id != 0
    amount = candidate.working.available
    highest = order in (SharedOrder.HIGHEST, SharedOrder.OWN_HIGHEST)
    return is_others, -amount if highest else amount


def unusable_now(working: Working, account: Account, at: datetime) -> tuple[object, ...] | None:
    """The step that says why a candidate cannot be used at `at`; None when it can."""
    bucket = working.bucket
    if working.is_disabled:
        return (trace.SKIPPED, bucket.id, trace.DISABLED)
    if bucket.valid_from > at:
        return (trace.SKIPPED, bucket.id, trace.NOT_YET_VALID, int(bucket.valid_from.timestamp()))
    expires_at = bucket.expires_at
    if expires_at is not None and expires_at <= at:
        return (trace.SKIPPED, bucket.id, trace.EXPIRED, int(expires_at.timestamp()))
    if not bucket.terms.when.is_open(account.almanac, at):
        return (trace.SKIPPED, bucket.id, CLOSED)
    return None
