"""Settings: what there is to set, for whoever may."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from charging.emulator_connection import charger_endpoint
from portal.tenancy.models import ApiClient, Membership, Role
from portal.tenancy.permissions import tenant_permission_required


@tenant_permission_required("tenant.manage")
@require_safe
def settings_home(request: HttpRequest) -> HttpResponse:
    """One card for each page, with what is set now."""
    context = {
        "people": Membership.objects.count(),
        "roles": Role.objects.count(),
        "own_roles": Role.objects.filter(is_builtin=False).count(),
        "clients": ApiClient.objects.filter(is_enabled=True).count(),
        "endpoint": charger_endpoint(),
    }
    return render(request, "portal/settings/home.html", context)
