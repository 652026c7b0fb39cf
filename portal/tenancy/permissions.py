"""Who may enter: one decorator for pages, one class for the API, closed unless opened.

Every URL declares what it needs; `portal/tenancy/tests` walks all of them and fails for one that
declares nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from portal.tenancy.actor import Actor
from portal.tenancy.roles import PERMISSIONS

View = Callable[..., HttpResponse]

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed-in"
MEMBER: Final = "member"

Requirement = str | tuple[str, str | None]
"""One of the three above, or the permission for reading and the one for writing."""


def tenant_permission_required(
    permission: str, *, write: str | None = None
) -> Callable[[View], View]:
    """A page for members who hold `permission` (for unsafe methods `write`, when given)."""
    assert permission in PERMISSIONS, permission
    assert write is None or write in PERMISSIONS, write

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            needed = permission if request.method in SAFE_METHODS else (write or permission)
            if request.actor is None:
                return _refuse_stranger(request)
            if not request.actor.may(needed):
                missing = {"permission": needed, "meaning": PERMISSIONS[needed]}
                return render(request, "403.html", missing, status=403)
            return view(request, *args, **kwargs)

        guarded.required_permission = (permission, write)
        return guarded

    return decorate


def membership_required(view: View) -> View:
    """A page for every member; what it shows depends on what the member may see."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.actor is None:
            return _refuse_stranger(request)
        return view(request, *args, **kwargs)

    guarded.required_permission = MEMBER
    return guarded


def public(view: View) -> View:
    """A page that anybody may open; says so instead of forgetting the guard."""
    view.required_permission = PUBLIC
    return view


def sign_in_required(view: View) -> View:
    """A page for any signed-in person, whatever their tenant."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.required_permission = SIGNED_IN
    return guarded


def declared_permission(view: Any) -> Requirement | None:
    """What a URL's view declares; None when it declares nothing, which a test forbids."""
    declared: Requirement | None = getattr(view, "required_permission", None)
    if declared is not None:
        return declared
    api_view = getattr(view, "cls", None)
    permission = getattr(api_view, "permission", None)
    if permission is None:
        return None
    return permission, getattr(api_view, "write_permission", None)


def lets_in(actor: Actor, requirement: Requirement | None) -> bool:
    """Whether a member may open a page that declares this."""
    if isinstance(requirement, tuple):
        return actor.may(requirement[0])
    return requirement is not None


def _refuse_stranger(request: HttpRequest) -> HttpResponse:
    """To the sign-in; whoever is signed in already belongs to no operator."""
    if request.user.is_authenticated:
        return render(request, "registration/no_membership.html", status=403)
    return redirect_to_login(request.get_full_path())


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
