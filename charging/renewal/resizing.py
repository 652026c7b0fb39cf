"""More of an add-on in the middle of its period."""

from __future__ import annotations

from datetime import timedelta

from charging.renewal import fees
from charging.renewal.changes import Changes
from charging.renewal.facts import Held, Holding
from charging.renewal.giving import Given, open_allowance
from charging.renewal.starting import require_money, take
from charging.renewal.terms import AllowanceTerms


def add_some(held: Held, changes: Changes, more: int, *, charge: bool) -> int:
    """Hold so many more from now on; what was charged, in nano-units.

    Raises NotEnoughMoney.
    """
    owed = _owed(held, more) if charge else []
    require_money(held.account, owed)
    take(held.account, changes, owed)
    for allowance in held.terms.allowances:
        bucket = _of_this_period(held, allowance)
        if bucket is not None:
            reason = f"{held.terms.label}: {more} more"
            amount = allowance.amount * more
            if amount:
                changes.move(held.account, bucket, "issue", available=amount, reason=reason)
        else:
            _open_for(held, changes, allowance, more)
    held.quantity += more
    return sum(fee.amount for fee in owed)


def _open_for(held: Held, changes: Changes, allowance: AllowanceTerms, more: int) -> None:
    """The period's bucket is over: the additional units get one of their own."""
    quantity, held.quantity = held.quantity, more
    open_allowance(held, changes, allowance, Given())
    held.quantity = quantity


def _of_this_period(held: Held, allowance: AllowanceTerms) -> Holding | None:
    at, number = held.account.at, max(held.period_number, 1)
    fitting = [
        each
        for each in held.buckets
        if each.allowance_key == allowance.key
        and (each.period_number or number) == number
        and (each.expires_at is None or each.expires_at > at)
    ]
    return fitting[-1] if fitting else None


def _owed(held: Held, more: int) -> list[fees.Fee]:
    """The purchase fee of each, and the price: of what is left of the period where a short first
    period would be charged in proportion, else in full. Pending ones pay with their first use."""
    terms = held.terms
    owed = fees.purchase_fees(terms, quantity=more)
    if held.state == "pending" or not terms.price:
        return owed
    price, reason = terms.price * more, f"{terms.label}: {more} more"
    if terms.proration != "none" and held.period_ends_at is not None:
        part, whole = _rest(held)
        price = fees.prorated(price, part=part, whole=whole, currency=terms.currency)
    return [fees.Fee(name="price", amount=price, reason=reason), *owed] if price else owed


def _rest(held: Held) -> tuple[int, int]:
    assert held.period_ends_at is not None
    starts_at, at, ends_at = held.period_starts_at, held.account.at, held.period_ends_at
    if held.terms.proration == "day":
        first, today, last = (
            each.astimezone(held.account.zone).date() for each in (starts_at, at, ends_at)
        )
        return (last - today).days, max((last - first).days, 1)
    second = timedelta(seconds=1)
    return (ends_at - at) // second, (ends_at - starts_at) // second
