"""Which buckets may pay for a use, which count it, and in which order.

What does not change within one request is looked out once; validity, time windows and amounts are
asked each time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import ceil

from charging.engine import balances, trace
from charging.engine.conditions import CLOSED, DESTINATION, Situation
from charging.engine.tariff import RatingGroup, Unit
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


@dataclass(slots=True)
class Candidates:
    """Who may pay for one rating group in one situation."""

    units: list[Candidate] = field(default_factory=list)
    money: list[Candidate] = field(default_factory=list)
    counters: list[Working] = field(default_factory=list)
    """What counts the use; caps on shared buckets are not among them."""
    has_units: bool = False
    """A bucket of these units was given at some time, be it used up, expired or blocked."""


def look_out(
    account: Account,
    workings: Collection[Working],
    rating_group: RatingGroup,
    situation: Situation,
    steps: list[tuple[object, ...]],
) -> Candidates:
    """Every bucket the use is the business of, in paying order; the others' reasons go to
    `steps`."""
    found = Candidates()
    units: list[Candidate] = []
    generic: list[Candidate] = []
    caps = {working.bucket.capped_by for working in workings if working.bucket.capped_by}
    for working in workings:
        bucket = working.bucket
        if bucket.id in caps or not balances.concerns(bucket, rating_group):
            continue
        reason, precision = _objection(bucket, rating_group, situation)
        if reason:
            if not bucket.counts and bucket.unit is not Unit.NANO_MONEY:
                steps.append((trace.SKIPPED, bucket.id, reason))
            continue
        if bucket.counts:
            found.counters.append(working)
            continue
        candidate = _candidate(working, precision, situation)
        if bucket.unit is Unit.NANO_MONEY:
            found.money.append(candidate)
        elif bucket.unit is Unit.GENERIC and rating_group.unit is not Unit.GENERIC:
            generic.append(candidate)
        else:
            units.append(candidate)
    found.units = [*_in_order(account, units), *_in_order(account, generic)]
    found.money = _in_order(account, found.money)
    found.has_units = bool(found.units)
    return found


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
    return Candidate(working, precision, terms.step, ceil(terms.step * times))


def _in_order(account: Account, candidates: list[Candidate]) -> list[Candidate]:
    """Longest prefix, then weight, then what expires first, then the oldest; a shared bucket
    brings its group's other buckets to its own place."""
    if len(candidates) < 2:
        return candidates
    candidates.sort(key=_paying_order)
    if any(each.working.bucket.group for each in candidates):
        return _with_groups_together(account, candidates)
    return candidates


def _paying_order(candidate: Candidate) -> tuple[int, int, datetime, int]:
    return (-candidate.precision, *balances.paying_order(candidate.working.bucket))


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
            ordered.extend(sorted(members, key=lambda each: _group_order(each, order)))
    return ordered


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
