"""The beginning of a plan subscription: bought, its buckets full, perhaps waiting for first use."""

from __future__ import annotations

from collections.abc import Iterable

from charging.renewal import fees
from charging.renewal.borders import border
from charging.renewal.changes import Changes, Period
from charging.renewal.facts import AccountFacts, Held
from charging.renewal.giving import Given, open_allowance
from charging.renewal.telling import iso, name_held, short
from subscribers.lifecycle import Cause


class NotEnoughMoney(Exception):
    """The main balance does not cover the plan's fees."""


def begin(held: Held, changes: Changes, *, charge: bool) -> None:
    """Open a new subscription's buckets, and its first period unless that waits for first use.

    With `charge` the fees are taken from the main balance. Raises NotEnoughMoney.
    """
    terms, account = held.terms, held.account
    owed = fees.purchase_fees(terms, quantity=held.quantity)
    waits = terms.starts_at_first_use and bool(terms.allowances)
    if not waits:
        begun = fees.fees_of_first_period(
            terms, quantity=held.quantity, starts_at=held.starts_at, zone=account.zone
        )
        owed = [*begun, *owed]
    if not charge:
        owed = []
    require_money(account, owed)
    take(account, changes, owed)
    charged = sum(fee.amount for fee in owed)
    changes.new_held.append(held)
    if waits:
        held.state, held.period_number, held.charges_first_period = "pending", 0, charge
    else:
        held.period_ends_at = held.due_at = border(terms, held.starts_at, 1, account.zone)
        ends_at = held.period_ends_at
        changes.periods.append(Period(held, 1, held.starts_at, ends_at, "started", charged, 0))
    if not terms.is_add_on:
        account.base_plans.add(held.id)
    given = Given()
    for allowance in terms.allowances:
        open_allowance(held, changes, allowance, given)
    tell_started(held, changes, given, charged=charged)
    settle_state(held, changes)


def tell_started(held: Held, changes: Changes, given: Given, *, charged: int) -> None:
    changes.tell(
        held.account,
        "plan_subscription.started",
        {
            **name_held(held),
            "state": held.state,
            "quantity": held.quantity,
            "starts_at": iso(held.starts_at),
            "period_ends_at": iso(held.period_ends_at),
            "charged": charged,
            "currency": held.account.currency,
            "buckets": given.buckets,
        },
    )
    changes.audit(
        held.account,
        "plan_subscription.started",
        after={**short(held), "charged": charged},
        reason=f"{held.terms.label} begins",
    )


def settle_state(held: Held, changes: Changes) -> None:
    """A plan is paid: once none waits for money any more, its account's grace is over too."""
    account = held.account
    account.in_grace.discard(held.id)
    if not account.in_grace:
        changes.fire(account, Cause.RENEWED)


def require_money(account: AccountFacts, owed: Iterable[fees.Fee]) -> None:
    """Raises NotEnoughMoney."""
    if not is_covered(account, owed):
        raise NotEnoughMoney


def is_covered(account: AccountFacts, owed: Iterable[fees.Fee]) -> bool:
    """Whether the main balance, credit included, pays all of it."""
    total = sum(fee.amount for fee in owed)
    return total == 0 or (account.money is not None and account.spendable >= total)


def take(account: AccountFacts, changes: Changes, owed: Iterable[fees.Fee]) -> None:
    for fee in owed:
        changes.spend(account, fee.amount, reason=fee.reason)
