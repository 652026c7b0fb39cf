"""Adding to balances and correcting them by hand, with a reason and a name behind it.

Each act takes the account's lock (docs/locking.md), writes through the ledger, and records its
event and audit entry in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from charging import ledger
from charging.ledger import Cause, RequestKeyReused
from charging.models import Bucket, LedgerEntry
from charging.renewal.sweep import retry_after_top_up
from charging.services.rules import (
    AdjustmentTooLow,
    audit_amount,
    check_amount,
    check_limit,
    check_room,
    lock_living,
    most_to_take,
    repeated,
    tell_moved,
    worded_reason,
)
from plans.models import UNIT_OF_SERVICE, Service, Unit
from portal.tenancy.actor import SYSTEM, Actor
from subscribers import lifecycle
from subscribers.clock import account_time
from subscribers.models import Account

MAIN_BALANCE: Final = "Main balance"


def money_bucket(account: Account, *, now: datetime) -> Bucket:
    """The account's main balance, made when first needed; call it under the lock."""
    found = Bucket.objects.filter(
        account=account,
        service=Service.MONEY,
        role=Bucket.Role.PAYS,
        plan_subscription=None,
        expires_at=None,
    )
    return found.order_by("pk").first() or ledger.open_bucket(
        account=account,
        amount=0,
        cause=Cause(actor=SYSTEM, now=now),
        name=MAIN_BALANCE,
        service=Service.MONEY,
        unit=Unit.NANO_MONEY,
        valid_from=account_time(account, now),
    )


@transaction.atomic
def top_up_money(
    *,
    account: Account,
    amount: int,
    reason: str,
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> LedgerEntry:
    """Add `amount` nano-units to the main balance; a repeated key gets the first entry.

    Plans of the account that wait for money try again at once, in the same transaction.
    Raises Invalid at `amount`, AmountAboveLimit, AccountTerminated, StateForbids, and
    RequestKeyReused when the key stands for something else.
    """
    account = lock_living(account)
    check_amount(amount)
    bucket = money_bucket(account, now=now)
    cause = Cause(actor=actor, now=now, reason=reason, request_key=request_key)
    if earlier := repeated(account, bucket.service, LedgerEntry.Kind.ISSUE, amount, cause):
        return earlier
    entry = _top_up(account, bucket, amount, cause)
    retry_after_top_up(account, now=now)
    return entry


@transaction.atomic
def top_up_units(
    *,
    account: Account,
    service: str,
    amount: int,
    reason: str,
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> LedgerEntry:
    """Add `amount` octets, seconds or events of a service; a repeated key gets the first entry.

    They go to the plan's own bucket of the service where one is valid, so that its thresholds
    count them in (percent of what was granted in the period, top-ups included); else to a bucket
    of their own that never expires. Raises what `top_up_money` does.
    """
    assert service in (Service.VOICE, Service.SMS, Service.DATA), service
    account = lock_living(account)
    check_amount(amount)
    cause = Cause(actor=actor, now=now, reason=reason, request_key=request_key)
    if earlier := repeated(account, service, LedgerEntry.Kind.ISSUE, amount, cause):
        return earlier
    return _top_up(account, _bucket_for_units(account, service, now=now), amount, cause)


@transaction.atomic
def adjust_bucket(
    *,
    bucket: Bucket,
    delta: int,
    reason: str,
    note: str = "",
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> LedgerEntry:
    """Correct a balance by `delta` units or nano-units, upwards or downwards.

    `reason` is a key of ADJUSTMENT_REASONS; "other" needs a note. Raises Invalid with the paths
    amount, reason, note; AdjustmentTooLow, AmountAboveLimit, AccountTerminated, RequestKeyReused.
    """
    account = lock_living(bucket.account)
    check_amount(delta, signed=True)
    cause = Cause(actor=actor, now=now, reason=worded_reason(reason, note), request_key=request_key)
    earlier = repeated(account, bucket.service, LedgerEntry.Kind.ADJUST, delta, cause)
    if earlier is not None:
        if earlier.bucket_id != bucket.pk:
            raise RequestKeyReused(request_key)
        return earlier
    bucket.refresh_from_db()
    check_limit(bucket, delta, actor)
    check_room(bucket, delta)
    if delta < 0 and -delta > (most := most_to_take(account, bucket)):
        raise AdjustmentTooLow(most)
    before = bucket.available
    entry = ledger.adjust(account=account, bucket=bucket, delta=delta, cause=cause)
    tell_moved(account, bucket, "account.adjusted", entry)
    audit_amount(account, bucket, "account.adjusted", before, cause)
    return entry


def _top_up(account: Account, bucket: Bucket, amount: int, cause: Cause) -> LedgerEntry:
    lifecycle.require(account, "top up")
    check_limit(bucket, amount, cause.actor)
    check_room(bucket, amount)
    before = bucket.available
    entry = ledger.issue(account=account, bucket=bucket, amount=amount, cause=cause)
    tell_moved(account, bucket, "account.topped_up", entry)
    audit_amount(account, bucket, "account.topped_up", before, cause)
    lifecycle.fire(account, lifecycle.Cause.TOP_UP, now=cause.now, actor=cause.actor)
    return entry


def _bucket_for_units(account: Account, service: str, *, now: datetime) -> Bucket:
    """Where topped-up units go: the plan's own bucket for all of the service, or a manual one."""
    at = account_time(account, now)
    usable = Bucket.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        account=account,
        service=service,
        role=Bucket.Role.PAYS,
        rating_groups=[],
        valid_from__lte=at,
    )
    of_plan = usable.filter(plan_subscription__isnull=False)
    found = (
        of_plan.order_by("-weight", F("expires_at").asc(nulls_last=True), "pk").first()
        or usable.filter(plan_subscription=None).order_by("pk").first()
    )
    return found or ledger.open_bucket(
        account=account,
        amount=0,
        cause=Cause(actor=SYSTEM, now=now),
        name=f"{Service(service).label} top-up",
        service=service,
        unit=UNIT_OF_SERVICE[Service(service)],
        valid_from=at,
    )
