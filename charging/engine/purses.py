"""Spreading a sum of money over the money buckets that may pay it."""

from __future__ import annotations

from collections.abc import Sequence

from charging.engine.balances import NEVER
from charging.engine.candidates import Working
from charging.engine.waterfall import Payment


def spread(purses: Sequence[Working], amount: int) -> tuple[list[Payment], int]:
    """Who pays `amount` nano-units, and what is left unpaid.

    What is there is spent first, in paying order; then credit, in the same order.
    """
    if purses and purses[0].available >= amount:
        return [(purses[0], amount)], 0
    shares = []
    left = amount
    for purse in purses:
        share = min(left, max(0, purse.available))
        shares.append(share)
        left -= share
    for index, purse in enumerate(purses):
        if not left:
            break
        credit = min(left, purse.spendable - shares[index])
        shares[index] += credit
        left -= credit
    return [(purse, share) for purse, share in zip(purses, shares, strict=True) if share], left


def debtor(purses: Sequence[Working]) -> Working:
    """The bucket that goes below zero for usage nothing can pay: the one that lives longest,
    so that the debt does not expire with a bonus; the first in paying order among equals."""
    return max(purses, key=lambda purse: purse.bucket.expires_at or NEVER)
