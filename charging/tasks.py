"""Celery tasks of charging: short steps that may run twice, with ids as arguments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from celery import shared_task
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from charging import emulator, emulator_burst, emulator_runner
from charging.models import Burst, EmulatedSession
from charging.models.emulation import JobState
from charging.renewal import sweep as renewal
from charging.services import expiry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.tasks import TenantTask
from subscribers import lifecycle

SWEEP_LIMIT = 200
BATCHES_MAX = 50
"""Of one operator in one sweep; the next sweep goes on."""
RENEWAL_HANDS = 2
"""Workers that renew one operator's plans side by side."""
RENEWAL_BUDGET_SECONDS = 30
"""A task hands on what it cannot finish within so long: it is due still."""


@shared_task(base=TenantTask)
def run_emulated_session(*, tenant_id: int, session_id: int, **kwargs: Any) -> None:
    """One worker's turn at one session; what is due at once is queued again."""
    session = emulator_runner.claim(session_id, now=timezone.now())
    if session is None:
        return
    try:
        due = async_to_sync(emulator_runner.carry_on)(session)
    except emulator_runner.LeaseLost:
        return
    if due is not None and due <= timezone.now():
        emulator.queue_session(session)


@shared_task(base=TenantTask)
def run_burst_chunk(*, tenant_id: int, burst_id: int, **kwargs: Any) -> None:
    """The next sessions of a burst."""
    burst = emulator_burst.claim_burst(burst_id, now=timezone.now())
    if burst is not None and async_to_sync(emulator_burst.run_chunk)(burst):
        emulator.queue_burst(burst)


@shared_task
def sweep_emulation(**kwargs: Any) -> None:
    """Queue what is due and in nobody's hands: calls that go on, and what a crash has left."""
    now = timezone.now()
    for tenant in tenants_with_due_emulation(now=now):
        with tenant_scope(tenant):
            for session in emulator.due_sessions(now=now)[:SWEEP_LIMIT]:
                _requeue_session(session, now=now)
            for burst in emulator.due_bursts(now=now)[:SWEEP_LIMIT]:
                _requeue_burst(burst, now=now)


@shared_task
def sweep_plan_subscriptions(**kwargs: Any) -> None:
    """Send workers to every tenant where plans are due: first uses, renewals, retries, ends."""
    for tenant in tenants_with_due_plans(now=timezone.now()):
        for _ in range(RENEWAL_HANDS):
            renew_plan_subscriptions.apply_async(
                kwargs={"tenant_id": tenant.pk}, expires=RENEWAL_BUDGET_SECONDS
            )


@shared_task(base=TenantTask)
def renew_plan_subscriptions(*, tenant_id: int, **kwargs: Any) -> None:
    """One worker's share of what is due, in batches; another may run beside it."""
    renewal.renew_due(now=timezone.now(), budget_seconds=RENEWAL_BUDGET_SECONDS)


def tenants_with_due_plans(*, now: datetime) -> QuerySet[Tenant]:
    """Asked without a scope."""
    due = RawSQL("SELECT subscribers_tenants_with_due_plans(%s)", [now])
    return Tenant.objects.filter(pk__in=due).order_by("pk")


@shared_task
def sweep_expired_buckets(**kwargs: Any) -> None:
    """What is left of balances past their end expires, in every tenant."""
    now = timezone.now()
    for tenant in tenants_with_due_buckets(now=now):
        with tenant_scope(tenant):
            for _ in range(BATCHES_MAX):
                if not expiry.sweep_expired(now=now).buckets:
                    break


@shared_task
def move_overdue_accounts(**kwargs: Any) -> None:
    """Accounts leave the states they may be in for a time only, in every tenant that says so."""
    now = timezone.now()
    for tenant in tenants_with_timed_states():
        with tenant_scope(tenant):
            for _ in range(BATCHES_MAX):
                if not lifecycle.move_overdue(now=now):
                    break


def tenants_with_timed_states() -> QuerySet[Tenant]:
    """Asked without a scope."""
    found = RawSQL("SELECT subscribers_tenants_with_timed_states()", [])
    return Tenant.objects.filter(pk__in=found).order_by("pk")


def tenants_with_due_buckets(*, now: datetime) -> QuerySet[Tenant]:
    """Asked without a scope."""
    due = RawSQL("SELECT charging_tenants_with_due_buckets(%s)", [now])
    return Tenant.objects.filter(pk__in=due).order_by("pk")


def tenants_with_due_emulation(*, now: datetime) -> QuerySet[Tenant]:
    """Asked without a scope."""
    due = RawSQL("SELECT charging_tenants_with_due_emulation(%s)", [now])
    return Tenant.objects.filter(pk__in=due).order_by("pk")


def _requeue_session(session: EmulatedSession, *, now: datetime) -> None:
    """The next sweeps leave it alone for a while: the queue may be long."""
    seen = EmulatedSession.objects.filter(pk=session.pk, next_action_at=session.next_action_at)
    if seen.update(next_action_at=now + emulator.QUEUE_GRACE):
        emulator.queue_session(session)


def _requeue_burst(burst: Burst, *, now: datetime) -> None:
    """Its worker is gone: it waits again, as in the beginning."""
    seen = Burst.objects.filter(pk=burst.pk, lease_until=burst.lease_until)
    if seen.update(state=JobState.QUEUED, lease_until=now + emulator.QUEUE_GRACE):
        emulator.queue_burst(burst)
