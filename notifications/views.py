"""The notifications of a tenant: everything that was told, filtered and opened."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from notifications import selectors, totogi
from notifications.event_types import EVENT_TYPES
from notifications.paging import page_of
from notifications.representation import event_json
from notifications.told import TITLES, told
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.scope import current_tenant

PAGE_SIZE: Final = 50
VIEW: Final = "notifications.view"


@require_safe
@tenant_permission_required(VIEW)
@vary_on_headers("HX-Request")
def notification_list(request: TenantRequest) -> HttpResponse:
    """Events, newest first, of a type or of an account when asked for."""
    wanted_type = request.GET.get("type", "")
    account_id = request.GET.get("account", "").strip()
    types = [wanted_type] if wanted_type in EVENT_TYPES else []
    events = selectors.published_events(types=types, account_id=account_id)
    page = page_of(
        events, request.GET, field="position", position=lambda e: e.position, size=PAGE_SIZE
    )
    context = {
        "page": page,
        "rows": [told(event, request.tenant) for event in page.rows],
        "types": sorted(TITLES.items(), key=lambda item: item[1]),
        "wanted_type": wanted_type,
        "account_id": account_id,
        "is_filtered": bool(types or account_id),
    }
    part = "#rows" if request.htmx else ""
    return render(request, f"notifications/notification_list.html{part}", context)


@require_safe
@tenant_permission_required(VIEW)
@vary_on_headers("HX-Request")
def notification_detail(request: TenantRequest, position: int) -> HttpResponse:
    """One event as systems get it, a threshold event in the other shapes too.

    A page of its own for whoever was sent its address, the inner part for the list.
    """
    event = selectors.find_event(position)
    if event is None:
        raise Http404
    tenant = current_tenant()
    context = {
        "event": event,
        "told": told(event, tenant),
        "own": event_json(event),
        "version_1": totogi.counter_threshold(event, tenant=tenant),
        "version_2": totogi.threshold_notification(event, tenant=tenant),
    }
    part = "_event_detail.html" if request.htmx else "notification.html"
    return render(request, f"notifications/{part}", context)
