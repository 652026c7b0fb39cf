"""What the beginning of a period costs: exact, rounded once to the currency's places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from charging.renewal.borders import border, full_first_period
from charging.renewal.terms import PlanTerms
from portal.formatting import NANO_DIGITS, currency_decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One line on the subscriber's bill; nano-units of the currency."""

    name: str
    """price, purchase_fee, first_use_fee."""
    amount: int
    reason: str


def fees_of_first_period(
    terms: PlanTerms, *, quantity: int, starts_at: datetime, zone: ZoneInfo
) -> list[Fee]:
    """The price, in proportion when the period is short and the plan says so.

    The purchase and the first-use fee are asked for apart (`purchase_fees`, `first_use_fees`).
    """
    price = terms.price * quantity
    part, whole = _share(terms, starts_at, zone)
    if part == whole:
        return _fees("price", price, f"{terms.label} begins")
    amount = prorated(price, part=part, whole=whole, currency=terms.currency)
    unit = "days" if terms.proration == "day" else "seconds"
    return _fees("price", amount, f"{terms.label} begins: {part} of {whole} {unit}")


def fees_of_renewal(terms: PlanTerms, *, quantity: int, number: int) -> list[Fee]:
    return _fees("price", terms.price * quantity, f"{terms.label} renewed, period {number}")


def purchase_fees(terms: PlanTerms, *, quantity: int) -> list[Fee]:
    amount = terms.purchase_fee * quantity
    return _fees("purchase_fee", amount, f"{terms.label}: purchase fee")


def first_use_fees(terms: PlanTerms, *, quantity: int) -> list[Fee]:
    amount = terms.first_use_fee * quantity
    return _fees("first_use_fee", amount, f"{terms.label}: first-use fee")


def prorated(price: int, *, part: int, whole: int, currency: str) -> int:
    """price × part ÷ whole, half up to the places of the currency, in nano-units."""
    assert 0 <= part <= whole
    assert whole > 0
    place = 10 ** (NANO_DIGITS - currency_decimals(currency))
    return (2 * price * part + whole * place) // (2 * whole * place) * place


def _share(terms: PlanTerms, starts_at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """How much of a full period the first one is, in days or seconds; equal when it is all."""
    ends_at = border(terms, starts_at, 1, zone)
    if terms.proration == "none" or ends_at is None:
        return 1, 1
    full_from = full_first_period(terms, starts_at, zone)
    if full_from >= starts_at:
        return 1, 1
    if terms.proration == "day":
        last = ends_at.astimezone(zone).date()
        return (last - starts_at.astimezone(zone).date()).days, (
            last - full_from.astimezone(zone).date()
        ).days
    second = timedelta(seconds=1)
    return (ends_at - starts_at) // second, (ends_at - full_from) // second


def _fees(name: str, amount: int, reason: str) -> list[Fee]:
    return [Fee(name=name, amount=amount, reason=reason)] if amount else []
