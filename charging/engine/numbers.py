"""The one form in which dialled numbers are compared: international digits without "+".

"+49 30 901820", "0049 30 901820" and, dialled in Germany, "030 901820" are one number (E.164).
Digits without any prefix are taken as international: so networks send them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = re.compile(r"\+?[0-9*#]+")
_VISUAL_SEPARATORS: Final = str.maketrans("", "", " -.()/")
_CONTEXT: Final = re.compile(r";phone-context=\+([0-9]{1,7})(?![0-9])", re.IGNORECASE)
_SUBSCRIBER_DIGITS_MIN: Final = 5
"""Shorter numbers are a network's own short codes, whatever country they are dialled in."""

_SCHEMES: Final = ("tel", "sip", "sips")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberingPlan:
    """How subscribers of one operator dial."""

    country_code: str = ""
    """E.164 country code, "49". Empty: national numbers are left as they are."""
    international_prefix: str = "00"
    national_prefix: str = "0"
    """Before the area code at home; not part of the international number. Empty where there is
    none (Spain, Italy): national numbers then stay as dialled."""
    emergency_numbers: frozenset[str] = frozenset()

    def is_emergency(self, address: str) -> bool:
        """Whether an address, as dialled, calls for help.

        The number itself, or behind the home country's code where the network has put that in
        front of it ("+49112"). A service address such as `urn:service:sos` (RFC 5031) is one too.
        """
        if address.lower().startswith("urn:service:sos"):
            return True
        number, _ = _split(address)
        bare = number.removeprefix("+")
        if bare in self.emergency_numbers:
            return True
        home = self.country_code
        if not home:
            return False
        international = bare if number.startswith("+") else self._without_prefix(number)
        return (
            international.startswith(home) and international[len(home) :] in self.emergency_numbers
        )

    def digits(self, address: str) -> str:
        """International digits of an address; "" when it holds no number.

        Emergency numbers and service codes (`*100#`) stay as they are.
        """
        number, context = _split(address)
        if not number:
            return ""
        if number in self.emergency_numbers or not number.lstrip("+").isdigit():
            return number.removeprefix("+")
        if number.startswith("+"):
            return number[1:]
        if context and len(number) >= _SUBSCRIBER_DIGITS_MIN:
            return context + number
        international = self.international_prefix
        if international and number.startswith(international):
            return number[len(international) :]
        national = self.national_prefix
        if self.country_code and national and number.startswith(national):
            return self.country_code + number[len(national) :]
        return number

    def _without_prefix(self, number: str) -> str:
        return number.removeprefix(self.international_prefix)


def _split(address: str) -> tuple[str, str]:
    """The number of `tel:+34-911;phone-context=…`, `sip:+34911@host;user=phone` or of a bare one,
    with its "+", and the country code that its context gives (RFC 3966 §5.1.5)."""
    scheme, colon, rest = address.partition(":")
    if colon and scheme.lower() in _SCHEMES:
        address = rest
    user = re.split(r"[;@?]", address, maxsplit=1)[0]
    number = user.translate(_VISUAL_SEPARATORS)
    if not (number.isascii() and _NUMBER.fullmatch(number)):
        return "", ""
    context = _CONTEXT.search(address)
    return number, context[1] if context else ""
