"""Putting right what was charged: moving amounts between balances, and giving charges back.

Each act takes the locks of the accounts it touches (docs/locking.md), writes through the ledger,
and records its events and audit entries in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from charging import ledger
from charging.ledger import AlreadyReversed, Cause, RequestKeyReused
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.services.rules import (
    AdjustmentTooLow,
    audit_amount,
    check_amount,
    check_limit,
    check_room,
    most_to_take,
    tell_moved,
    worded_reason,
)
from plans.models import Unit
from portal.tenancy.actor import Actor
from portal.tenancy.validation import Invalid
from subscribers.locking import lock_accounts
from subscribers.models import Account
from subscribers.services import AccountTerminated


class UnitsDiffer(Exception):
    """Amounts move between buckets of one unit and currency only."""


class NothingToReverse(Exception):
    """The entries used nothing, or all of it was given back before."""


@transaction.atomic
def transfer_amount(
    *,
    source: Bucket,
    target: Bucket,
    amount: int,
    reason: str,
    note: str = "",
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> LedgerEntry:
    """Move `amount` units or nano-units from one balance to another, also of another account.

    The entry of the one that gives; a repeated key gets the first. Raises Invalid with the paths
    amount, reason, note, target; UnitsDiffer, AdjustmentTooLow, AmountAboveLimit,
    AccountTerminated, RequestKeyReused.
    """
    accounts = _lock_living({source.account_id, target.account_id})
    giver, taker = accounts[source.account_id], accounts[target.account_id]
    check_amount(amount)
    cause = Cause(actor=actor, now=now, reason=worded_reason(reason, note), request_key=request_key)
    if earlier := _repeated_transfer(source, target, amount, cause):
        return earlier
    source.refresh_from_db()
    target.refresh_from_db()
    _check_pair(source, giver, target, taker)
    check_limit(source, amount, actor)
    check_room(target, amount)
    if amount > (most := most_to_take(giver, source)):
        raise AdjustmentTooLow(most)
    before = source.available, target.available
    cause = Cause(
        actor=actor,
        now=now,
        reason=cause.reason,
        request_key=request_key,
        details={"from": [giver.public_id, source.ref], "to": [taker.public_id, target.ref]},
    )
    taken, given = ledger.transfer(
        source=(giver, source), target=(taker, target), amount=amount, cause=cause
    )
    sides = ((giver, source, taken, taker), (taker, target, given, giver))
    for (account, bucket, entry, other), was in zip(sides, before, strict=True):
        tell_moved(account, bucket, "account.transferred", entry, other=other.public_id)
        audit_amount(account, bucket, "account.transferred", was, cause)
    return taken


@transaction.atomic
def reverse_entry(
    *,
    entry: LedgerEntry,
    amount: int | None = None,
    reason: str,
    note: str = "",
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> LedgerEntry:
    """Give back what one entry used, or `amount` of it: a charge, or a plan's price.

    Once per entry; what a session cost stays as it was charged. A repeated key gets the first
    reversal. Raises Invalid with the paths amount, reason, note; NothingToReverse,
    AlreadyReversed, AmountAboveLimit, AccountTerminated, RequestKeyReused.
    """
    accounts = _lock_living({entry.account_id})
    cause = Cause(actor=actor, now=now, reason=worded_reason(reason, note), request_key=request_key)
    if earlier := _repeated_reversal(entry, amount, cause):
        return earlier
    return _reverse_all(accounts, [entry], amount, cause)[0]


@transaction.atomic
def reverse_charge(
    *,
    session: ChargingSession,
    sequence_number: int | None = None,
    reason: str,
    note: str = "",
    request_key: str = "",
    actor: Actor,
    now: datetime,
) -> list[LedgerEntry]:
    """Give back all that a charging session used, or one of its requests (`sequence_number`),
    as far as it was not given back before: units and money alike.

    Raises what `reverse_entry` does.
    """
    payers = LedgerEntry.objects.filter(session=session).values_list("account_id", flat=True)
    accounts = _lock_living({session.account_id, *payers})
    cause = Cause(actor=actor, now=now, reason=worded_reason(reason, note), request_key=request_key)
    if request_key and (first := LedgerEntry.objects.filter(request_key=request_key).first()):
        if first.session_id != session.pk or first.kind != LedgerEntry.Kind.REVERSE:
            raise RequestKeyReused(request_key)
        return list(LedgerEntry.objects.filter(reference=first.reference).order_by("pk"))
    charged = LedgerEntry.objects.filter(
        session=session, used__gt=0, bucket__role=Bucket.Role.PAYS, reversals=None
    )
    if sequence_number is not None:
        charged = charged.filter(sequence_number=sequence_number)
    found = charged.select_related("bucket", "session").order_by("pk")
    return _reverse_all(accounts, list(found), None, cause)


def _reverse_all(
    accounts: dict[int, Account],
    entries: Sequence[LedgerEntry],
    amount: int | None,
    cause: Cause,
) -> list[LedgerEntry]:
    """Reverse entries of these locked accounts, the key with the first."""
    if not entries:
        raise NothingToReverse
    reference, made = uuid.uuid4(), []
    owed = {entry.pk: _to_give_back(entry, amount) for entry in entries}
    money = [entry for entry in entries if entry.bucket.unit == Unit.NANO_MONEY]
    if money:
        total = sum(owed[entry.pk] for entry in money)
        check_limit(money[0].bucket, total, cause.actor)
    for place, entry in enumerate(entries):
        given = owed[entry.pk]
        own = Cause(
            actor=cause.actor,
            now=cause.now,
            reason=cause.reason,
            request_key=cause.request_key if place == 0 else "",
            details={"entry": entry.ref, "used": entry.used, "given_back": given},
        )
        owner = accounts[entry.account_id]
        reversal = ledger.reverse(
            account=owner, entry=entry, amount=given, cause=own, reference=reference
        )
        before = reversal.available_after - given
        tell_moved(
            owner,
            entry.bucket,
            "account.reversed",
            reversal,
            amount=given,
            charged_by=entry.ref,
            session=entry.session.ref if entry.session else None,
        )
        audit_amount(owner, entry.bucket, "account.reversed", before, own)
        made.append(reversal)
    return made


def _to_give_back(entry: LedgerEntry, amount: int | None) -> int:
    """How much of the entry is given back. Raises NothingToReverse, AlreadyReversed, Invalid."""
    if entry.used <= 0 or entry.bucket.role != Bucket.Role.PAYS:
        raise NothingToReverse
    if LedgerEntry.objects.filter(reverses=entry).exists():
        raise AlreadyReversed
    if amount is None:
        return entry.used
    check_amount(amount)
    if amount > entry.used:
        raise Invalid.at("amount", "This is more than was charged.")
    return amount


def _lock_living(account_keys: set[int]) -> dict[int, Account]:
    accounts = lock_accounts(account_keys)
    if any(account.state == Account.State.TERMINATED for account in accounts.values()):
        raise AccountTerminated
    return accounts


def _check_pair(source: Bucket, giver: Account, target: Bucket, taker: Account) -> None:
    if source.pk == target.pk:
        raise Invalid.at("target", "Choose another balance than the one that gives.")
    both_pay = source.role == target.role == Bucket.Role.PAYS
    if not both_pay or (source.unit, giver.currency) != (target.unit, taker.currency):
        raise UnitsDiffer


def _repeated_transfer(
    source: Bucket, target: Bucket, amount: int, cause: Cause
) -> LedgerEntry | None:
    """The entry that an earlier request of this key made. Raises RequestKeyReused."""
    earlier = _by_key(cause)
    if earlier is None:
        return None
    asked = (source.pk, LedgerEntry.Kind.TRANSFER, -amount, cause.reason)
    made = (earlier.bucket_id, earlier.kind, earlier.available, earlier.reason)
    pair = LedgerEntry.objects.filter(reference=earlier.reference, bucket=target)
    if asked != made or not pair.exists():
        raise RequestKeyReused(cause.request_key)
    return earlier


def _repeated_reversal(entry: LedgerEntry, amount: int | None, cause: Cause) -> LedgerEntry | None:
    earlier = _by_key(cause)
    if earlier is None:
        return None
    asked = (entry.pk, entry.used if amount is None else amount, cause.reason)
    if asked != (earlier.reverses_id, -earlier.used, earlier.reason):
        raise RequestKeyReused(cause.request_key)
    return earlier


def _by_key(cause: Cause) -> LedgerEntry | None:
    if not cause.request_key:
        return None
    return LedgerEntry.objects.filter(request_key=cause.request_key).first()
