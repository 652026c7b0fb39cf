"""Sessions of case files: grants, corrections of what was really used, and the final account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from charging.engine import pricing
from charging.engine.cases.case import Event, Kind
from charging.engine.cases.cashier import Cashier, Debited, Progress
from charging.engine.cases.rounding import by_likeness, corrections
from charging.engine.cases.state import Holder
from charging.engine.cases.walking import Piece
from charging.engine.waterfall import Payment


@dataclass(slots=True, kw_only=True)
class Session:
    """What is remembered between the events of one session."""

    holder: Holder
    event: Event
    """What it began with: what is used, by whom and when."""
    progress: Progress
    pieces: list[Piece] = field(default_factory=list)
    reserve: int = 0
    """Charged and not granted yet, or, below zero, granted and used without being charged."""
    last: int = 0
    """The last grant, as far as it was used."""
    total: int = 0
    """Granted so far, as far as it was used."""

    @property
    def charged(self) -> int:
        return sum(piece.charge.units for piece in self.pieces)

    @property
    def cost(self) -> int:
        return sum(piece.cost for piece in self.pieces)

    def covers(self, holder: Holder, event: Event) -> bool:
        """Whether the event is of this session; what it does not say may be anything."""
        mine = self.event
        return (
            holder is self.holder
            and event.kind is mine.kind
            and event.category in ("", mine.category)
            and event.destination in ("", mine.destination)
        )

    def said(self, event: Event) -> Event:
        """The event with what the session knows."""
        mine = self.event
        return replace(
            event,
            category=mine.category,
            destination=mine.destination,
            subject=mine.subject,
            factor_key=event.factor_key or mine.factor_key,
        )


def grant(cashier: Cashier, session: Session, event: Event, units: int) -> int:
    """What is granted of `units`: out of what is charged already, then by a new reservation."""
    if session.reserve >= units:
        session.reserve -= units
        session.last = units
        session.total += units
        return units
    wanted, from_reserve = units - session.reserve, session.reserve
    debited = cashier.reserve(event, session.holder, _next(session, event), wanted)
    session.reserve = max(0, debited.units - wanted)
    keep(session, debited)
    session.last = units if debited.units >= wanted else max(0, debited.units + from_reserve)
    session.total += session.last
    return session.last


def correct(session: Session, used: int) -> None:
    """Take what was really used of the last grant for what it was."""
    session.reserve += session.last - used
    session.total += used - session.last
    session.last = used


def ask_by_total(session: Session, total: int) -> int:
    """What an update asks for that says only how much was used since the start.

    That is what goes beyond the grants so far. A total below them takes the difference, on top
    of the last grant, for what was used of it, and asks for nothing more.
    """
    beyond = total - session.total
    if beyond < 0:
        correct(session, session.last - beyond)
    return max(0, beyond)


def keep(session: Session, debited: Debited) -> None:
    session.pieces += debited.pieces
    session.progress = debited.progress


def _next(session: Session, event: Event) -> Progress:
    """A call goes on where it stands; data is priced when it is reported."""
    if event.kind is Kind.VOICE:
        return session.progress
    return replace(session.progress, start=max(session.progress.start, event.at))


def end(cashier: Cashier, session: Session, event: Event, used: int) -> int:
    """Charge what is missing or give back what is too much, then round; returns the cost."""
    missing = used - session.charged
    if missing > 0:
        progress = _next(session, event)
        keep(session, cashier.debit(event, session.holder, progress, missing))
    elif missing < 0:
        session.pieces = list(_give_back(cashier, session.pieces, used))
    cost = session.cost
    for each in corrections(session.pieces, cashier.compiled, by_likeness):
        cashier.state.take({each.key: each.amount})
        cost += each.amount
    session.total = used
    return cost


# ── giving back ──────────────────────────────────────────────────────────────────────────────


def _give_back(cashier: Cashier, pieces: list[Piece], used: int) -> Iterator[Piece]:
    """The pieces that cover what was used, in whole increments; what the others took goes back
    to where it was taken from."""
    begun = 0
    for piece in pieces:
        kept = _cut(piece, used - begun) if begun < used else None
        if kept is not piece:
            _return(cashier, piece, kept)
        if kept is not None:
            yield kept
        begun += piece.charge.units


def _cut(piece: Piece, used: int) -> Piece:
    """The first increments of a piece, at what they cost; who paid last gets back first."""
    charge = piece.charge
    if charge.units <= used:
        return piece
    units = -(-used // piece.increment) * piece.increment
    priced = charge.priced
    if charge.rate is not None:
        priced = pricing.price(charge.rate, piece.before, charge.position, used)
        units = priced.units
    left = charge.priced.cost - priced.cost
    money: list[Payment] = []
    for payer, paid in reversed(charge.money):
        back = min(left, paid)
        left -= back
        money.insert(0, (payer, paid - back))
    amount = units // piece.increment * piece.per_increment
    return replace(
        piece, charge=replace(charge, units=units, amount=amount, priced=priced, money=money)
    )


def _return(cashier: Cashier, piece: Piece, kept: Piece | None) -> None:
    """Give each payer of a piece what it paid beyond what is kept."""
    taken: dict[int, int] = {}
    for each, sign in ((piece, -1), (kept, 1)):
        for payer, amount in each.charge.payments() if each else ():
            taken[payer.bucket.id] = taken.get(payer.bucket.id, 0) + sign * amount
    cashier.state.take(taken)
