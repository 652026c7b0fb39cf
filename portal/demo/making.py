"""Making the demo data: whole, once, and again only what an interruption left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from charging.models import ChargingSession
from notifications.publisher import publish_waiting
from portal.demo.fortnight import live_through
from portal.demo.opening import open_operator
from portal.demo.operators import OPERATORS, Operator
from portal.tenancy.actor import SYSTEM
from portal.tenancy.audit import record
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.scope import tenant_scope

COMPLETED = "demo.completed"


class ProductionRefused(Exception):
    """Demo passwords are public; a production must not have them."""


def make_demo(*, now: datetime) -> Iterator[str]:
    """Make what is missing, and tell it step by step. Raises ProductionRefused."""
    if settings.IS_PRODUCTION:
        raise ProductionRefused
    for operator in OPERATORS:
        yield from _make(operator, now=now)
    publish_waiting(now=now)


def _make(operator: Operator, *, now: datetime) -> Iterator[str]:
    tenant = Tenant.objects.filter(slug=operator.slug).first()
    if tenant is None:
        yield f"{operator.name}: people, plans and a hundred accounts …"
        tenant = open_operator(operator, now=now)
    with tenant_scope(tenant):
        if AuditEntry.objects.filter(action=COMPLETED).exists():
            yield f"{operator.name} is there."
            return
        yield f"{operator.name}: two weeks of usage …"
        live_through(operator, tenant, now=now)
        record(COMPLETED, actor=SYSTEM, subject_type="tenant", subject_id=tenant.slug, now=now)
        yield f"{operator.name}: {ChargingSession.objects.count()} charging sessions."
