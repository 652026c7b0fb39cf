"""What is shared of balances, and how much of it a child or member may take in a cycle.

A cap is a counter of the one who takes: it counts what is drawn from others' buckets of its service
and ends with the cycle, when the expiry sweep opens the next one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from charging import ledger
from charging.engine.lifetimes import months_later
from charging.ledger import Cause
from charging.models import Bucket
from charging.services.holds import return_lost_holds
from charging.services.rules import check_amount, lock_living, written
from plans.models import UNIT_OF_SERVICE, Service
from portal.tenancy import audit
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.validation import Invalid
from subscribers import sharing
from subscribers.clock import account_time
from subscribers.models import Account, PlanSubscription, SharedGroup

_OF_SCOPE: Final = {
    Bucket.Caps.PARENT: "Taken from the parent",
    Bucket.Caps.GROUP: "Taken from the group",
}


@transaction.atomic
def set_parent(*, account: Account, parent: Account | None, actor: Actor, now: datetime) -> Account:
    """Put an account below another, or on its own again; its caps on the former parent end.

    Raises what `subscribers.sharing.set_parent` does.
    """
    account, has_changed = sharing.change_parent(
        account=account, parent=parent, actor=actor, now=now
    )
    if has_changed:
        cause = Cause(actor=actor, now=now, reason="Below another parent")
        return_lost_holds(account, cause=cause)
        _end_caps(account, Bucket.Caps.PARENT, actor, now)
    return account


@transaction.atomic
def leave_group(*, account: Account, actor: Actor, now: datetime) -> Account:
    """Take an account out of its group; its caps there end. Raises Invalid at `account`."""
    account = sharing.leave_group(account=account, actor=actor, now=now)
    cause = Cause(actor=actor, now=now, reason="No longer in the group")
    return_lost_holds(account, cause=cause)
    _end_caps(account, Bucket.Caps.GROUP, actor, now)
    return account


def delete_group(*, group: SharedGroup, actor: Actor, now: datetime) -> None:
    """Take all members out, the owner last."""
    others = group.members.exclude(pk=group.owner_id).order_by("pk")
    with transaction.atomic():
        for member in [*others, group.owner]:
            leave_group(account=member, actor=actor, now=now)


@transaction.atomic
def set_cap(
    *,
    account: Account,
    scope: str,
    service: str,
    amount: int | None,
    actor: Actor,
    now: datetime,
) -> Bucket | None:
    """Let an account take at most `amount` of others' buckets of a service in a cycle; None ends
    the cap.

    What was taken in the running cycle counts. Raises Invalid at `amount`, `scope`;
    AccountTerminated.
    """
    assert scope in _OF_SCOPE, scope
    account = lock_living(account)
    shares = account.parent_id if scope == Bucket.Caps.PARENT else account.shared_group_id
    if shares is None:
        raise Invalid.at("scope", f"The account has no {scope}.")
    running = caps_of(account).filter(caps=scope, service=service).first()
    if amount is None:
        if running is not None:
            _end_cap(account, running, actor, now)
        return None
    check_amount(amount)
    cause = Cause(actor=actor, now=now, reason="Cap")
    before = running.granted if running else None
    if running is None:
        running = _open_cap(account, scope, service, amount, cause)
    elif amount != running.granted:
        delta = amount - running.granted
        ledger.adjust(account=account, bucket=running, delta=delta, cause=cause)
    if amount != before:
        _audit_cap(account, running, before, amount, actor, now)
    return running


def renew_cap(ended: Bucket, *, now: datetime) -> Bucket | None:
    """The next cycle's counter of a cap whose cycle has ended; None when nothing is shared with
    the account any more. Call it under the account's lock."""
    account = ended.account
    shares = account.parent_id if ended.caps == Bucket.Caps.PARENT else account.shared_group_id
    if shares is None or caps_of(account).filter(
        caps=ended.caps, service=ended.service, expires_at__gt=account_time(account, now)
    ):
        return None
    cause = Cause(actor=SYSTEM, now=now, reason="Cap of the next cycle")
    return _open_cap(account, ended.caps, ended.service, ended.granted, cause)


def caps_of(account: Account) -> QuerySet[Bucket]:
    """The counters that cap the account, the running ones first of each service."""
    counters = Bucket.objects.filter(account=account, role=Bucket.Role.COUNTS)
    return counters.exclude(caps="").order_by("service", "-valid_from", "-pk")


@transaction.atomic
def change_bucket(
    *,
    bucket: Bucket,
    is_shared: bool | None = None,
    is_disabled: bool | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> Bucket:
    """Share a balance with children and group or keep it, block it or let it pay again.

    Raises AccountTerminated, and Invalid at `bucket` for a counter.
    """
    account = lock_living(bucket.account)
    bucket.refresh_from_db()
    if bucket.role != Bucket.Role.PAYS:
        raise Invalid.at("bucket", "A counter is no balance.")
    asked = {"is_shared": is_shared, "is_disabled": is_disabled}
    changes = {
        name: value
        for name, value in asked.items()
        if value is not None and value != getattr(bucket, name)
    }
    if not changes:
        return bucket
    for name, value in changes.items():
        setattr(bucket, name, value)
    bucket.save(update_fields=list(changes))
    if changes.get("is_shared") is False and bucket.reserved:
        cause = Cause(actor=actor, now=now, reason="No longer shared")
        return_lost_holds(account, cause=cause)
        bucket.refresh_from_db()
    audit.record(
        "bucket.changed",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        before={f"{bucket.name} {name[3:]}": not value for name, value in changes.items()},
        after={f"{bucket.name} {name[3:]}": value for name, value in changes.items()},
        reason=reason,
    )
    return bucket


def _open_cap(account: Account, scope: str, service: str, amount: int, cause: Cause) -> Bucket:
    at = account_time(account, cause.now)
    return ledger.open_bucket(
        account=account,
        amount=amount,
        cause=cause,
        name=f"{_OF_SCOPE[Bucket.Caps(scope)]}: {Service(service).label.lower()}",
        service=service,
        unit=UNIT_OF_SERVICE[Service(service)],
        role=Bucket.Role.COUNTS,
        caps=scope,
        valid_from=at,
        expires_at=_cycle_end(account, scope, at),
    )


def _cycle_end(account: Account, scope: str, at: datetime) -> datetime:
    """When the plans that share with the account renew next, the earliest of them; a month from
    now where none renews."""
    givers = (
        Q(account=account.parent_id)
        if scope == Bucket.Caps.PARENT
        else Q(account__shared_group=account.shared_group_id) & ~Q(account=account.pk)
    )
    sharing_plans = PlanSubscription.objects.filter(
        givers, buckets__is_shared=True, period_ends_at__gt=at
    )
    found = sharing_plans.order_by("period_ends_at").values_list("period_ends_at", flat=True)
    return found.first() or months_later(at, 1, zone=account.zone)


def _end_caps(account: Account, scope: str, actor: Actor, now: datetime) -> None:
    for counter in caps_of(account).filter(caps=scope, is_swept=False):
        _end_cap(account, counter, actor, now)


def _end_cap(account: Account, counter: Bucket, actor: Actor, now: datetime) -> None:
    """It goes on as a counter that caps nothing, until now."""
    counter.caps, counter.is_swept = Bucket.Caps.NOTHING, True
    counter.expires_at = max(account_time(account, now), counter.valid_from)
    counter.save(update_fields=["caps", "is_swept", "expires_at"])
    _audit_cap(account, counter, counter.granted, None, actor, now)


def _audit_cap(
    account: Account,
    counter: Bucket,
    before: int | None,
    after: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    def told(amount: int | None) -> dict[str, str]:
        return {} if amount is None else {counter.name: written(amount, account, counter)}

    audit.record(
        "account.cap_changed",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        before=told(before),
        after=told(after),
    )
