"""Claiming and reading a batch of plan subscriptions; writing.py writes what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from charging.renewal import statements as sql
from charging.renewal.changes import Changes
from charging.renewal.facts import AccountFacts, Held, Holding
from charging.renewal.terms import PlanTerms, terms_of, versions_by_key
from plans.models import PlanVersion
from portal.tenancy.scope import current_tenant
from subscribers.lifecycle import lifecycle_of
from subscribers.models import PlanSubscription

_KEYS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """Plan subscriptions whose accounts this transaction has locked, and the rows it locked."""

    ids: list[int]
    locks: list[int]
    passed_over: int
    """How many are due but in others' hands."""


def claim(*, now: datetime, limit: int) -> Claimed:
    """Lock due plan subscriptions and their accounts, skipping what others hold.

    Needs a transaction; the locks last as long.
    """
    tenant = current_tenant()
    parameters = {"tenant": tenant.pk, "now": now, "limit": limit}
    rows = _rows(sql.CLAIM, parameters)
    if tenant.is_sandbox and len(rows) < limit:
        parameters["limit"] = limit - len(rows)
        rows += _rows(sql.CLAIM_BY_TEST_CLOCK, parameters)
    return _lock_accounts(rows)


def claim_named(ids: Sequence[int]) -> Claimed:
    """The same for plan subscriptions of these keys, due or not."""
    parameters = {"tenant": current_tenant().pk, "limit": len(ids), "ids": list(ids)}
    return _lock_accounts(_rows(sql.CLAIM_NAMED, parameters))


def under_lock(ids: Sequence[int], lock_id: int) -> Claimed:
    """Plan subscriptions of an account whose lock the caller holds already.

    Their rows need no lock: a worker that has claimed one waits for no account, it gives up.
    """
    return Claimed(list(ids), [lock_id], 0)


def _lock_accounts(rows: list[tuple[Any, ...]]) -> Claimed:
    wanted = sorted({lock_id for _, lock_id in rows})
    locked = {key for (key,) in _rows(sql.LOCK, {"ids": wanted})} if wanted else set()
    ids = [key for key, lock_id in rows if lock_id in locked]
    return Claimed(ids, sorted(locked), len(rows) - len(ids))


def read(claimed: Claimed, *, now: datetime) -> list[Held]:
    """The claimed plan subscriptions as they are now that their accounts are locked."""
    if not claimed.ids:
        return []
    rows = _rows(sql.READ_HELD, {"ids": claimed.ids, "locks": claimed.locks})
    keys = sorted({row[2] for row in rows})
    accounts = _read_accounts(keys, now=now)
    running = _rows(sql.READ_RUNNING, {"accounts": keys})
    versions = versions_by_key(
        [row[2] for row in running] + [key for row in rows for key in (row[3], row[18]) if key]
    )
    _note_running(running, accounts, versions)
    terms: dict[tuple[int, str], PlanTerms] = {}
    found = {row[0]: _held(row, accounts, versions, terms) for row in rows}
    _read_buckets(found, accounts)
    return list(found.values())


def read_account(key: int, *, now: datetime) -> AccountFacts:
    """One account, whose lock the caller holds, with its main balance and its base plans."""
    account = _read_accounts([key], now=now)[key]
    running = _rows(sql.READ_RUNNING, {"accounts": [key]})
    versions = versions_by_key([row[2] for row in running])
    _note_running(running, {key: account}, versions)
    _read_buckets({}, {key: account})
    return account


def _note_running(
    running: list[tuple[Any, ...]],
    accounts: dict[int, AccountFacts],
    versions: dict[int, PlanVersion],
) -> None:
    for held_id, account_id, version_id, state in running:
        if not versions[version_id].is_add_on:
            accounts[account_id].base_plans.add(held_id)
        if state == PlanSubscription.State.GRACE:
            accounts[account_id].in_grace.add(held_id)


def _read_accounts(keys: list[int], *, now: datetime) -> dict[int, AccountFacts]:
    tenant = current_tenant()
    zones: dict[str, ZoneInfo] = {"": tenant.zone}
    found = {}
    for key, public_id, currency, state, credit, seq, zone, offset in _rows(
        sql.READ_ACCOUNTS, {"accounts": keys}
    ):
        if zone not in zones:
            zones[zone] = ZoneInfo(zone)
        found[key] = AccountFacts(
            id=key,
            tenant_id=tenant.pk,
            public_id=public_id,
            currency=currency,
            state=state,
            credit_limit=credit,
            event_seq=seq,
            zone=zones[zone],
            at=now + timedelta(seconds=offset),
            money=None,
        )
    return found


def _held(
    row: tuple[Any, ...],
    accounts: dict[int, AccountFacts],
    versions: dict[int, PlanVersion],
    known: dict[tuple[int, str], PlanTerms],
) -> Held:
    overrides, overrides_hash = json.loads(row[21]), row[22]
    key = (row[3], overrides_hash)
    if key not in known:
        known[key] = terms_of(versions[row[3]], overrides)
    next_terms = None
    if row[18]:
        next_version = versions[row[18]]
        is_same_plan = next_version.plan_id == versions[row[3]].plan_id
        next_terms = terms_of(next_version, overrides if is_same_plan else {})
    return Held(
        id=row[0],
        public_id=row[1],
        account=accounts[row[2]],
        version_id=row[3],
        quantity=row[4],
        state=row[5],
        starts_at=row[6],
        ends_at=row[7],
        end_reason=row[8],
        period_number=row[9],
        period_starts_at=row[10],
        period_ends_at=row[11],
        due_at=row[12],
        first_used_at=row[13],
        charges_first_period=row[14],
        retries=row[15],
        grace_ends_at=row[16],
        scheduled=row[17],
        next_version_id=row[18],
        next_leftovers=row[19],
        next_quantity=row[20],
        overrides=overrides,
        overrides_hash=overrides_hash,
        terms=known[key],
        next_terms=next_terms,
    )


def _read_buckets(found: dict[int, Held], accounts: dict[int, AccountFacts]) -> None:
    for row in _rows(sql.READ_BUCKETS, {"ids": list(found), "accounts": list(accounts)}):
        bucket = Holding(
            id=row[2],
            name=row[3],
            service=row[4],
            unit=row[5],
            weight=row[6],
            allowance_key=row[7],
            period_number=row[8],
            granted=row[9],
            available=row[10],
            reserved=row[11],
            used=row[12],
            expired=row[13],
            valid_from=row[14],
            expires_at=row[15],
            role=row[16],
            awaits_first_use=row[17],
        )
        if row[1] is not None:
            found[row[1]].buckets.append(bucket)
        elif accounts[row[0]].money is None:
            accounts[row[0]].money = bucket


def new_changes() -> Changes:
    """An empty collection that draws keys from the tables' sequences, many at once."""
    return Changes(
        new_bucket_id=_Keys("charging_bucket", _KEYS_AT_ONCE),
        new_held_id=_Keys("subscribers_plansubscription", 10),
        lifecycle=lifecycle_of(current_tenant()),
    )


def new_held_id() -> int:
    """A key for one new plan subscription."""
    return _Keys("subscribers_plansubscription", 1)()


class _Keys:
    def __init__(self, table: str, at_once: int) -> None:
        self.table = table
        self.at_once = at_once
        self.drawn: list[int] = []

    def __call__(self) -> int:
        if not self.drawn:
            rows = _rows(sql.DRAW_KEYS, {"table": self.table, "count": self.at_once})
            self.drawn = sorted((key for (key,) in rows), reverse=True)
        return self.drawn.pop()


def postpone(ids: Sequence[int], *, now: datetime, later: timedelta) -> None:
    """Look at these again later."""
    with connection.cursor() as cursor:
        seconds = int(later.total_seconds())
        cursor.execute(sql.POSTPONE, {"ids": list(ids), "now": now, "seconds": seconds})


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
