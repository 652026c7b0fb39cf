"""Settings › Roles: which permissions each role has, and roles of one's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from charging.pages.forms import show_errors
from portal.pages.settings.answers import close_dialog, show_dialog
from portal.tenancy.models import Role
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.roles import PERMISSIONS, ROLE_PERMISSIONS, permissions_of
from portal.tenancy.services import (
    BuiltinRole,
    LastAdministrator,
    RoleInUse,
    create_role,
    delete_role,
    save_role,
)
from portal.tenancy.validation import Invalid

PAGE = "role-list"
MANAGE = "tenant.manage"


class RoleForm(forms.Form):
    """A role's name and permissions; the services say what is wrong with them."""

    name = forms.CharField(
        label="Name",
        help_text="What its people do.",
        error_messages={"required": "Give the role a name."},
    )
    permissions = forms.MultipleChoiceField(
        choices=[(name, PERMISSIONS[name]) for name in ROLE_PERMISSIONS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """Name, meaning, and whether it is chosen."""
        chosen = set(self["permissions"].value() or [])
        return [(name, PERMISSIONS[name], name in chosen) for name in ROLE_PERMISSIONS]


@tenant_permission_required(MANAGE)
@require_safe
def role_list(request: TenantRequest) -> HttpResponse:
    """The matrix of roles and permissions."""
    roles = list(_roles())
    held = [permissions_of(role, request.tenant) for role in roles]
    context = {
        "roles": roles,
        "rows": [
            {
                "name": name,
                "meaning": PERMISSIONS[name],
                "cells": [
                    {"role": role, "is_held": name in permissions}
                    for role, permissions in zip(roles, held, strict=True)
                ],
            }
            for name in ROLE_PERMISSIONS
        ],
    }
    return render(request, "portal/settings/roles.html", context)


@tenant_permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def role_new(request: TenantRequest) -> HttpResponse:
    """The dialog for a role of one's own."""
    form = RoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            role = create_role(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except Invalid as invalid:
            show_errors(form, invalid)
        else:
            return close_dialog(request, page=PAGE, text=f"The role “{role}” can be given now.")
    return _form_dialog(request, form, role=None)


@tenant_permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def role_edit(request: TenantRequest, code: str) -> HttpResponse:
    """The dialog for another name or other permissions."""
    role = _own_role_or_404(code)
    initial = {"name": role.name, "permissions": role.permissions}
    form = RoleForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_role(role=role, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except Invalid as invalid:
            show_errors(form, invalid)
        except LastAdministrator as error:
            form.add_error("permissions", str(error))
        else:
            return close_dialog(request, page=PAGE, text=f"The role “{role}” is saved.")
    return _form_dialog(request, form, role=role)


@tenant_permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def role_delete(request: TenantRequest, code: str) -> HttpResponse:
    """Ask before deleting a role of one's own."""
    role = _own_role_or_404(code)
    context: dict[str, Any] = {"role": role, "refusal": ""}
    status = 200
    if request.method == "POST":
        try:
            delete_role(role=role, actor=request.actor, now=timezone.now())
        except (RoleInUse, BuiltinRole) as error:
            context["refusal"], status = str(error), 422
        else:
            return close_dialog(request, page=PAGE, text=f"The role “{role}” is deleted.")
    return show_dialog(
        request, "portal/settings/_dialog_role_delete.html", context, page=PAGE, status=status
    )


def _roles() -> QuerySet[Role]:
    return Role.objects.annotate(people=Count("memberships")).order_by("-is_builtin", "pk")


def _own_role_or_404(code: str) -> Role:
    role = Role.objects.filter(code=code, is_builtin=False).first()
    if role is None:
        raise Http404("There is no role of this operator's own with this code.")
    return role


def _form_dialog(request: TenantRequest, form: RoleForm, *, role: Role | None) -> HttpResponse:
    return show_dialog(
        request,
        "portal/settings/_dialog_role.html",
        {"form": form, "role": role},
        page=PAGE,
        status=422 if form.is_bound else 200,
    )
