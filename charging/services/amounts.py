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
from plans.models import UNIT_OF_SERVICE, Service, Unit
from portal.formatting import money_text
from portal.tenancy import audit
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid
from subscribers import events
from subscribers.clock import account_time
from subscribers.locking import lock_account
from subscribers.models import Account
from subscribers.services import AccountTerminated

MAIN_BALANCE: Final = "Main balance"

MAX_AMOUNT: Final = 10**18
"""Nano-units or units that one top-up or adjustment may move, and that a bucket may have been
granted by them in all: what usage adds to that stays far inside BIGINT."""

MAX_NOTE: Final = 200

ADJUSTMENT_REASONS: Final[dict[str, str]] = {
    "goodwill": "Goodwill",
    "wrong-charge": "Wrong charge",
    "service-problem": "Service problem",
    "failed-top-up": "Top-up that failed or came twice",
    "migration": "Migration from another system",
    "test": "Test",
    "other": "Other (say what in the note)",
}


class AdjustmentTooLow(Exception):
    """The adjustment would take more than is available; reserved units stay with their sessions.

    `available` is what may be taken at most, units or nano-units.
    """

    def __init__(self, available: int) -> None:
        super().__init__(f"At most {available} may be taken.")
        self.available = available


class AmountAboveLimit(Exception):
    """More money than this person may move at once; `limit` in nano-units."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} nano-units at once.")
        self.limit = limit


def money_bucket(account: Account, *, now: datetime) -> Bucket:
    """The account's main balance, made when first needed; call it under the lock."""
    found = Bucket.objects.filter(
        account=account, service=Service.MONEY, plan_subscription=None, expires_at=None
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

    Raises Invalid at `amount`, AmountAboveLimit, AccountTerminated, and RequestKeyReused when the
    key stands for something else.
    """
    account = lock_living(account)
    _check_amount(amount)
    bucket = money_bucket(account, now=now)
    cause = Cause(actor=actor, now=now, reason=reason, request_key=request_key)
    return _repeated(account, bucket.service, LedgerEntry.Kind.ISSUE, amount, cause) or _top_up(
        account, bucket, amount, cause
    )


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
    _check_amount(amount)
    cause = Cause(actor=actor, now=now, reason=reason, request_key=request_key)
    if earlier := _repeated(account, service, LedgerEntry.Kind.ISSUE, amount, cause):
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
    _check_amount(delta, signed=True)
    cause = Cause(
        actor=actor, now=now, reason=_worded_reason(reason, note), request_key=request_key
    )
    earlier = _repeated(account, bucket.service, LedgerEntry.Kind.ADJUST, delta, cause)
    if earlier is not None:
        if earlier.bucket_id != bucket.pk:
            raise RequestKeyReused(request_key)
        return earlier
    bucket.refresh_from_db()
    _check_limit(account, bucket, delta, actor)
    _check_room(bucket, delta)
    if delta < 0 and -delta > (most := _most_to_take(account, bucket)):
        raise AdjustmentTooLow(most)
    before = bucket.available
    entry = ledger.adjust(account=account, bucket=bucket, delta=delta, cause=cause)
    _tell_moved(account, bucket, "account.adjusted", entry)
    _audit_amount(account, bucket, "account.adjusted", before, cause)
    return entry


def _top_up(account: Account, bucket: Bucket, amount: int, cause: Cause) -> LedgerEntry:
    _check_limit(account, bucket, amount, cause.actor)
    _check_room(bucket, amount)
    before = bucket.available
    entry = ledger.issue(account=account, bucket=bucket, amount=amount, cause=cause)
    _tell_moved(account, bucket, "account.topped_up", entry)
    _audit_amount(account, bucket, "account.topped_up", before, cause)
    return entry


def _bucket_for_units(account: Account, service: str, *, now: datetime) -> Bucket:
    """Where topped-up units go: the plan's own bucket for all of the service, or a manual one."""
    at = account_time(account, now)
    usable = Bucket.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        account=account,
        service=service,
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


def lock_living(account: Account) -> Account:
    """The account, locked and read afresh. Raises AccountTerminated."""
    locked = lock_account(account.pk)
    if locked.state == Account.State.TERMINATED:
        raise AccountTerminated
    return locked


def _repeated(
    account: Account, service: str, kind: LedgerEntry.Kind, amount: int, cause: Cause
) -> LedgerEntry | None:
    """The entry an earlier request of this key made. Raises RequestKeyReused for another one."""
    if not cause.request_key:
        return None
    earlier = (
        LedgerEntry.objects.select_related("bucket").filter(request_key=cause.request_key).first()
    )
    if earlier is None:
        return None
    asked = (account.pk, service, kind, amount, cause.reason)
    made = (
        earlier.account_id,
        earlier.bucket.service,
        earlier.kind,
        earlier.granted,
        earlier.reason,
    )
    if asked != made:
        raise RequestKeyReused(cause.request_key)
    return earlier


def _check_amount(amount: int, *, signed: bool = False) -> None:
    if amount == 0 or (amount < 0 and not signed):
        raise Invalid.at(
            "amount", "Enter an amount other than 0." if signed else "Enter an amount above 0."
        )
    if abs(amount) > MAX_AMOUNT:
        raise Invalid.at("amount", "This is more than one change may move.")


def _check_room(bucket: Bucket, amount: int) -> None:
    if amount > 0 and bucket.granted + amount > MAX_AMOUNT:
        raise Invalid.at("amount", "This is more than one balance may hold.")


def _check_limit(account: Account, bucket: Bucket, amount: int, actor: Actor) -> None:
    """People who do not manage the tenant move money up to the tenant's limit only."""
    if bucket.unit != Unit.NANO_MONEY or actor.kind != "user" or actor.may("tenant.manage"):
        return
    limit = current_tenant().support_adjust_limit
    if abs(amount) > limit:
        raise AmountAboveLimit(limit)


def _most_to_take(account: Account, bucket: Bucket) -> int:
    """What is available, credit included, and was ever granted."""
    credit = account.credit_limit if bucket.unit == Unit.NANO_MONEY else 0
    return max(0, min(bucket.available + credit, bucket.granted))


def _worded_reason(reason: str, note: str) -> str:
    errors, note = [], note.strip()
    if reason not in ADJUSTMENT_REASONS:
        errors.append(FieldError("reason", "Choose a reason."))
    if reason == "other" and not note:
        errors.append(FieldError("note", "Say what the reason is."))
    if len(note) > MAX_NOTE:
        errors.append(FieldError("note", f"At most {MAX_NOTE} characters."))
    if errors:
        raise Invalid(errors)
    if reason == "other":
        return note
    label = ADJUSTMENT_REASONS[reason]
    return f"{label}: {note}" if note else label


def _tell_moved(account: Account, bucket: Bucket, event_type: str, entry: LedgerEntry) -> None:
    amount: dict[str, object] = {"amount": entry.granted, "available": bucket.available}
    if bucket.unit == Unit.NANO_MONEY:
        amount = {
            "amount": money_text(entry.granted, account.currency),
            "available": money_text(bucket.available, account.currency),
            "currency": account.currency,
        }
    events.record(
        account,
        event_type,
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=entry.at,
        payload={
            "account": account.public_id,
            "bucket": bucket.name,
            "bucket_id": bucket.pk,
            "service": bucket.service,
            "unit": bucket.unit,
            **amount,
            "reason": entry.reason,
        },
    )


def _written(amount: int, account: Account, bucket: Bucket) -> str:
    """An exact amount with its unit: "10.00 EUR", "1024 octets"."""
    if bucket.unit == Unit.NANO_MONEY:
        return f"{money_text(amount, account.currency)} {account.currency}"
    return f"{amount} {bucket.unit.lower()}"


def _audit_amount(account: Account, bucket: Bucket, action: str, before: int, cause: Cause) -> None:
    audit.record(
        action,
        actor=cause.actor,
        subject_type="account",
        subject_id=account.public_id,
        now=cause.now,
        before={bucket.name: _written(before, account, bucket)},
        after={bucket.name: _written(bucket.available, account, bucket)},
        reason=cause.reason,
    )
