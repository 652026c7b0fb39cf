"""Rows of the account list: what is shown of each account, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from charging.models import Bucket
from plans.models import Service
from subscribers.models import Account, Device, PlanSubscription


@dataclass(slots=True, kw_only=True)
class AccountRow:
    """One account with its devices, running plans, and nano-units of money."""

    account: Account
    devices: list[Device] = field(default_factory=list)
    plans: list[PlanSubscription] = field(default_factory=list)
    money: int = 0


def account_rows(accounts: Sequence[Account]) -> list[AccountRow]:
    """The rows of these accounts, in their order."""
    rows = {account.pk: AccountRow(account=account) for account in accounts}
    if not rows:
        return []
    for device in Device.objects.filter(account__in=rows).order_by("pk"):
        rows[device.account_id].devices.append(device)
    running = PlanSubscription.objects.filter(account__in=rows, ends_at=None)
    for held in running.select_related("version__plan").order_by("starts_at", "pk"):
        rows[held.account_id].plans.append(held)
    for key, amount in _money_of(rows).items():
        rows[key].money = amount
    return list(rows.values())


def _money_of(keys: Sequence[int] | dict[int, AccountRow]) -> dict[int, int]:
    money: dict[int, int] = defaultdict(int)
    buckets = Bucket.objects.filter(
        account__in=keys, service=Service.MONEY, role=Bucket.Role.PAYS, expires_at=None
    )
    for key, available, reserved in buckets.values_list("account_id", "available", "reserved"):
        money[key] += available + reserved
    return money
