"""What happens to one plan subscription that is due, on plain values.

Every function changes the facts it is given and notes in `Changes` what is to be written. Times
are the account's; nothing here reads a clock or a database.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from charging.renewal import fees
from charging.renewal.borders import border
from charging.renewal.changes import Changes, Period
from charging.renewal.facts import Held
from charging.renewal.giving import Given, end_buckets, expiry_of, give_period, name_given
from charging.renewal.starting import is_covered, require_money, settle_state, take, tell_started
from charging.renewal.telling import END_REASONS, iso, name_held, short
from charging.renewal.terms import PlanTerms
from subscribers.lifecycle import Cause


def settle(held: Held, changes: Changes) -> None:
    """Do all that is due for it at the account's time: start, renew, wait, lapse or end."""
    if held.state == "pending":
        if held.first_used_at is not None:
            activate(held, changes)
        return
    if held.state == "grace" and held.period_number == 0:
        _pay_first_period(held, changes)
        return
    if held.state not in ("active", "grace") or held.period_ends_at is None:
        held.due_at = None
        changes.held.append(held)
        return
    if held.period_ends_at > held.account.at and held.state == "active":
        held.due_at = held.period_ends_at
        changes.held.append(held)
        return
    if reason := _reason_to_end(held):
        end(held, changes, at=held.period_ends_at, reason=reason)
        return
    _renew(held, changes)


def _reason_to_end(held: Held) -> str:
    """Why the subscription is not renewed; empty when it is."""
    if held.account.is_terminated:
        return "account_terminated"
    if held.scheduled == "cancel":
        return "cancelled"
    if held.scheduled == "change":
        return ""
    if not held.terms.auto_renews:
        return "period_over"
    if held.terms.is_add_on and not held.account.base_plans:
        return "base_plan_ended"
    return ""


# ── renewal ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Next:
    """The period that runs now, and those before it that nobody gave."""

    terms: PlanTerms
    start: datetime
    """From where its periods are counted."""
    first: int
    number: int
    quantity: int
    owed: list[fees.Fee]
    is_change: bool


def can_pay(held: Held) -> bool:
    """Whether the money is there for one that waits in grace."""
    if held.period_number == 0:
        return is_covered(held.account, _owed_at_first_use(held))
    return held.period_ends_at is not None and is_covered(held.account, _next(held).owed)


def _renew(held: Held, changes: Changes) -> None:
    """Give the period that runs now, if the money is there; wholly missed ones are passed over."""
    due = _next(held)
    if not is_covered(held.account, due.owed):
        _fall_short(held, changes, due.terms, due.owed)
        return
    taker = _changed(held, changes, due.terms, due.start) if due.is_change else held
    taker.quantity, taker.next_quantity = due.quantity, None
    for missed in range(due.first, due.number):
        _note_missed(taker, changes, missed, due.start)
    _begin_period(taker, changes, number=due.number, start=due.start, owed=due.owed, former=held)


def _next(held: Held) -> _Next:
    is_change = held.scheduled == "change"
    terms = held.next_terms if is_change else held.terms
    start = held.period_ends_at if is_change else held.starts_at
    assert terms is not None
    assert start is not None
    number = first = 1 if is_change else held.period_number + 1
    while (ends_at := border(terms, start, number, held.account.zone)) is not None:
        if ends_at > held.account.at:
            break
        number += 1
    quantity = held.quantity if held.next_quantity is None else held.next_quantity
    owed = _owed(terms, number, quantity, start, held, is_change=is_change)
    return _Next(terms, start, first, number, quantity, owed, is_change)


def _owed(
    terms: PlanTerms, number: int, quantity: int, start: datetime, held: Held, *, is_change: bool
) -> list[fees.Fee]:
    if not is_change:
        return fees.fees_of_renewal(terms, quantity=quantity, number=number)
    bought = fees.purchase_fees(terms, quantity=quantity)
    if number > 1:
        return [*fees.fees_of_renewal(terms, quantity=quantity, number=number), *bought]
    zone = held.account.zone
    begun = fees.fees_of_first_period(terms, quantity=quantity, starts_at=start, zone=zone)
    return [*begun, *bought]


def _note_missed(held: Held, changes: Changes, number: int, start: datetime) -> None:
    zone = held.account.zone
    begins, ends = (border(held.terms, start, each, zone) for each in (number - 1, number))
    assert begins is not None
    changes.periods.append(Period(held, number, begins, ends, "missed", 0, 0))


def _begin_period(
    held: Held,
    changes: Changes,
    *,
    number: int,
    start: datetime,
    owed: list[fees.Fee],
    former: Held,
) -> None:
    """Take the fees, give the buckets, and say so. `former` is whose buckets become of use."""
    zone = held.account.zone
    begins = border(held.terms, start, number - 1, zone)
    assert begins is not None
    missed = number - 1 - held.period_number if held is former else number - 1
    was_in_grace, retries = former.state == "grace", former.retries
    before = former.period_number if held is former else 0
    take(held.account, changes, owed)
    over_at = former.period_ends_at
    assert over_at is not None
    held.period_number, held.period_starts_at = number, begins
    held.period_ends_at = held.due_at = border(held.terms, start, number, zone)
    held.state, held.retries, held.grace_ends_at = "active", 0, None
    given = give_period(held, changes, former=former, over_at=over_at)
    charged = sum(fee.amount for fee in owed)
    outcome = "renewed" if held is former else "started"
    changes.periods.append(
        Period(held, number, begins, held.period_ends_at, outcome, charged, retries)
    )
    changes.held.append(held)
    settle_state(held, changes)
    if held is not former:
        end(former, changes, at=held.starts_at, reason="changed", leftovers="keep")
        tell_started(held, changes, given, charged=charged)
        _tell_changed(held, changes, former, given, charged)
        return
    told = {
        **name_held(held),
        "period": number,
        "period_starts_at": begins.isoformat(),
        "period_ends_at": iso(held.period_ends_at),
        "charged": charged,
        "currency": held.account.currency,
        "missed_periods": missed,
        "was_in_grace": was_in_grace,
        **name_given(given),
    }
    changes.tell(held.account, "plan_subscription.renewed", told)
    changes.audit(
        held.account,
        "plan_subscription.renewed",
        before={**short(held), "period": before},
        after={**short(held), "period": number, "charged": charged},
    )


# ── not enough money ─────────────────────────────────────────────────────────────────────────


def _fall_short(held: Held, changes: Changes, terms: PlanTerms, owed: list[fees.Fee]) -> None:
    """Begin the grace, try again later, or lapse: whichever comes first of the last retry and
    the end of the grace ends it."""
    account, at = held.account, held.account.at
    is_first = held.state != "grace"
    if is_first:
        held.state, held.retries = "grace", 0
        held.grace_ends_at = at + terms.grace_lasts
    else:
        held.retries += 1
    assert held.grace_ends_at is not None
    is_out_of_tries = 0 < terms.retries_max <= held.retries
    is_last = is_out_of_tries or at >= held.grace_ends_at
    told = {
        **name_held(held),
        "needed": sum(fee.amount for fee in owed),
        "spendable": max(account.spendable, 0),
        "currency": account.currency,
        "retries": held.retries,
    }
    if is_last:
        changes.tell(account, "plan_subscription.renewal_failed", {**told, "retry_at": None})
        if is_first:
            changes.fire(account, Cause.RENEWAL_FAILED)
        _lapse(held, changes)
        return
    retry_at = at + terms.retry_every if terms.retry_every else held.grace_ends_at
    held.due_at = min(retry_at, held.grace_ends_at)
    changes.held.append(held)
    told["retry_at"] = iso(held.due_at)
    changes.tell(account, "plan_subscription.renewal_failed", told)
    if is_first:
        account.in_grace.add(held.id)
        changes.fire(account, Cause.RENEWAL_FAILED)
        begun = {**name_held(held), "grace_ends_at": iso(held.grace_ends_at)}
        changes.tell(account, "plan_subscription.grace_started", begun)
        changes.audit(
            account,
            "plan_subscription.grace_started",
            before={**short(held), "state": "active"},
            after={"state": "grace"},
            reason=f"{held.terms.label}: not enough money",
        )


def _lapse(held: Held, changes: Changes) -> None:
    account = held.account
    number = held.period_number + 1
    begins = held.period_ends_at or held.period_starts_at
    changes.periods.append(Period(held, number, begins, None, "lapsed", 0, held.retries))
    changes.tell(account, "plan_subscription.lapsed", name_held(held))
    end(held, changes, at=account.at, reason="lapsed")


# ── first use ────────────────────────────────────────────────────────────────────────────────


def activate(held: Held, changes: Changes) -> None:
    """The first use has been seen: the first period begins there, and its fees are due.

    The buckets have been used already, so a first period that cannot be paid begins in grace.
    """
    assert held.first_used_at is not None
    account = held.account
    held.starts_at = held.period_starts_at = held.first_used_at
    held.period_ends_at = border(held.terms, held.starts_at, 1, account.zone)
    date_first_buckets(held, changes)
    changes.fire(account, Cause.FIRST_USE)
    changes.tell(
        account,
        "plan_subscription.activated",
        {
            **name_held(held),
            "first_used_at": iso(held.first_used_at),
            "period_ends_at": iso(held.period_ends_at),
        },
    )
    changes.audit(
        account,
        "plan_subscription.activated",
        before={**short(held), "state": "pending"},
        after={"state": "active"},
    )
    _pay_first_period(held, changes)


def date_first_buckets(held: Held, changes: Changes) -> None:
    """Set when the buckets that waited end, now that the period is known."""
    allowances = {each.key: each for each in held.terms.allowances}
    for bucket in held.buckets:
        allowance = allowances.get(bucket.allowance_key or "")
        if allowance is None or allowance.lifetime.from_first_use:
            continue
        bucket.expires_at = expiry_of(allowance, held)
        bucket.period_number, bucket.awaits_first_use = 1, False
        changes.touched.append(bucket)


def _owed_at_first_use(held: Held) -> list[fees.Fee]:
    if not held.charges_first_period:
        return []
    terms, quantity, zone = held.terms, held.quantity, held.account.zone
    begun = fees.fees_of_first_period(terms, quantity=quantity, starts_at=held.starts_at, zone=zone)
    return [*begun, *fees.first_use_fees(terms, quantity=quantity)]


def _pay_first_period(held: Held, changes: Changes) -> None:
    owed = _owed_at_first_use(held)
    if not is_covered(held.account, owed):
        _fall_short(held, changes, held.terms, owed)
        return
    take(held.account, changes, owed)
    charged = sum(fee.amount for fee in owed)
    begins, ends = held.period_starts_at, held.period_ends_at
    changes.periods.append(Period(held, 1, begins, ends, "started", charged, held.retries))
    held.state, held.retries, held.grace_ends_at, held.period_number = "active", 0, None, 1
    held.due_at = held.period_ends_at
    changes.held.append(held)
    settle_state(held, changes)


# ── the end, and a change at the border ──────────────────────────────────────────────────────


def end(
    held: Held,
    changes: Changes,
    *,
    at: datetime,
    reason: str,
    leftovers: str = "expire",
    note: str = "",
) -> None:
    """The subscription is over at that instant; its rates no longer apply.

    `reason` is one of END_REASONS, `note` what somebody said to it.
    """
    account = held.account
    expired = end_buckets(held, changes, at=at) if leftovers == "expire" else []
    held.state = "lapsed" if reason == "lapsed" else "ended"
    held.end_reason, held.ends_at = reason, max(at, held.starts_at)
    held.period_ends_at = held.due_at = held.grace_ends_at = None
    held.scheduled, held.next_version_id, held.next_leftovers = "", None, ""
    held.next_quantity = None
    account.base_plans.discard(held.id)
    account.in_grace.discard(held.id)
    changes.held.append(held)
    told = {**name_held(held), "reason": reason, "ends_at": iso(held.ends_at), "expired": expired}
    changes.tell(account, "plan_subscription.ended", told)
    changes.audit(
        account, "plan_subscription.ended", before=short(held), reason=note or END_REASONS[reason]
    )


def _changed(held: Held, changes: Changes, terms: PlanTerms, start: datetime) -> Held:
    """The successor of a subscription that changes at the border; its first period is next.

    Its own terms go along to another version of the plan, not to another plan.
    """
    account = held.account
    is_same_plan = terms.plan_id == held.terms.plan_id
    successor = Held(
        id=changes.new_held_id(),
        public_id=str(uuid.uuid4()),
        account=account,
        version_id=terms.version_id,
        quantity=held.quantity,
        state="active",
        starts_at=start,
        ends_at=None,
        end_reason="",
        period_number=0,
        period_starts_at=start,
        period_ends_at=start,
        due_at=None,
        first_used_at=None,
        charges_first_period=True,
        retries=0,
        grace_ends_at=None,
        scheduled="",
        next_version_id=None,
        next_leftovers="",
        next_quantity=None,
        overrides=held.overrides if is_same_plan else {},
        overrides_hash=held.overrides_hash if is_same_plan else "",
        terms=terms,
    )
    changes.new_held.append(successor)
    if not terms.is_add_on:
        account.base_plans.add(successor.id)
    return successor


def change_now(
    held: Held, changes: Changes, terms: PlanTerms, *, leftovers: str, charge: bool
) -> Held:
    """End it at the account's time and begin the other plan at the same instant; the successor.

    Raises NotEnoughMoney, and changes nothing then.
    """
    at = held.account.at
    owed = _owed(terms, 1, held.quantity, at, held, is_change=True) if charge else []
    require_money(held.account, owed)
    held.period_ends_at, held.next_leftovers = at, leftovers
    successor = _changed(held, changes, terms, at)
    _begin_period(successor, changes, number=1, start=at, owed=owed, former=held)
    return successor


def _tell_changed(held: Held, changes: Changes, former: Held, given: Given, charged: int) -> None:
    changes.tell(
        held.account,
        "plan_subscription.changed",
        {
            **name_held(held),
            "before": {"plan_subscription": former.public_id, **short(former)},
            "starts_at": iso(held.starts_at),
            "charged": charged,
            "currency": held.account.currency,
            "expired": given.expired,
            "carried_over": given.rolled_over,
        },
    )
    changes.audit(
        held.account,
        "plan_subscription.changed",
        before=short(former),
        after={**short(held), "charged": charged},
    )
