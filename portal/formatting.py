"""Amounts, money, shares and times as people read them; `portal.typed` reads what people type.

Amounts come in as exact integers (octets, seconds, events, nano-units of a currency) and are never
turned into floats. Nothing here knows Django, a tenant or the current time.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

NANO_DIGITS = 9
NANO = 10**NANO_DIGITS

_CURRENCY_SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "AUD": "A$",
    "INR": "₹",
    "JPY": "¥",
    "CAD": "CA$",
    "NZD": "NZ$",
    "ZAR": "R",
    "BRL": "R$",
    "SGD": "S$",
}
"""Symbols that mean one currency only; every other is written with its code (CHF, SEK, AED …)."""

_CURRENCY_DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
}
"""Where ISO 4217 has another number of decimals than two."""

_DECIMAL = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d+)(?:\.(?P<fraction>\d*))?|(?P<s>[+-]?)\.(?P<f>\d+)"
)
_MINUS = "−"
_OCTET_LABELS = ("B", "KB", "MB", "GB", "TB")
_SHORT_DECIMALS = 2
_EXACT_DECIMALS = 3


class InvalidAmount(ValueError):
    """What was typed is no number, or not a whole number of the smallest unit."""


class UnitChoice(NamedTuple):
    """A unit somebody may pick: its label and how many base units it holds."""

    label: str
    factor: int


# ── quantities ───────────────────────────────────────────────────────────────────────────────


def unit_choices(
    unit: str, *, gigabyte_base: int = 1024, noun: str = "SMS"
) -> tuple[UnitChoice, ...]:
    """The units for typing an amount of OCTETS, SECONDS or EVENTS, the largest first."""
    if unit == "OCTETS":
        powers = reversed(range(len(_OCTET_LABELS)))
        return tuple(UnitChoice(_OCTET_LABELS[power], gigabyte_base**power) for power in powers)
    if unit == "SECONDS":
        return (UnitChoice("h", 3600), UnitChoice("min", 60), UnitChoice("s", 1))
    return (UnitChoice(noun, 1),)


def format_quantity(amount: int, unit: str, *, gigabyte_base: int = 1024, noun: str = "SMS") -> str:
    """`amount` for reading: 18.4 GB, 4 min 12 s, 3 SMS.

    Data is cut, never rounded up, to two decimals: nobody reads more than there is.
    """
    if unit == "OCTETS":
        power = _natural_power(abs(amount), gigabyte_base)
        hundredths = abs(amount) * 10**_SHORT_DECIMALS // gigabyte_base**power
        text = _decimal_text(hundredths, _SHORT_DECIMALS)
        return f"{_sign(amount)}{text} {_OCTET_LABELS[power]}"
    return _whole_quantity(amount, unit, noun)


def format_quantity_exact(
    amount: int, unit: str, *, gigabyte_base: int = 1024, noun: str = "SMS"
) -> str:
    """`amount` to the last octet: 20 GB, 20,481 MB. For prices, limits, differences and titles."""
    if unit == "OCTETS":
        text, label = split_quantity(abs(amount), unit, gigabyte_base=gigabyte_base)
        return f"{_sign(amount)}{_grouped(text)} {label}"
    return _whole_quantity(amount, unit, noun)


def split_quantity(
    amount: int, unit: str, *, gigabyte_base: int = 1024, noun: str = "SMS"
) -> tuple[str, str]:
    """Number and unit for the two halves of a form control, exactly equal to `amount` ≥ 0."""
    if unit == "OCTETS" and amount == 0:
        return "0", "GB"
    if unit == "OCTETS":
        for power in range(_natural_power(amount, gigabyte_base), -1, -1):
            scaled, rest = divmod(amount * 10**_EXACT_DECIMALS, gigabyte_base**power)
            if rest == 0:
                return _decimal_text(scaled, _EXACT_DECIMALS, group=False), _OCTET_LABELS[power]
    if unit == "SECONDS":
        minutes, seconds = divmod(amount, 60)
        return (str(amount), "s") if seconds else (str(minutes), "min")
    return str(amount), noun


def _natural_power(amount: int, base: int) -> int:
    power = 0
    while power < len(_OCTET_LABELS) - 1 and amount >= base ** (power + 1):
        power += 1
    return power


def _whole_quantity(amount: int, unit: str, noun: str) -> str:
    if unit != "SECONDS":
        return f"{_sign(amount)}{abs(amount):,} {noun}"
    minutes, seconds = divmod(abs(amount), 60)
    parts = []
    if minutes:
        parts.append(f"{minutes:,} min")
    if seconds or not minutes:
        parts.append(f"{seconds} s")
    return _sign(amount) + " ".join(parts)


# ── money ────────────────────────────────────────────────────────────────────────────────────


def currency_decimals(currency: str) -> int:
    """How many decimals prices in `currency` usually show (ISO 4217)."""
    return _CURRENCY_DECIMALS.get(currency, 2)


def money_text(nano_units: int, currency: str) -> str:
    """The bare decimal number for a form control or JSON: 19.90, -0.0125. Exact."""
    whole, fraction = divmod(abs(nano_units), NANO)
    decimals = f"{fraction:0{NANO_DIGITS}d}".rstrip("0").ljust(currency_decimals(currency), "0")
    sign = "-" if nano_units < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def format_money(nano_units: int, currency: str) -> str:
    """€19.90, −€0.0125, CHF 5.00: exact, with at least the decimals usual for the currency."""
    text = _grouped(money_text(abs(nano_units), currency))
    symbol = _CURRENCY_SYMBOLS.get(currency) or f"{currency} "
    return f"{_sign(nano_units)}{symbol}{text}"


def parse_money(text: str) -> int:
    """The nano-units of a plain decimal number, as systems write it: no separators.

    Raises InvalidAmount, also past nine decimals.
    """
    digits, decimals = _read_decimal(text)
    amount, rest = divmod(digits * NANO, 10**decimals)
    if rest:
        raise InvalidAmount("At most nine decimals.")
    return amount


# ── shares ───────────────────────────────────────────────────────────────────────────────────


def format_percent(hundredths: int) -> str:
    """2000 is 20 %, 1250 is 12.5 %."""
    return f"{_sign(hundredths)}{_decimal_text(abs(hundredths), 2)} %"


def fill_percent(part: int, whole: int) -> int:
    """How full a bar is, 0 to 100: empty only when nothing is left, full only when all is."""
    if part <= 0 or whole <= 0:
        return 0
    return min(100, max(1, part * 100 // whole))


# ── times ────────────────────────────────────────────────────────────────────────────────────


def format_ago(at: datetime, *, now: datetime) -> str:
    """2 min ago, in 3 h, just now; past a month the date. The page's script uses the same words."""
    seconds = int((at - now).total_seconds())
    distance = abs(seconds)
    if distance < 10:
        return "just now"
    for limit, label, size in (
        (60, "s", 1),
        (3600, "min", 60),
        (86_400, "h", 3600),
        (2_592_000, "d", 86_400),
    ):
        if distance < limit:
            amount = f"{distance // size} {label}"
            return f"{amount} ago" if seconds < 0 else f"in {amount}"
    return format_date(at, zone=at.tzinfo)


def format_date(at: datetime, *, zone: tzinfo | None) -> str:
    """2 Oct 2026, in `zone`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


def format_time(at: datetime, *, zone: tzinfo | None) -> str:
    """14:03:12, in `zone`."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def format_datetime(at: datetime, *, zone: tzinfo | None) -> str:
    """2 Oct 2026, 14:03:12 CEST, in `zone`."""
    return f"{format_date(at, zone=zone)}, {at.astimezone(zone):%H:%M:%S %Z}"


# ── decimal text ─────────────────────────────────────────────────────────────────────────────


def _sign(amount: int) -> str:
    return _MINUS if amount < 0 else ""


def _decimal_text(scaled: int, decimals: int, *, group: bool = True) -> str:
    """`scaled` / 10^decimals without trailing zeros."""
    whole, fraction = divmod(scaled, 10**decimals)
    tail = f"{fraction:0{decimals}d}".rstrip("0")
    head = f"{whole:,}" if group else str(whole)
    return f"{head}.{tail}" if tail else head


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}"


def _read_decimal(text: str) -> tuple[int, int]:
    """The digits of a decimal number and how many of them follow the point."""
    cleaned = text.strip().replace(_MINUS, "-")
    match = _DECIMAL.fullmatch(cleaned)
    if match is None:
        raise InvalidAmount("Enter a number, such as 20 or 4.5.")
    fraction = match["fraction"] or match["f"] or ""
    digits = int((match["whole"] or "0") + fraction)
    return (-digits if "-" in (match["sign"], match["s"]) else digits), len(fraction)
