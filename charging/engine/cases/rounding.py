"""Rounding of what was charged by the rules it was priced by."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from charging.engine.cases.compiling import Compiled
from charging.engine.cases.walking import Piece
from charging.engine.pricing import rounded
from charging.engine.tariff import Rate, Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What rounding adds to the cost of a part, and the balance that pays or gets it."""

    key: int
    amount: int


def by_part(piece: Piece) -> Hashable:
    return piece.part, piece.likeness


def by_likeness(piece: Piece) -> Hashable:
    return piece.likeness


def corrections(
    pieces: Sequence[Piece], compiled: Compiled, together: Callable[[Piece], Hashable]
) -> Iterable[Correction]:
    """Each part's cost rounded by its rule, once; `together` says which pieces are one part."""
    for _, group in groupby(pieces, key=together):
        part = list(group)
        payer = part[0].charge.money[0][0] if part[0].charge.money else None
        rate = part[0].charge.rate
        if payer is None or rate is None:
            continue
        exact = sum((piece.exact + piece.charge.fee for piece in part), Fraction(0))
        amount = round_by_rule(exact, rate, compiled) - sum(piece.cost for piece in part)
        if amount:
            yield Correction(key=payer.bucket.id, amount=amount)


def round_by_rule(exact: Fraction, rate: Rate, compiled: Compiled) -> int:
    """An exact amount of money by the rounding and decimals of the rule that priced it."""
    return round_to(exact, *rounding_of(rate, compiled), compiled)


def rounding_of(rate: Rate, compiled: Compiled) -> tuple[int, Rounding]:
    """Decimals and method of the rule behind a rate; without one, those of the rate."""
    rule = compiled.rules.get(rate.key)
    if rule is None:
        return rate.decimals, rate.rounding
    if rule.decimals is None:
        return compiled.given.money_decimals, Rounding.HALF_UP
    return rule.decimals, rule.rounding


def round_to(exact: Fraction, decimals: int, method: Rounding, compiled: Compiled) -> int:
    """Finer decimals than the case keeps change nothing."""
    given = compiled.given
    if decimals > given.money_decimals:
        decimals, method = given.money_decimals, Rounding.HALF_UP
    step: int = 10 ** (compiled.scale.money_places - decimals)
    return rounded(exact.numerator, exact.denominator * step, method) * step
