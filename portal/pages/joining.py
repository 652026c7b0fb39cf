"""The page behind a link to join: somebody who signs in already agrees to act for an operator."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.tenancy.invitations import offer_to
from portal.tenancy.middleware import SESSION_KEY
from portal.tenancy.models import User
from portal.tenancy.permissions import sign_in_required
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import join


@sign_in_required
@never_cache
@require_http_methods(["GET", "POST"])
def join_operator(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites and to what; agreeing makes the person a member, acting for it at once."""
    assert isinstance(request.user, User)
    offer = offer_to(request.user, token)
    if offer is None:
        return render(request, "registration/invitation_used.html", status=404)
    if request.method == "POST":
        with tenant_scope(offer.tenant):
            join(user=request.user, role=offer.role, now=timezone.now())
        request.session[SESSION_KEY] = offer.tenant.pk
        return redirect("overview")
    return render(request, "registration/join.html", {"offer": offer})
