"""The first page: how the operator is doing, what has just happened, and what to do next."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from notifications.selectors import published_events
from notifications.told import Told, told
from portal.pages.figures import figures_for
from portal.tenancy.models import Tenant
from portal.tenancy.permissions import membership_required
from portal.tenancy.requests import TenantRequest

EVENTS_SHOWN: Final = 12


@membership_required
@require_safe
@vary_on_headers("HX-Request")
def overview(request: TenantRequest) -> HttpResponse:
    """Counts and news; htmx asks for that part again whenever something happened."""
    actor = request.actor
    figures = figures_for(actor, now=timezone.now())
    context = {
        "figures": figures,
        "news": _news(request.tenant) if actor.may("notifications.view") else None,
        "may": {
            "design": actor.may("plans.design"),
            "provision": actor.may("subscribers.manage"),
            "emulate": actor.may("charging.emulate"),
        },
    }
    part = "#live" if request.htmx else ""
    return render(request, f"portal/overview.html{part}", context)


def _news(tenant: Tenant) -> list[Told]:
    return [told(event, tenant) for event in published_events()[:EVENTS_SHOWN]]
