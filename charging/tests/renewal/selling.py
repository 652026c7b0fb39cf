"""Plans for the tests of renewal, and questions about what became of their subscriptions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from charging import services
from charging.models import Bucket
from charging.renewal import sweep
from charging.tests.services.reading import money_of
from plans.models import PlanVersion
from plans.specs import AllowanceSpec, VersionSpec
from portal.tenancy.actor import SYSTEM
from subscribers.models import Account, PlanSubscription
from tests import factories

EURO = 10**9
GB = 2**30
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def data(amount: int = 10 * GB, **terms: Any) -> dict[str, Any]:
    return {"name": "Data", "service": "data", "amount": amount, **terms}


def make_version(
    code: str = "plan", *allowances: dict[str, Any], now: datetime, name: str = "", **terms: Any
) -> PlanVersion:
    """A published version, monthly at €10.00 with 10 GB unless said otherwise."""
    terms = {"currency": "EUR", "price": 10 * EURO, "renewal": "month", "renewal_count": 1, **terms}
    given = tuple(AllowanceSpec(**each) for each in allowances or (data(),))
    spec = VersionSpec(**terms, allowances=given)
    return factories.make_published_plan(code, name=name or code.title(), spec=spec, now=now)


def make_account(
    money: str = "", *, now: datetime, public_id: str = "acc-1", **terms: Any
) -> Account:
    account = services.open_account(public_id=public_id, actor=SYSTEM, now=now, **terms)
    if money:
        factories.top_up(account, money, now=now)
    return account


def subscribe(
    account: Account, version: PlanVersion, now: datetime, **terms: Any
) -> PlanSubscription:
    return services.start_plan_subscription(
        account=account, version=version, actor=SYSTEM, now=now, **terms
    )


def renew(now: datetime) -> sweep.Done:
    return sweep.renew_due(now=now, budget_seconds=30)


def again(held: PlanSubscription) -> PlanSubscription:
    return PlanSubscription.objects.get(pk=held.pk)


def periods(held: PlanSubscription) -> list[tuple[int, str]]:
    return list(held.periods.order_by("number").values_list("number", "outcome"))


def money_left(account: Account) -> int:
    return money_of(account).available


def buckets(held: PlanSubscription, name: str = "Data") -> list[Bucket]:
    found = Bucket.objects.filter(plan_subscription=held, name__startswith=name)
    return list(found.order_by("pk"))


def use(bucket: Bucket, amount: int) -> None:
    """As if a session had used it: through the ledger, so that the books stay right."""
    from charging import ledger
    from subscribers.locking import lock_account

    account = lock_account(bucket.account_id)
    cause = ledger.Cause(actor=SYSTEM, now=bucket.created_at)
    ledger.spend(account=account, bucket=bucket, amount=amount, cause=cause)
