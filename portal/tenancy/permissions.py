"""Who may enter: one decorator for pages, one class for the API, closed unless opened.

Every URL declares what it needs; `portal/tenancy/tests` walks all of them and fails for one that
declares nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from portal.tenancy.roles import PERMISSIONS

View = Callable[..., HttpResponse]


def tenant_permission_required(permission: str, *, write: str | None = None) -> Callable[[View], View]:
    """A page for members who hold `permission` (for unsafe methods `write`, when given)."""
    assert permission in PERMISSIONS, permission
    assert write is None or write in PERMISSIONS, write

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            needed = permission if request.method in SAFE_METHODS else (write or permission)
            if request.actor is None:
                return redirect_to_login(request.get_full_path())
            if not request.actor.may(needed):
                return render(request, "403.html", {"permission": needed}, status=403)
            return view(request, *args, **kwargs)

        guarded.required_permission = (permission, write)
        return guarded

    return decorate


def public(view: View) -> View:
    """A page that anybody may open; says so instead of forgetting the guard."""
    view.required_permission = "public"
    return view


def sign_in_required(view: View) -> View:
    """A page for any signed-in person, whatever their tenant."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.required_permission = "signed-in"
    return guarded


class TenantPermission(BasePermission):
    """API views name `permission` for reading and `write_permission` for the rest."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = request._request.actor
        if actor is None:
            return False
        needed = view.permission
        if request.method not in SAFE_METHODS:
            needed = getattr(view, "write_permission", None) or view.permission
        self.message = f"This needs the permission “{needed}”."
        return actor.may(needed)
