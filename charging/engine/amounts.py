"""Amounts as people read them: gigabytes, minutes and seconds, money in its currency.

Integers throughout: a figure is rounded half-up to what is shown, never through a float.
"""

from __future__ import annotations

from charging.engine.tariff import Unit

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
_PLACES = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}


def say_amount(amount: int, unit: Unit, *, currency: str = "EUR", gigabyte: int = 2**30) -> str:
    """The amount with its unit: "1.5 GB", "4:12 min", "3 events", "€0.38"."""
    if unit == Unit.NANO_MONEY:
        return say_money(amount, currency)
    sign = "-" if amount < 0 else ""
    if unit == Unit.OCTETS:
        return sign + _say_octets(abs(amount), 1024 if gigabyte == 2**30 else 1000)
    if unit == Unit.SECONDS:
        return sign + _say_seconds(abs(amount))
    return f"{sign}{abs(amount):,} event{'' if abs(amount) == 1 else 's'}"


def say_money(nano_units: int, currency: str) -> str:
    """Nano-units in the currency's places, and as many more as the amount needs: "€0.0915"."""
    whole, rest = divmod(abs(nano_units), 10**9)
    places = _PLACES.get(currency, 2)
    digits = f"{rest:09d}".rstrip("0").ljust(places, "0")
    figure = f"{whole:,}.{digits}" if digits else f"{whole:,}"
    sign = "-" if nano_units < 0 else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {currency}"


def _say_octets(octets: int, base: int) -> str:
    size, names = 1, ["TB", "GB", "MB", "KB", "B"]
    while octets >= size * base and len(names) > 1:
        size *= base
        names.pop()
    return f"{_hundredths(octets, size)} {names[-1]}"


def _hundredths(amount: int, size: int) -> str:
    whole, rest = divmod((200 * amount + size) // (2 * size), 100)
    return f"{whole:,}" if not rest else f"{whole:,}.{rest:02d}".rstrip("0")


def _say_seconds(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, left = divmod(minutes, 60)
    if not minutes:
        return f"{rest} s"
    if not hours:
        return f"{minutes}:{rest:02d} min" if rest else f"{minutes} min"
    return f"{hours:,}:{left:02d}:{rest:02d} h" if left or rest else f"{hours:,} h"
