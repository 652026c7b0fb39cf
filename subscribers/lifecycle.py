"""The states of an account's life: what each may do, and what leads from one to another.

An operator that says nothing has the usual life: new accounts are active, suspended ones get no
quota, terminated ones take no changes. What it says replaces all of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from plans.models import Service
from portal.tenancy import audit
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid
from subscribers import events
from subscribers.clock import account_time
from subscribers.models import Account, StateRule, StateTransition

State = Account.State
Cause = StateTransition.Cause
METERED: Final = (Service.DATA, Service.VOICE, Service.SMS)
DAYS_MAX: Final = 3_650
BATCH: Final = 200


class StateForbids(Exception):
    """An account of this state may not do that; `act` says what, `state` which."""

    def __init__(self, act: str, state: str) -> None:
        super().__init__(f"An account that is {State(state).label.lower()} may not {act}.")
        self.act = act
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What accounts of one state may do."""

    services: frozenset[str] | None = None
    """Services they get quota for; None: all."""
    may_top_up: bool = True
    may_buy: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From `state` to `to`, when `cause` happens or, for TIME, after so many days."""

    state: str
    cause: str
    to: str
    after_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """An operator's states."""

    initial: str = State.ACTIVE
    rules: dict[str, Rule] = field(default_factory=dict)
    """Of every state."""
    transitions: tuple[Transition, ...] = ()

    def after(self, state: str, cause: str) -> str | None:
        """The state that `cause` leads to; None when it leads nowhere."""
        found = (one for one in self.transitions if (one.state, one.cause) == (state, cause))
        return next((one.to for one in found), None)


USUAL: Final = Lifecycle(
    rules={
        State.PRE_ACTIVE: Rule(),
        State.ACTIVE: Rule(),
        State.GRACE: Rule(),
        State.SUSPENDED: Rule(services=frozenset()),
        State.TERMINATED: Rule(services=frozenset(), may_top_up=False, may_buy=False),
    },
    transitions=(
        Transition(state=State.PRE_ACTIVE, cause=Cause.FIRST_USE, to=State.ACTIVE),
        Transition(state=State.ACTIVE, cause=Cause.THRESHOLD, to=State.SUSPENDED),
        Transition(state=State.ACTIVE, cause=Cause.RENEWAL_FAILED, to=State.GRACE),
        Transition(state=State.GRACE, cause=Cause.RENEWED, to=State.ACTIVE),
    ),
)
"""Where an operator says nothing."""

_INITIAL: Final = (State.PRE_ACTIVE, State.ACTIVE)


def lifecycle_of(tenant: Tenant) -> Lifecycle:
    """The tenant's states; callers that keep it go by `tenant.settings_revision`."""
    rules = list(StateRule.objects.filter(tenant=tenant))
    if not rules:
        return USUAL
    transitions = StateTransition.objects.filter(tenant=tenant).order_by("pk")
    return Lifecycle(
        initial=next((rule.state for rule in rules if rule.is_initial), State.ACTIVE),
        rules=USUAL.rules | {rule.state: _rule(rule) for rule in rules},
        transitions=tuple(
            Transition(state=row.state, cause=row.cause, to=row.to, after_days=row.after_days)
            for row in transitions
        ),
    )


@transaction.atomic
def change_lifecycle(*, lifecycle: Lifecycle, actor: Actor, now: datetime) -> Lifecycle:
    """Replace the operator's states. Raises Invalid with the paths initial, states.…,
    transitions.<place>.…"""
    _check(lifecycle)
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)
    before = lifecycle_of(tenant)
    if lifecycle == before:
        return before
    StateTransition.objects.all().delete()
    StateRule.objects.all().delete()
    StateRule.objects.bulk_create(
        StateRule(
            state=state,
            services=None if rule.services is None else sorted(rule.services),
            may_top_up=rule.may_top_up,
            may_buy=rule.may_buy,
            is_initial=state == lifecycle.initial,
        )
        for state, rule in lifecycle.rules.items()
    )
    StateTransition.objects.bulk_create(
        StateTransition(state=one.state, cause=one.cause, to=one.to, after_days=one.after_days)
        for one in lifecycle.transitions
    )
    Tenant.objects.filter(pk=tenant.pk).update(settings_revision=F("settings_revision") + 1)
    audit.record(
        "lifecycle.changed",
        actor=actor,
        subject_type="tenant",
        subject_id=tenant.slug,
        now=now,
        before=_recorded(before),
        after=_recorded(lifecycle),
    )
    return lifecycle_of(tenant)


def require(account: Account, act: str) -> None:
    """Raises StateForbids unless accounts of this state may `act`: top up, buy."""
    rule = lifecycle_of(account.tenant).rules[account.state]
    if not (rule.may_top_up if act == "top up" else rule.may_buy):
        raise StateForbids(act, account.state)


def fire(account: Account, cause: str, *, now: datetime, actor: Actor = SYSTEM) -> Account:
    """Take the account to where `cause` leads from its state, if anywhere; the caller holds its
    lock."""
    to = lifecycle_of(account.tenant).after(account.state, cause)
    if to is not None:
        move(account, to, reason=Cause(cause).label, actor=actor, now=now)
    return account


def suspend(account: Account, reason: str, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Take the account to where a threshold that suspends leads; the caller holds its lock."""
    found = lifecycle_of(account.tenant).after(account.state, Cause.THRESHOLD)
    move(account, found or State.SUSPENDED, reason=reason, actor=actor, now=now)


def move(account: Account, to: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Change the state, tell it and write it down; the caller holds the account's lock."""
    before, account.state = account.state, to
    account.state_changed_at = now
    account.save(update_fields=["state", "state_changed_at"])
    events.record(
        account,
        "account.state_changed",
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=now,
        payload=state_payload(account.public_id, before, to, reason),
    )
    audit.record(
        "account.state_changed",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        before={"state": before},
        after={"state": to},
        reason=reason,
    )


def state_payload(public_id: str, before: str, after: str, reason: str) -> dict[str, Any]:
    """What `account.state_changed` tells."""
    return {"account": public_id, "before": before, "after": after, "reason": reason}


def move_overdue(*, now: datetime, limit: int = BATCH) -> int:
    """Take one batch of accounts of the open scope's tenant out of states they have been in for
    too long; how many. Busy accounts are passed over (docs/locking.md)."""
    lifecycle = lifecycle_of(current_tenant())
    by_time = [one for one in lifecycle.transitions if one.cause == Cause.TIME]
    return sum(_move_overdue(one, now, limit) for one in by_time)


def _move_overdue(transition: Transition, now: datetime, limit: int) -> int:
    assert transition.after_days
    stay = timedelta(days=transition.after_days)
    overdue = Account.objects.filter(state=transition.state)
    # A test clock only runs ahead, so what is due by it is found by a look ahead of the longest.
    ahead = overdue.exclude(clock_offset=0).order_by("-clock_offset")
    offset = ahead.values_list("clock_offset", flat=True).first() or 0
    due = overdue.filter(state_changed_at__lte=now + timedelta(seconds=max(offset, 0)) - stay)
    with transaction.atomic():
        found = list(due.order_by("state_changed_at", "pk").values_list("pk", "lock_id")[:limit])
        rows = Account.objects.select_for_update(no_key=True, skip_locked=True).only("pk")
        wanted = {lock_id for _, lock_id in found}
        locked = {row.pk for row in rows.filter(pk__in=wanted).order_by("pk")}
        moved = 0
        fresh = due.filter(pk__in=[key for key, _ in found], lock_id__in=locked)
        for account in fresh.select_related("tenant").order_by("pk"):
            if account.state_changed_at + stay <= account_time(account, now):
                reason = f"{transition.after_days} days {State(transition.state).label.lower()}"
                move(account, transition.to, reason=reason, actor=SYSTEM, now=now)
                moved += 1
        return moved


def _rule(row: StateRule) -> Rule:
    return Rule(
        services=None if row.services is None else frozenset(row.services),
        may_top_up=row.may_top_up,
        may_buy=row.may_buy,
    )


def _check(lifecycle: Lifecycle) -> None:
    errors = [*_rule_errors(lifecycle), *_transition_errors(lifecycle.transitions)]
    if errors:
        raise Invalid(errors)


def _rule_errors(lifecycle: Lifecycle) -> Iterable[FieldError]:
    if lifecycle.initial not in _INITIAL:
        yield FieldError("initial", "New accounts begin pre-active or active.")
    for state in State.values:
        if state not in lifecycle.rules:
            yield FieldError(f"states.{state}", "Say what this state may do.")
    for state, rule in lifecycle.rules.items():
        if state not in State.values:
            yield FieldError(f"states.{state}", "There is no such state.")
        if rule.services and rule.services - set(METERED):
            yield FieldError(f"states.{state}.services", "There is no such service.")
    if lifecycle.rules.get(State.TERMINATED) != USUAL.rules[State.TERMINATED]:
        yield FieldError("states.terminated", "A terminated account may do nothing.")


def _transition_errors(transitions: Sequence[Transition]) -> Iterable[FieldError]:
    seen = set()
    for place, one in enumerate(transitions):
        at = f"transitions.{place}"
        if one.state not in State.values or one.to not in State.values:
            yield FieldError(f"{at}.to", "There is no such state.")
        elif one.state == one.to:
            yield FieldError(f"{at}.to", "It leads to where it comes from.")
        if one.state == State.TERMINATED:
            yield FieldError(f"{at}.state", "Nothing leads out of the end.")
        if one.cause not in Cause.values:
            yield FieldError(f"{at}.cause", "There is no such cause.")
        is_time = one.cause == Cause.TIME
        if is_time and not 1 <= (one.after_days or 0) <= DAYS_MAX:
            yield FieldError(f"{at}.after_days", f"Say after how many days, up to {DAYS_MAX}.")
        if not is_time and one.after_days is not None:
            yield FieldError(f"{at}.after_days", "Days go with the cause “time”.")
        if (one.state, one.cause) in seen:
            yield FieldError(f"{at}.cause", "Another transition has this cause already.")
        seen.add((one.state, one.cause))


def _recorded(lifecycle: Lifecycle) -> dict[str, Any]:
    """As the audit trail keeps it."""
    told: dict[str, Any] = {"initial": str(lifecycle.initial)}
    for state, rule in lifecycle.rules.items():
        services = "all services" if rule.services is None else ", ".join(sorted(rule.services))
        acts = [services or "no service"]
        acts += ["top up"] if rule.may_top_up else []
        acts += ["buy"] if rule.may_buy else []
        told[str(state)] = ", ".join(acts)
    told["transitions"] = [
        f"{one.state} → {one.to} on {one.cause}"
        + (f" after {one.after_days} days" if one.after_days else "")
        for one in lifecycle.transitions
    ]
    return told
