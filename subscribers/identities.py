"""Subscriber identities as people and systems write them, and as we keep them: bare digits.

SUPI and GPSI are written `imsi-…` and `msisdn-…` (TS 29.571 §5.3.2); people paste +49 151 … .
"""

from __future__ import annotations

import re
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s().\-/]")
_DIGITS: Final = re.compile(r"\d{5,15}")


class InvalidIdentity(ValueError):
    """The text is not an identity of the wanted kind."""


def parse_supi(text: str) -> str:
    """The digits of `imsi-…` or of a bare IMSI. Raises InvalidIdentity."""
    return _digits(
        text.strip().removeprefix("imsi-"),
        "Write imsi- and 5 to 15 digits, e.g. imsi-001010000000001.",
    )


def parse_gpsi(text: str) -> str:
    """The digits of `msisdn-…`, +49 …, or of a bare number. Raises InvalidIdentity."""
    number = text.strip().removeprefix("msisdn-").removeprefix("+")
    return _digits(number, "Write msisdn- or + and 5 to 15 digits, e.g. +49 151 0000 0001.")


def digits_typed(text: str) -> str:
    """The digits a search text stands for, or nothing when it is no number."""
    bare = text.strip().removeprefix("imsi-").removeprefix("msisdn-").removeprefix("+")
    digits = _SEPARATORS.sub("", bare)
    return digits if digits.isascii() and digits.isdigit() else ""


def format_msisdn(digits: str) -> str:
    """+49 151 0000 0001: E.164 in groups that can be read aloud; the country's own are unknown."""
    if not digits:
        return ""
    groups = [digits[:2], digits[2:5], *(digits[at : at + 4] for at in range(5, len(digits), 4))]
    return "+" + " ".join(filter(None, groups))


def _digits(text: str, hint: str) -> str:
    digits = _SEPARATORS.sub("", text)
    if not (digits.isascii() and _DIGITS.fullmatch(digits)):
        raise InvalidIdentity(hint)
    return digits
