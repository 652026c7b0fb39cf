"""Opening accounts and moving them on and off plan versions.

Each act takes the account's lock (docs/locking.md) and writes subscription, buckets, ledger,
event and audit entry in one transaction.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import Bucket
from charging.services.amounts import money_bucket
from charging.services.rules import lock_living
from plans.models import Allowance, Plan, PlanVersion
from plans.selectors import newest_published_version
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.validation import Invalid
from subscribers import events, lifecycle
from subscribers import services as subscribers
from subscribers.clock import account_time
from subscribers.locking import lock_account
from subscribers.models import Account, PlanSubscription
from subscribers.periods import days_later, period_border


class NotPublished(Exception):
    """Only published plan versions can be subscribed to."""


class CurrencyMismatch(Exception):
    """The plan version is priced in another currency than the account's."""


class NotEnoughMoney(Exception):
    """The main balance does not cover the plan's price."""


@transaction.atomic
def open_account(
    *,
    public_id: str | None = None,
    name: str = "",
    plan_code: str | None = None,
    currency: str | None = None,
    time_zone: str = "",
    actor: Actor,
    now: datetime,
) -> Account:
    """Create an account with its main balance, on the newest published version of a plan.

    Raises Invalid with the paths id, name, plan, currency, time_zone.
    """
    version = _published_version(plan_code) if plan_code else None
    account = subscribers.create_account(
        public_id=public_id,
        name=name,
        currency=currency,
        time_zone=time_zone,
        actor=actor,
        now=now,
    )
    money_bucket(account, now=now)
    if version is not None:
        if version.currency != account.currency:
            raise Invalid.at("plan", f"This plan is priced in {version.currency}.")
        start_plan_subscription(account=account, version=version, actor=actor, now=now)
    return account


@transaction.atomic
def start_plan_subscription(
    *,
    account: Account,
    version: PlanVersion,
    charge_price: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """Subscribe an account to a published version: one bucket per allowance, full.

    With `charge_price` the first period's price is taken from the main balance, which must cover
    it; without, the period was paid elsewhere (docs/decisions). Raises NotPublished,
    CurrencyMismatch, NotEnoughMoney, AccountTerminated, StateForbids.
    """
    account = lock_living(account)
    lifecycle.require(account, "buy")
    if version.state != PlanVersion.State.PUBLISHED:
        raise NotPublished
    if version.currency != account.currency:
        raise CurrencyMismatch
    starts_at = account_time(account, now)
    subscription = PlanSubscription.objects.create(
        account=account,
        version=version,
        starts_at=starts_at,
        period_starts_at=starts_at,
        period_ends_at=period_border(
            starts_at,
            renewal=version.renewal,
            count=version.renewal_count,
            periods=1,
            zone=account.zone,
        ),
        created_at=now,
    )
    cause = Cause(actor=actor, now=now, reason=f"{version} begins")
    if charge_price and version.price:
        _take_price(account, version, cause)
    given = [
        _open_allowance(account, subscription, allowance, cause)
        for allowance in version.allowances.prefetch_related("thresholds")
    ]
    _tell_started(account, subscription, given, charged=charge_price, cause=cause)
    return subscription


@transaction.atomic
def end_plan_subscription(
    *, subscription: PlanSubscription, reason: str = "", actor: Actor, now: datetime
) -> PlanSubscription:
    """End a plan subscription now: what is left of its buckets expires, rates no longer apply.

    Ending an ended one changes nothing.
    """
    account = lock_account(subscription.account_id)
    subscription.refresh_from_db()
    ends_at = account_time(account, now)
    if subscription.ends_at is not None and subscription.ends_at <= ends_at:
        return subscription
    subscription.ends_at, subscription.period_ends_at = ends_at, None
    subscription.save(update_fields=["ends_at", "period_ends_at"])
    cause = Cause(actor=actor, now=now, reason=reason or f"{subscription.version} ends")
    for bucket in Bucket.objects.filter(plan_subscription=subscription).order_by("pk"):
        _end_bucket(account, bucket, ends_at, cause)
    told = {"account": account.public_id, **_name_version(subscription.version)}
    events.record(
        account,
        "plan_subscription.ended",
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=now,
        payload=told,
    )
    _audit(account, "plan_subscription.ended", cause, before=_name_version(subscription.version))
    return subscription


@transaction.atomic
def change_plan(
    *,
    account: Account,
    version: PlanVersion,
    charge_price: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """End the plans an account holds and start another, at one instant.

    Raises what `start_plan_subscription` does.
    """
    account = lock_living(account)
    at = account_time(account, now)
    for held in PlanSubscription.objects.filter(account=account, ends_at=None).order_by("pk"):
        assert held.starts_at <= at
        end_plan_subscription(
            subscription=held, reason=f"Changed to {version}", actor=actor, now=now
        )
    return start_plan_subscription(
        account=account, version=version, charge_price=charge_price, actor=actor, now=now
    )


def _published_version(plan_code: str) -> PlanVersion:
    """The version a new subscriber of this plan gets. Raises Invalid at `plan`."""
    version = newest_published_version(plan_code)
    if version is not None:
        return version
    plan = Plan.objects.filter(code=plan_code).first()
    if plan is None:
        raise Invalid.at("plan", f"There is no plan “{plan_code}”.")
    raise Invalid.at("plan", f"{plan.name} has no published version.")


def _take_price(account: Account, version: PlanVersion, cause: Cause) -> None:
    money = money_bucket(account, now=cause.now)
    if money.available + account.credit_limit < version.price:
        raise NotEnoughMoney
    ledger.spend(account=account, bucket=money, amount=version.price, cause=cause)


def _open_allowance(
    account: Account, subscription: PlanSubscription, allowance: Allowance, cause: Cause
) -> Bucket:
    expires_at = subscription.period_ends_at
    if allowance.validity_days:
        expires_at = days_later(subscription.starts_at, allowance.validity_days, zone=account.zone)
    return ledger.open_bucket(
        account=account,
        amount=allowance.amount,
        cause=cause,
        plan_subscription=subscription,
        allowance=allowance,
        allowance_key=allowance.key,
        name=allowance.name,
        service=allowance.service,
        unit=allowance.unit,
        rating_groups=allowance.rating_groups,
        weight=allowance.weight,
        valid_from=subscription.starts_at,
        expires_at=expires_at,
    )


def _end_bucket(account: Account, bucket: Bucket, at: datetime, cause: Cause) -> None:
    entry = ledger.expire(account=account, bucket=bucket, cause=cause)
    if bucket.expires_at is None or bucket.expires_at > at:
        bucket.expires_at = at
        bucket.save(update_fields=["expires_at"])
    if entry is not None:
        events.record(
            account,
            "bucket.expired",
            subject_type="bucket",
            subject_id=bucket.ref,
            occurred_at=cause.now,
            payload={
                "account": account.public_id,
                "bucket": bucket.name,
                "bucket_id": bucket.ref,
                "service": bucket.service,
                "unit": bucket.unit,
                "amount": entry.expired,
            },
        )


def _tell_started(
    account: Account,
    subscription: PlanSubscription,
    given: list[Bucket],
    *,
    charged: bool,
    cause: Cause,
) -> None:
    version = subscription.version
    ends_at = subscription.period_ends_at
    buckets = [
        {
            "bucket": bucket.name,
            "bucket_id": bucket.ref,
            "service": bucket.service,
            "unit": bucket.unit,
            "amount": bucket.granted,
        }
        for bucket in given
    ]
    events.record(
        account,
        "plan_subscription.started",
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=cause.now,
        payload={
            "account": account.public_id,
            **_name_version(version),
            "starts_at": subscription.starts_at.isoformat(),
            "period_ends_at": ends_at.isoformat() if ends_at else None,
            "charged": version.price if charged else 0,
            "buckets": buckets,
        },
    )
    _audit(account, "plan_subscription.started", cause, after=_name_version(version))


def _name_version(version: PlanVersion) -> dict[str, object]:
    return {"plan": version.plan.code, "plan_name": version.plan.name, "version": version.number}


def _audit(
    account: Account,
    action: str,
    cause: Cause,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        action,
        actor=cause.actor,
        subject_type="account",
        subject_id=account.public_id,
        now=cause.now,
        before=before,
        after=after,
        reason=cause.reason,
    )
