"""What the live parts of the account page show: for the page itself and for its websocket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from charging.models import LedgerEntry
from charging.pages.keyset import Page, page_of
from charging.refs import bucket_key, bucket_ref
from charging.selectors import Balance, balances_of, ledger_of
from charging.selectors.ledger import CHANGES, is_reversible, kinds_of
from portal.formatting import fill_percent, format_money, format_quantity
from portal.tenancy.actor import Actor
from subscribers.models import Account

LEDGER_PAGE_SIZE: Final = 25
Say = Callable[[int, str], str]
"""An amount of a unit in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceCard:
    """One balance as its card draws it."""

    balance: Balance
    fill: int
    """Percent that is available; `reserved` percent follow it on the bar."""
    reserved: int
    left_percent: int
    ticks: list[dict[str, Any]]

    @property
    def tone(self) -> str:
        return {"exhausted": "bad", "low": "warn"}.get(self.balance.state, "good")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """An entry as the subscriber would tell it."""

    entry: LedgerEntry
    change: int
    """Of what is left, reserved units included: reserving changes nothing of it."""
    reserved: str
    """What became reserved or free again, in words; empty for most entries."""
    is_reversible: bool


def balances_context(account: Account, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """For `subscribers/_balances.html`."""
    balances = balances_of(account, now=now)
    return {
        "account": account,
        "cards": [_card(balance) for balance in balances],
        "may_adjust": actor.may("balances.adjust"),
    }


def ledger_context(account: Account, *, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """For `subscribers/_ledger_rows.html`; without a query the newest changes."""
    query = query or {}
    key, kinds = ledger_filter(query)
    kind = query.get("kind") or CHANGES
    entries = ledger_of(account, bucket_key=key, kinds=kinds)
    page: Page[LedgerEntry] = page_of(entries, query, size=LEDGER_PAGE_SIZE)
    say = sayer(account)
    is_live = page.is_first and key is None and kind == CHANGES
    return {
        "account": account,
        "rows": [_ledger_row(entry, say) for entry in page.rows],
        "page": page,
        "bucket_ref": bucket_ref(key) if key else "",
        "kind": kind,
        "is_live": is_live,
    }


def ledger_filter(query: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    """The bucket's primary key and the kinds that a query (`bucket`, a reference; `kind`) asks
    for; a reference of nothing asks for all."""
    return bucket_key(query.get("bucket", "")), kinds_of(query.get("kind") or CHANGES)


def live_context(account: Account, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """For `subscribers/_account_live.html`: everything a change of balances touches."""
    return balances_context(account, actor=actor, now=now) | ledger_context(account)


def sayer(account: Account) -> Say:
    """How amounts of this account are written."""
    base = account.tenant.gigabyte_base

    def say(amount: int, unit: str) -> str:
        if unit == "NANO_MONEY":
            return format_money(amount, account.currency)
        return format_quantity(amount, unit, gigabyte_base=base)

    return say


def _ledger_row(entry: LedgerEntry, say: Say) -> LedgerRow:
    reserved = ""
    if entry.reserved:
        sign = "+" if entry.reserved > 0 else ""
        reserved = f"{sign}{say(entry.reserved, entry.bucket.unit)} reserved"
    return LedgerRow(
        entry=entry,
        change=entry.available + entry.reserved,
        reserved=reserved,
        is_reversible=is_reversible(entry),
    )


def _card(balance: Balance) -> BalanceCard:
    bucket = balance.bucket
    left = fill_percent(balance.remaining, bucket.granted)
    reserved = min(left, fill_percent(bucket.reserved, bucket.granted))
    ticks = [
        {
            "name": mark.name,
            "percent": _position(mark.limit, bucket.granted),
            "low": mark.is_low,
        }
        for mark in balance.thresholds
        if 0 < mark.limit < bucket.granted
    ]
    return BalanceCard(
        balance=balance,
        fill=left - reserved,
        reserved=reserved,
        left_percent=left,
        ticks=ticks,
    )


def _position(limit: int, granted: int) -> str:
    """Where a mark is on the bar, in percent to two decimals."""
    whole, rest = divmod(limit * 10_000 // granted, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
