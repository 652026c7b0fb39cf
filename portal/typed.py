"""Reading what people type: "1.5GB", "90 min", "0,09", "12 %". Exact, never through a float.

A unit written behind the number counts; otherwise the one chosen beside the field does. A comma
is a decimal comma unless it can only separate thousands ("20,480").
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from charging.engine.tariff import Unit
from portal.formatting import NANO, UnitChoice, split_quantity, unit_choices

_NUMBER_AND_UNIT = re.compile(r"([+\-−]?[\d.,'’\s\u00a0\u202f]*\d[.,]?)\s*([^\d\s].*)?", re.DOTALL)
_GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+")
_SPACES = re.compile(r"['’\s\u00a0\u202f]")
_MONEY_SIGNS = re.compile(
    r"^\s*(?:[A-Z]{0,3}[$€£¥₹]|[A-Z]{3}\b|R(?=\d))|(?:[$€£¥₹]|\b[A-Z]{3})\s*$"
)

_SPELLINGS: Final[dict[str, dict[str, str]]] = {
    Unit.OCTETS: {
        "b": "B", "byte": "B", "bytes": "B", "octet": "B", "octets": "B",
        "k": "KB", "kb": "KB", "kib": "KB", "m": "MB", "mb": "MB", "mib": "MB",
        "g": "GB", "gb": "GB", "gib": "GB", "gig": "GB", "t": "TB", "tb": "TB", "tib": "TB",
    },
    Unit.SECONDS: {
        "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
        "m": "min", "min": "min", "mins": "min", "minute": "min", "minutes": "min",
        "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    },
    Unit.EVENTS: dict.fromkeys(("sms", "text", "texts", "event", "events", "messages"), ""),
}  # fmt: skip
_LENGTH_MAX: Final = 40
_PLACES_MAX: Final = 6
_ROUNDED_FROM_OCTETS: Final = 1_000
_OCTET_POWERS: Final = {"B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}
_SECONDS: Final = {"s": 1, "min": 60, "h": 3_600}


class Unreadable(ValueError):
    """The text is no such value; the message says what would be."""


def read_number(text: str) -> Decimal:
    """A plain decimal number. Raises Unreadable."""
    if len(text) > _LENGTH_MAX:
        raise Unreadable("Enter a number, such as 20 or 4.5.")
    cleaned = _SPACES.sub("", text).replace("−", "-")
    if "," in cleaned and "." in cleaned:
        thousands = "," if cleaned.rindex(",") < cleaned.rindex(".") else "."
        cleaned = cleaned.replace(thousands, "")
    elif _GROUPED.fullmatch(cleaned.lstrip("+-")):
        cleaned = cleaned.replace(",", "")
    try:
        number = Decimal(cleaned.replace(",", "."))
    except InvalidOperation as error:
        raise Unreadable("Enter a number, such as 20 or 4.5.") from error
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise Unreadable("Enter a number, such as 20 or 4.5.")
    return number


def read_whole(text: str) -> int:
    """A whole number. Raises Unreadable."""
    number = read_number(text)
    if number != number.to_integral_value():
        raise Unreadable("Enter a whole number.")
    return int(number)


def read_percent(text: str) -> Decimal:
    """A percentage, with or without its sign. Raises Unreadable."""
    return read_number(text.strip().removesuffix("%"))


def read_money(text: str) -> int:
    """Nano-units of the currency; a currency sign or code around the number is ignored."""
    number = read_number(_MONEY_SIGNS.sub("", text)) * NANO
    if number != number.to_integral_value():
        raise Unreadable("At most nine decimals.")
    return int(number)


def read_quantity(text: str, label: str, unit: str, *, gigabyte_base: int) -> tuple[int, str]:
    """Octets, seconds or events, and the label of the unit that counted. Raises Unreadable.

    1.1 GB is no whole number of octets and means the nearest one; `show_quantity` gives 1.1 back.
    """
    match = _NUMBER_AND_UNIT.fullmatch(text.strip()[: _LENGTH_MAX + 1])
    if match is None:
        raise Unreadable(f"Enter a number, such as {_example(unit)}.")
    number = read_number(match[1])
    if match[2]:
        label = _spelled_unit(match[2], unit) or label
    amount = number * factor_of(label, unit, gigabyte_base=gigabyte_base)
    if unit == Unit.OCTETS and abs(amount) >= _ROUNDED_FROM_OCTETS:
        return int(amount.to_integral_value(ROUND_HALF_UP)), label
    if amount != amount.to_integral_value():
        raise Unreadable(
            f"{text} {label if not match[2] else ''}".strip() + f" is no {_whole(unit)}."
        )
    return int(amount), label


def show_quantity(amount: int, label: str, unit: str, *, gigabyte_base: int) -> tuple[str, str]:
    """The number and unit for a form control that read back as exactly `amount` ≥ 0.

    In the unit `label` where that takes few decimals, else in the one that fits.
    """
    factor = factor_of(label, unit, gigabyte_base=gigabyte_base)
    for places in range(_PLACES_MAX + 1 if label else 0):
        scaled = _divide(amount * 10**places, factor)
        is_exact = scaled * factor == amount * 10**places
        is_nearest = unit == Unit.OCTETS and _divide(scaled * factor, 10**places) == amount
        if is_exact or (is_nearest and amount >= _ROUNDED_FROM_OCTETS):
            return f"{Decimal(scaled).scaleb(-places):f}", label
    return split_quantity(amount, unit, gigabyte_base=gigabyte_base, noun=label or "SMS")


def _divide(dividend: int, divisor: int) -> int:
    """Rounded half-up."""
    return (2 * dividend + divisor) // (2 * divisor)


def knows_unit(label: str, unit: str) -> bool:
    """Whether the label is one of the unit's; what one event is called does not matter."""
    known = {Unit.OCTETS: _OCTET_POWERS, Unit.SECONDS: _SECONDS}.get(Unit(unit))
    return known is None or label in known


def factor_of(label: str, unit: str, *, gigabyte_base: int) -> int:
    """How many octets, seconds or events one of the labelled unit is; 1 for any other label."""
    if unit == Unit.OCTETS:
        return gigabyte_base ** _OCTET_POWERS.get(label, 0)
    return _SECONDS.get(label, 1) if unit == Unit.SECONDS else 1


def choices_for(
    unit: str, label: str, *, gigabyte_base: int, noun: str = "SMS"
) -> tuple[UnitChoice, ...]:
    """The units to choose from, `label` among them even if it is an unusual one."""
    usual = unit_choices(unit, gigabyte_base=gigabyte_base, noun=noun)
    if not label or any(choice.label == label for choice in usual):
        return usual
    return (*usual, UnitChoice(label, factor_of(label, unit, gigabyte_base=gigabyte_base)))


def _spelled_unit(text: str, unit: str) -> str:
    spelled = text.strip().rstrip(".").casefold()
    known = _SPELLINGS.get(unit, {})
    if spelled not in known:
        raise Unreadable(f"“{text.strip()}” is no unit for this; write it like {_example(unit)}.")
    return known[spelled]


def _example(unit: str) -> str:
    return {Unit.OCTETS: "1.5 GB", Unit.SECONDS: "90 min"}.get(Unit(unit), "20")


def _whole(unit: str) -> str:
    return {
        Unit.OCTETS: "whole number of bytes",
        Unit.SECONDS: "whole number of seconds",
    }.get(Unit(unit), "whole number")
