"""Which accounts a typed text means: the raw SQL of the search, and how a text is taken apart."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from subscribers.identities import digits_typed

MATCHES_MAX: Final = 1_000
"""By each way of matching; who gets so many types more."""

LAST_DIGITS_MIN: Final = 4
"""Fewer would be the end of every tenth or hundredth number."""

_WORD: Final = re.compile(r"[^\W_]+")


def is_account_meant(text: str) -> RawSQL:
    """A condition on accounts: those of the open scope that a non-empty text may mean.

    By the beginning of an account's or device's id, of an IMSI or number however it is written,
    or of each word of a name (migration 0003), or by the last digits of a number (0004). The keys
    are collected first, in an array: joined with the function, the planner walks all accounts
    from the newest until it has met them.
    """
    words = " & ".join(f"'{word}':*" for word in _WORD.findall(text))
    return RawSQL(
        "subscribers_account.id = ANY(ARRAY(SELECT subscribers_find_accounts(%s, %s, %s, %s)"
        " UNION SELECT subscribers_find_by_last_digits(%s, %s)))",
        [text, digits_typed(text), words, MATCHES_MAX, last_digits(text), MATCHES_MAX],
        output_field=BooleanField(),
    )


def last_digits(text: str) -> str:
    """The digits a number may end with: 0022, or 0151 … without the 0 that is dialled at home."""
    digits = digits_typed(text)
    if digits.startswith("0") and len(digits) > LAST_DIGITS_MIN and digits[1] != "0":
        digits = digits[1:]
    return digits if len(digits) >= LAST_DIGITS_MIN else ""
