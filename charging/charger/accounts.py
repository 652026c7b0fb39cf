"""What the accounts of a batch may draw on: their own buckets, their parent's, their group's.

Rows are those of the charger's statements; a bucket that several accounts see is read for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from charging.bucket_terms import CAPS_ONLY, bucket_terms
from charging.charger.catalogue import Catalogue
from charging.charger.rows import AccountRow
from charging.engine.balances import MONEY
from charging.engine.tariff import Role, Tariff, Unit
from charging.engine.values import Account, Bucket, SharedOrder

_PARENT: Final = "parent"
_GROUP: Final = "group"
_OWN_FIRST: Final = (SharedOrder.OWN_LOWEST, SharedOrder.OWN_HIGHEST)
_AFTER_OWN: Final = 2**40
"""Taken off the weight of others' buckets where the account's own pay first, shared or not: below
a parent always, in a group by its order."""


def read_accounts(
    rows: list[tuple[Any, ...]],
    bucket_rows: list[tuple[Any, ...]],
    subscription_rows: list[tuple[Any, ...]],
    catalogue: Catalogue,
    *,
    now: datetime,
) -> dict[int, AccountRow]:
    """The batch's accounts with all they may draw on, and those that share with them."""
    by_key = {row[0]: row for row in rows}
    caps = _caps(bucket_rows)
    buckets: dict[int, list[Bucket]] = {}
    for row in bucket_rows:
        bucket = _bucket(row, by_key, caps, catalogue, now)
        if bucket is not None:
            buckets.setdefault(row[0], []).append(bucket)
    tariffs: dict[int, list[Tariff]] = {}
    for account_key, version_id, starts_at, ends_at, overrides_hash, _ in subscription_rows:
        tariff = catalogue.tariff(version_id, overrides_hash)
        tariff = replace(tariff, starts_at=starts_at, ends_at=ends_at)
        tariffs.setdefault(account_key, []).append(tariff)
    found = {
        row[0]: _account(row, tuple(buckets.get(row[0], ())), tariffs.get(row[0], ()), catalogue)
        for row in rows
    }
    for row in bucket_rows:
        if row[22] and row[23]:
            found[row[0]].waiting_plans[row[3]] = row[23]
    return found


def _account(
    row: tuple[Any, ...],
    buckets: tuple[Bucket, ...],
    tariffs: Iterable[Tariff],
    catalogue: Catalogue,
) -> AccountRow:
    settings = catalogue.settings(row[1])
    services = settings.lifecycle.rules[row[3]].services
    return AccountRow(
        key=row[0],
        tenant_id=row[1],
        public_id=row[2],
        currency=row[8],
        state=row[3],
        lock_id=row[4],
        lifecycle=settings.lifecycle,
        clock_offset=timedelta(seconds=row[5]),
        event_seq=row[7],
        loaded_event_seq=row[7],
        engine=Account(
            id=row[0],
            buckets=buckets,
            tariffs=tuple(tariffs),
            rating_groups=settings.rating_groups,
            may_use=services is None or bool(services),
            services=services,
            almanac=settings.almanac(row[9]),
            shared={row[10]: SharedOrder(row[11])} if row[10] else {},
        ),
    )


def _caps(bucket_rows: list[tuple[Any, ...]]) -> dict[tuple[int, str, str], int]:
    """The newest cap by account, what it caps and service. One whose cycle has ended holds until
    the next one is opened, so that nobody draws without a cap in between."""
    newest: dict[tuple[int, str, str], tuple[datetime, int]] = {}
    for row in bucket_rows:
        if row[19]:
            key, found = (row[0], row[19], row[6]), (row[14], row[3])
            newest[key] = max(newest.get(key, found), found)
    return {key: bucket_id for key, (_, bucket_id) in newest.items()}


def _bucket(
    row: tuple[Any, ...],
    accounts: dict[int, tuple[Any, ...]],
    caps: dict[tuple[int, str, str], int],
    catalogue: Catalogue,
    now: datetime,
) -> Bucket | None:
    """The bucket as the account sees it that it was read for; None for another's that does not
    pay for it, and a counter of another cycle, unless they hold something for sessions."""
    taker, via, owner = row[0], row[1], row[2]
    unit = Unit(row[5])
    given = catalogue.allowance(row[16], row[24])
    is_disabled, is_shared = row[20], row[21]
    rating_groups = frozenset(row[7])
    if row[18] == Role.COUNTS:
        counts = not row[19] and _is_running(row, now, accounts[taker])
        if not counts and not row[19] and not row[11]:
            return None
        rating_groups = rating_groups if counts else CAPS_ONLY
    weight, credit_limit, group, capped_by = row[8], 0, "", 0
    if via:
        giver = accounts[owner]
        gives = is_shared and _may_use(giver, row[6], catalogue)
        if not gives and not row[11]:
            return None
        is_disabled = is_disabled or not gives
        capped_by = caps.get((taker, via, row[6]), 0)
    elif unit is Unit.NANO_MONEY:
        credit_limit = accounts[taker][6]
    own_first = accounts[taker][11] in _OWN_FIRST
    if via and (via == _PARENT or own_first):
        weight -= _AFTER_OWN
    if via == _GROUP or (is_shared and not via and not own_first):
        group = accounts[taker][10]
    return Bucket(
        id=row[3],
        name=row[4],
        unit=unit,
        service=row[6],
        rating_groups=rating_groups,
        weight=weight,
        granted=row[9],
        available=row[10],
        reserved=row[11],
        used=row[12],
        expired=row[13],
        valid_from=row[14],
        expires_at=row[15],
        credit_limit=credit_limit,
        thresholds=given.thresholds,
        terms=bucket_terms(given, role=row[18], caps=row[19], waits=row[22]),
        is_disabled=is_disabled,
        allowance_key=row[17] or "",
        owner_id=owner if via else 0,
        group=group,
        capped_by=capped_by,
    )


def _is_running(row: tuple[Any, ...], now: datetime, account: tuple[Any, ...]) -> bool:
    """Whether a counter is in its cycle; it ends with it, whenever the usage was."""
    at = now + timedelta(seconds=account[5])
    starts_at: datetime = row[14]
    ends_at: datetime | None = row[15]
    return starts_at <= at and (ends_at is None or at < ends_at)


def _may_use(account: tuple[Any, ...], service: str, catalogue: Catalogue) -> bool:
    """Whether the account's state lets its buckets of the service pay, for others too."""
    services = catalogue.settings(account[1]).lifecycle.rules[account[3]].services
    return services is None or service in services or (bool(services) and service == MONEY)


def viewers(accounts: dict[int, AccountRow]) -> dict[int, list[AccountRow]]:
    """Who of the batch sees a bucket, where there are several."""
    seen: dict[int, list[AccountRow]] = {}
    sharing = [row for row in accounts.values() if any(b.owner_id for b in row.engine.buckets)]
    if not sharing:
        return {}
    for row in accounts.values():
        for bucket in row.engine.buckets:
            seen.setdefault(bucket.id, []).append(row)
    return {key: rows for key, rows in seen.items() if len(rows) > 1}
