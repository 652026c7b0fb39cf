"""The figures of a text, in one form however they are written: €0.10, 2 min and 120 s, 3 GB, 50 %,
31 January, 20:00."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

Figure = tuple[str, Fraction]
"""A unit and how many of it; dates are counted in hundreds of months and days, times in minutes."""

_SIZES: Final = {
    "s": ("s", 1),
    "min": ("s", 60),
    "h": ("s", 3600),
    "octet": ("B", 1),
    "octets": ("B", 1),
    "KB": ("B", 2**10),
    "MB": ("B", 2**20),
    "GB": ("B", 2**30),
    "TB": ("B", 2**40),
    "message": ("message", 1),
    "messages": ("message", 1),
    "unit": ("unit", 1),
    "units": ("unit", 1),
    "%": ("%", 1),
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_FIGURE: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    rf"|(?P<day_first>\d\d?)\s(?P<month_name>{'|'.join(_MONTHS)})(?:\s\d{{4}})?\b"
    r"|(?P<hour>\d\d?):(?P<minute>\d\d)(?::\d\d)?"
    r"|(?P<sign>[−-]?)(?P<currency>€)(?P<money>\d[\d,]*(?:\.\d+)?)"
    r"|(?P<minus>(?<![\w.])[−-])?(?<![\w.])(?P<number>\d[\d,]*(?:\.\d+)?)(?:st|nd|rd|th)?"
    r"(?:\s(?P<unit>s|min|h|octets?|[KMGT]B|messages?|units?|%)(?![\w]))?"
)


def figures(text: str) -> Iterator[Figure]:
    for match in _FIGURE.finditer(text):
        part = match.groupdict()
        if part["year"]:
            yield "date", Fraction(int(part["month"]) * 100 + int(part["day"]))
        elif part["month_name"]:
            month = _MONTHS.index(part["month_name"]) + 1
            yield "date", Fraction(month * 100 + int(part["day_first"]))
        elif part["hour"]:
            yield "time", Fraction(int(part["hour"]) * 60 + int(part["minute"]))
        elif part["currency"]:
            yield "€", _number(part["money"], part["sign"])
        else:
            unit, size = _SIZES.get(part["unit"] or "", ("", 1))
            yield unit, _number(part["number"], part["minus"]) * size


def amount(text: str) -> Figure:
    """The one figure that a text is."""
    (found,) = figures(text)
    return found


def figures_within(data: Any) -> Iterator[Figure]:
    """Those of all texts, numbers and keys of a JSON value."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from figures_within(key)
            yield from figures_within(value)
    elif isinstance(data, list):
        for value in data:
            yield from figures_within(value)
    elif isinstance(data, str):
        yield from figures(data)
    elif isinstance(data, int) and not isinstance(data, bool):
        yield "", Fraction(data)


def _number(digits: str, sign: str | None) -> Fraction:
    number = Fraction(digits.replace(",", ""))
    return -number if sign else number
