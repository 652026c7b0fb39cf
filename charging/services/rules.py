"""What every act on amounts by hand shares: its limits, its reasons, what it tells.

The acts themselves are in amounts.py and corrections.py.
"""

from __future__ import annotations

from typing import Final

from charging.ledger import Cause, RequestKeyReused
from charging.models import Bucket, LedgerEntry
from plans.models import Unit
from portal.formatting import money_text
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid
from subscribers import events
from subscribers.locking import lock_account
from subscribers.models import Account
from subscribers.services import AccountTerminated

MAX_AMOUNT: Final = 10**18
"""Nano-units or units that one top-up or adjustment may move, and that a bucket may have been
granted by them in all: what usage adds to that stays far inside BIGINT."""

MAX_NOTE: Final = 200

ADJUSTMENT_REASONS: Final[dict[str, str]] = {
    "goodwill": "Goodwill",
    "wrong-charge": "Wrong charge",
    "service-problem": "Service problem",
    "failed-top-up": "Top-up that failed or came twice",
    "request": "Asked for by the subscriber",
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


def lock_living(account: Account) -> Account:
    """The account, locked and read afresh. Raises AccountTerminated."""
    locked = lock_account(account.pk)
    if locked.state == Account.State.TERMINATED:
        raise AccountTerminated
    return locked


def repeated(
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


def check_amount(amount: int, *, signed: bool = False) -> None:
    if amount == 0 or (amount < 0 and not signed):
        raise Invalid.at(
            "amount", "Enter an amount other than 0." if signed else "Enter an amount above 0."
        )
    if abs(amount) > MAX_AMOUNT:
        raise Invalid.at("amount", "This is more than one change may move.")


def check_room(bucket: Bucket, amount: int) -> None:
    if amount > 0 and bucket.granted + amount > MAX_AMOUNT:
        raise Invalid.at("amount", "This is more than one balance may hold.")


def check_limit(bucket: Bucket, amount: int, actor: Actor) -> None:
    """People who do not manage the tenant move money up to the tenant's limit only."""
    if bucket.unit != Unit.NANO_MONEY or actor.kind != "user" or actor.may("tenant.manage"):
        return
    limit = current_tenant().support_adjust_limit
    if abs(amount) > limit:
        raise AmountAboveLimit(limit)


def most_to_take(account: Account, bucket: Bucket) -> int:
    """What is available, credit included, and was ever granted."""
    credit = account.credit_limit if bucket.unit == Unit.NANO_MONEY else 0
    return max(0, min(bucket.available + credit, bucket.granted))


def worded_reason(reason: str, note: str) -> str:
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


def tell_moved(
    account: Account,
    bucket: Bucket,
    event_type: str,
    entry: LedgerEntry,
    *,
    amount: int | None = None,
    **more: object,
) -> None:
    """Record the event of an entry; `amount` is what moved, the change of what was granted unless
    given."""
    moved = entry.granted if amount is None else amount
    told: dict[str, object] = {"amount": moved, "available": bucket.available}
    if bucket.unit == Unit.NANO_MONEY:
        told = {
            "amount": money_text(moved, account.currency),
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
            "bucket_id": bucket.ref,
            "service": bucket.service,
            "unit": bucket.unit,
            **told,
            **more,
            "reason": entry.reason,
        },
    )


def written(amount: int, account: Account, bucket: Bucket) -> str:
    """An exact amount with its unit: "10.00 EUR", "1024 octets"."""
    if bucket.unit == Unit.NANO_MONEY:
        return f"{money_text(amount, account.currency)} {account.currency}"
    return f"{amount} {bucket.unit.lower()}"


def audit_amount(account: Account, bucket: Bucket, action: str, before: int, cause: Cause) -> None:
    audit.record(
        action,
        actor=cause.actor,
        subject_type="account",
        subject_id=account.public_id,
        now=cause.now,
        before={bucket.name: written(before, account, bucket)},
        after={bucket.name: written(bucket.available, account, bucket)},
        reason=cause.reason,
    )
