"""The accounts of a case while its events run: what each balance holds now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from charging.engine import balances
from charging.engine.candidates import Candidate, Candidates, Working, in_group_order, look_out
from charging.engine.cases import case
from charging.engine.cases.case import DEFAULT, Balance, Event, Given, Kind
from charging.engine.cases.compiling import Compiled
from charging.engine.conditions import ANY, Situation
from charging.engine.tariff import Tariff, Unit
from charging.engine.values import Account, Bucket

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Held:
    """A balance and what is in it."""

    key: int
    balance: Balance
    amount: int


@dataclass(slots=True)
class Holder:
    """An account and its balances, in the order in which they were given."""

    account: case.Account
    held: list[Held] = field(default_factory=list)

    def default(self) -> Held | None:
        return next((each for each in self.held if _is_default(each.balance)), None)


def _is_default(balance: Balance) -> bool:
    return balance.kind is Kind.MONETARY and balance.id == DEFAULT


class State:
    """Every account of a case. Amounts change by `take`, nowhere else."""

    def __init__(self, given: Given, compiled: Compiled) -> None:
        self._compiled = compiled
        self._groups = given.groups
        self._given = given
        self.holders: dict[str, Holder] = {}
        self._by_key: dict[int, Held] = {}
        for account in (given.account, *given.other_accounts):
            if account is not None:
                holder = self.holders[account.id] = Holder(account)
                for balance in account.balances:
                    self._hold(holder, balance)

    def _hold(self, holder: Holder, balance: Balance) -> Held:
        scale = self._compiled.scale
        is_money = balance.kind is Kind.MONETARY
        amount = scale.money(balance.value) if is_money else scale.units(balance.value)
        held = Held(max(self._by_key, default=0) + 1, balance, amount)
        self._by_key[held.key] = held
        holder.held.append(held)
        return held

    def open_default(self, holder: Holder) -> Held:
        """The balance that debts go to, made when it is first needed."""
        return holder.default() or self._hold(holder, EMPTY_DEFAULT)

    def close_default(self, holder: Holder) -> None:
        """Forget a balance for debts that was made in vain."""
        held = holder.held.pop()
        assert held.balance is EMPTY_DEFAULT
        del self._by_key[held.key]

    def take(self, taken: Mapping[int, int]) -> None:
        for key, amount in taken.items():
            self._by_key[key].amount -= amount

    def balances(self) -> dict[str, Decimal]:
        """What every balance holds, by its id; those of other accounts by account and id."""
        own = self._given.account.id if self._given.account else ""
        scale = self._compiled.scale
        return {
            each.balance.id if name == own else f"{name}/{each.balance.id}": scale.decimal(
                each.amount, each.balance.kind
            )
            for name, holder in self.holders.items()
            for each in holder.held
        }

    # ── who may pay ──────────────────────────────────────────────────────────────────────────

    def candidates(self, holder: Holder | None, seats: Seats) -> Candidates:
        """Who may pay for a use, in paying order: its own units, generic ones, then money."""

        def of(unit: Unit) -> list[Candidate]:
            return [*self._with_members(holder, unit, seats)] if holder else []

        unit = seats.group.unit
        generic = of(Unit.GENERIC) if unit is not Unit.GENERIC else []
        return Candidates(of(unit) + generic, [], lambda: of(Unit.NANO_MONEY))

    def _with_members(self, holder: Holder, unit: Unit, seats: Seats) -> Iterator[Candidate]:
        """A balance of a shared group stands for all its members' balances of that group."""
        done: set[str] = set()
        for candidate in seats.look_out(holder.held, unit):
            groups = self._by_key[candidate.working.bucket.id].balance.groups
            if not groups:
                yield candidate
            for code in groups:
                if code in self._groups and code not in done:
                    done.add(code)
                    yield from self._members(code, holder, unit, seats)

    def _members(self, code: str, holder: Holder, unit: Unit, seats: Seats) -> list[Candidate]:
        group = self._groups[code]
        found: list[Candidate] = []
        for name in group.members:
            member = self.holders.get(name)
            if member is not None and (member is holder or not member.account.is_disabled):
                shared = [each for each in member.held if code in each.balance.groups]
                found += seats.look_out(shared, unit, owner=0 if member is holder else 1)
        return in_group_order(found, group.order)


EMPTY_DEFAULT = Balance(
    id=DEFAULT,
    kind=Kind.MONETARY,
    value=_NOTHING,
    weight=_NOTHING,
    included=frozenset(),
    excluded=frozenset(),
    categories=frozenset(),
    expires_at=None,
    windows=(),
    is_blocker=False,
    is_disabled=False,
    zero_increment=None,
    subject="",
    factors={},
    groups=(),
)


class Seats:
    """Balances as the engine's buckets for one use, each made once."""

    def __init__(
        self,
        compiled: Compiled,
        event: Event,
        holder: Holder | None,
        start: datetime,
        end: datetime,
    ) -> None:
        self._compiled = compiled
        self._category = event.category
        self._span = (start, end)
        self.group = compiled.rating_group(event)
        self.situation = Situation(
            destination=event.destination,
            prefixes=compiled.prefixes(event.destination or ANY),
            category=event.category,
            factor_key=event.factor_key,
        )
        subject = event.subject or (holder.account.id if holder else "")
        self.tariffs = compiled.tariffs(event.category, subject, start, end)
        self.workings: dict[int, Working] = {}

    def account(self) -> Account:
        return Account(
            id=0,
            buckets=tuple(working.bucket for working in self.workings.values()),
            tariffs=self.tariffs,
            rating_groups={self.group.number: self.group},
            almanac=self._compiled.almanac,
        )

    def look_out(self, held: Iterable[Held], unit: Unit, owner: int = 0) -> list[Candidate]:
        """The balances of a unit that may pay, in the engine's paying order."""
        start = self._span[0]
        workings = []
        for each in held:
            working = self.seat(each, owner)
            bucket = working.bucket
            if bucket.unit is not unit or not balances.concerns(bucket, self.group):
                continue
            if not working.is_disabled and not balances.is_expired(bucket, start):
                bucket.expires_at = None  # judged once, where the use begins
                workings.append(working)
        return look_out(self.account(), workings, self.group, self.situation, None)

    def seat(self, held: Held, owner: int = 0) -> Working:
        working = self.workings.get(held.key)
        if working is None:
            working = self.workings[held.key] = Working(self._bucket(held, owner))
        return working

    def _bucket(self, held: Held, owner: int) -> Bucket:
        balance = held.balance
        tariffs: tuple[Tariff, ...] = ()
        if balance.subject:
            tariffs = self._compiled.own_tariffs(self._category, balance.subject, *self._span)
        bucket = self._compiled.bucket(
            balance, key=held.key, available=held.amount, tariffs=tariffs
        )
        return replace(bucket, owner_id=owner)
