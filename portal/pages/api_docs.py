"""The API reference: read by anybody, with the reader's own address and client filled in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from notifications.event_types import EVENT_TYPES
from portal.api import reference
from portal.api.paging import PAGE_SIZE, PAGE_SIZE_MAX
from portal.api.problems import PROBLEM_TYPES
from portal.tenancy import clients
from portal.tenancy.permissions import public
from portal.tenancy.requests import TenantRequest
from portal.tenancy.roles import CLIENT_SCOPES, PERMISSIONS, SCOPE_ALIASES
from portal.tenancy.tokens import LIFETIME_SECONDS


@public
@require_GET
def api_docs(request: TenantRequest) -> HttpResponse:
    """Every call with what it takes, what it answers and how to make it."""
    base_url = request.build_absolute_uri("/").rstrip("/")
    groups = [
        (
            group,
            [
                (call, reference.curl(call, base_url=base_url), reference.python(call))
                for call in calls
            ],
        )
        for group, calls in reference.groups().items()
    ]
    context = {
        "layout": "shell.html" if request.actor else "portal/reader.html",
        "base_url": base_url,
        "socket_url": base_url.replace("http", "ws", 1),
        "chf_url": settings.CHF_URL,
        "client_id": _client_id(request),
        "groups": groups,
        "scopes": [(name, PERMISSIONS[name]) for name in CLIENT_SCOPES],
        "scope_aliases": SCOPE_ALIASES.items(),
        "problems": PROBLEM_TYPES.values(),
        "events": EVENT_TYPES.items(),
        "token_minutes": LIFETIME_SECONDS // 60,
        "page_size": PAGE_SIZE,
        "page_size_max": PAGE_SIZE_MAX,
    }
    return render(request, "portal/api_docs.html", context)


def _client_id(request: TenantRequest) -> str:
    """One of the tenant's own clients, for who may see them."""
    if request.actor is None or not request.actor.may("tenant.manage"):
        return "YOUR_CLIENT_ID"
    client = clients.list_clients().filter(is_enabled=True).first()
    return client.client_id if client else "YOUR_CLIENT_ID"
