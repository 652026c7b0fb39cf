"""Cancelling, changing and resizing the plans an account holds.

Each act takes the account's lock (docs/locking.md) and writes everything in one transaction, by
the same rules as renewal (charging/renewal).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from charging.renewal import store, writing
from charging.renewal.changes import Changes
from charging.renewal.decisions import change_now, end
from charging.renewal.facts import Held
from charging.renewal.resizing import add_some
from charging.renewal.telling import iso, name_held, short
from charging.renewal.terms import terms_of, versions_by_key
from charging.services.rules import lock_living
from charging.services.subscriptions import (
    check_quantity,
    check_sellable,
    start_plan_subscription,
)
from plans.models import PlanVersion
from plans.overrides import Overrides, stored_overrides
from portal.tenancy.actor import Actor
from portal.tenancy.validation import Invalid
from subscribers import lifecycle
from subscribers.locking import lock_account
from subscribers.models import Account, PlanSubscription


class PlanSubscriptionOver(Exception):
    """It has ended already."""


class NothingScheduled(Exception):
    """There is no cancellation or change to take back."""


@transaction.atomic
def end_plan_subscription(
    *, subscription: PlanSubscription, reason: str = "", actor: Actor, now: datetime
) -> PlanSubscription:
    """End a plan subscription now: what is left of its buckets expires, rates no longer apply.

    Ending an ended one changes nothing.
    """
    account = lock_account(subscription.account_id)
    subscription.refresh_from_db()
    if not subscription.is_over:
        held = _read(subscription, account, now)
        changes = store.new_changes()
        end(held, changes, at=held.account.at, reason="cancelled", note=reason)
        writing.write(changes, actor=actor, now=now)
        subscription.refresh_from_db()
    return subscription


@transaction.atomic
def cancel_plan_subscription(
    *,
    subscription: PlanSubscription,
    at_period_end: bool,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """End it now, or when its period ends; nothing that was paid comes back.

    Raises PlanSubscriptionOver, AccountTerminated, and Invalid at `when` for one that has no
    period to end.
    """
    held, changes = _open(subscription, now)
    is_later = at_period_end and held.state == "active"
    if is_later and held.period_ends_at is None:
        raise Invalid.at("when", "It has no period that ends; cancel it now.")
    ends_at = held.period_ends_at if is_later else held.account.at
    told = {**name_held(held), "ends_at": iso(ends_at), "reason": reason}
    changes.tell(held.account, "plan_subscription.cancelled", told)
    changes.audit(
        held.account,
        "plan_subscription.cancelled",
        before=short(held),
        after={"ends_at": iso(ends_at)},
        reason=reason,
    )
    if is_later:
        held.scheduled, held.next_version_id, held.next_leftovers = "cancel", None, ""
        changes.held.append(held)
    else:
        end(held, changes, at=held.account.at, reason="cancelled", note=reason)
    return _write(subscription, changes, actor, now)


@transaction.atomic
def change_plan_subscription(
    *,
    subscription: PlanSubscription,
    version: PlanVersion,
    at_renewal: bool = False,
    leftovers: str = PlanSubscription.Leftovers.EXPIRE,
    charge_price: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """Move to another version now, or when the period ends.

    Now: the running one ends and the new one begins at the same instant; with `charge_price` its
    fees are taken; returns the new one. At renewal: its fees are taken then; returns the running
    one. `leftovers` says what happens to what is left. Raises NotPublished, CurrencyMismatch,
    NotEnoughMoney, PlanSubscriptionOver, AccountTerminated, and Invalid with the paths plan, when.
    """
    assert leftovers in PlanSubscription.Leftovers.values, leftovers
    held, changes = _open(subscription, now)
    account = Account.objects.get(pk=subscription.account_id)
    lifecycle.require(account, "buy")
    check_sellable(account, version)
    if version.is_add_on != held.terms.is_add_on:
        kind = "an add-on" if held.terms.is_add_on else "a base plan"
        raise Invalid.at("plan", f"{held.terms.plan_name} is {kind}: change it to another one.")
    if version.is_add_on:
        check_quantity(account, version, held.quantity, beside=subscription)
    if not at_renewal:
        own = held.overrides if version.plan_id == held.terms.plan_id else {}
        terms = terms_of(versions_by_key([version.pk])[version.pk], own)
        successor = change_now(held, changes, terms, leftovers=leftovers, charge=charge_price)
        writing.write(changes, actor=actor, now=now)
        return PlanSubscription.objects.select_related("version__plan").get(pk=successor.id)
    if held.period_ends_at is None:
        raise Invalid.at("when", "It has no period that ends; change it now.")
    held.scheduled, held.next_version_id, held.next_leftovers = "change", version.pk, leftovers
    changes.held.append(held)
    target = {"plan": version.plan.code, "version": version.number}
    told = {**name_held(held), "to": target, "at": iso(held.period_ends_at), "leftovers": leftovers}
    changes.tell(held.account, "plan_subscription.change_scheduled", told)
    changes.audit(
        held.account,
        "plan_subscription.change_scheduled",
        before=short(held),
        after={**target, "leftovers": str(leftovers)},
    )
    return _write(subscription, changes, actor, now)


@transaction.atomic
def undo_scheduled(
    *, subscription: PlanSubscription, actor: Actor, now: datetime
) -> PlanSubscription:
    """Take back a cancellation or change that waits for the period's end.

    Raises NothingScheduled, PlanSubscriptionOver, AccountTerminated.
    """
    held, changes = _open(subscription, now)
    if not held.scheduled and held.next_quantity is None:
        raise NothingScheduled
    was = held.scheduled or "quantity"
    held.scheduled, held.next_version_id, held.next_leftovers = "", None, ""
    held.next_quantity = None
    changes.held.append(held)
    changes.tell(
        held.account, "plan_subscription.schedule_undone", {**name_held(held), "scheduled": was}
    )
    changes.audit(
        held.account, "plan_subscription.schedule_undone", before={**short(held), "scheduled": was}
    )
    return _write(subscription, changes, actor, now)


@transaction.atomic
def change_quantity(
    *,
    subscription: PlanSubscription,
    quantity: int,
    charge_price: bool = True,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """Hold more of an add-on now, or fewer from the next period on.

    More: their fees are taken, in proportion to what is left of the period where the plan charges
    so, and their allowances go into the period's buckets. Raises Invalid at `quantity`,
    NotEnoughMoney, PlanSubscriptionOver, AccountTerminated.
    """
    held, changes = _open(subscription, now)
    if not held.terms.is_add_on:
        raise Invalid.at("quantity", "A base plan is held once.")
    account, version = Account.objects.get(pk=subscription.account_id), subscription.version
    check_quantity(account, version, quantity, beside=subscription)
    before = held.quantity
    charged = 0
    if quantity < held.quantity:
        if held.period_ends_at is None:
            raise Invalid.at("quantity", "It has no period that ends; cancel it instead.")
        held.next_quantity = quantity
    elif quantity > held.quantity:
        held.next_quantity = None
        charged = add_some(held, changes, quantity - held.quantity, charge=charge_price)
    else:
        held.next_quantity = None
    changes.held.append(held)
    from_at = held.period_ends_at if held.next_quantity else held.account.at
    told = {
        **name_held(held),
        "before": before,
        "quantity": quantity,
        "from": iso(from_at),
        "charged": charged,
        "currency": held.account.currency,
    }
    changes.tell(held.account, "plan_subscription.quantity_changed", told)
    changes.audit(
        held.account,
        "plan_subscription.quantity_changed",
        before={**short(held), "quantity": before},
        after={"quantity": quantity, "charged": charged},
    )
    return _write(subscription, changes, actor, now)


@transaction.atomic
def override_plan_subscription(
    *, subscription: PlanSubscription, overrides: Overrides, actor: Actor, now: datetime
) -> PlanSubscription:
    """Give it terms of its own, or none: the whole of them, which replaces what was there.

    Rates and marks count at once; amounts, lifetimes and the price from the next period on. The
    caller has checked them against the version (plans.overrides.validate_overrides). Raises
    PlanSubscriptionOver, AccountTerminated.
    """
    held, changes = _open(subscription, now)
    before = held.overrides
    held.overrides, held.overrides_hash = stored_overrides(overrides), overrides.digest
    changes.held.append(held)
    changes.tell(
        held.account,
        "plan_subscription.overrides_changed",
        {**name_held(held), "before": before, "overrides": held.overrides},
    )
    changes.audit(
        held.account,
        "plan_subscription.overrides_changed",
        before={**short(held), "overrides": before},
        after={"overrides": held.overrides},
    )
    return _write(subscription, changes, actor, now)


@transaction.atomic
def change_plan(
    *,
    account: Account,
    version: PlanVersion,
    charge_price: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """Move the account to this version now: its base plan changes, and add-ons stay. One without
    a base plan is subscribed, and an add-on is bought beside what there is.

    Raises what `start_plan_subscription` and `change_plan_subscription` do.
    """
    account = lock_living(account)
    running = PlanSubscription.objects.filter(account=account, ends_at=None)
    held = [each for each in running.select_related("version") if not each.version.is_add_on]
    if version.is_add_on or not held:
        return start_plan_subscription(
            account=account, version=version, charge_price=charge_price, actor=actor, now=now
        )
    return change_plan_subscription(
        subscription=held[0], version=version, charge_price=charge_price, actor=actor, now=now
    )


def _open(subscription: PlanSubscription, now: datetime) -> tuple[Held, Changes]:
    """Lock the account and read the subscription under it. Raises PlanSubscriptionOver."""
    account = lock_living(subscription.account)
    subscription.refresh_from_db()
    if subscription.is_over:
        raise PlanSubscriptionOver
    return _read(subscription, account, now), store.new_changes()


def _read(subscription: PlanSubscription, account: Account, now: datetime) -> Held:
    [held] = store.read(store.under_lock([subscription.pk], account.lock_id), now=now)
    return held


def _write(
    subscription: PlanSubscription, changes: Changes, actor: Actor, now: datetime
) -> PlanSubscription:
    writing.write(changes, actor=actor, now=now)
    return PlanSubscription.objects.select_related("version__plan").get(pk=subscription.pk)
