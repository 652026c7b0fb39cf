"""Settings › People: who may act for the operator, and in which role."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from charging.pages.forms import show_errors
from portal.pages.settings.answers import close_dialog, show_dialog
from portal.tenancy.invitations import invitation_path
from portal.tenancy.models import Membership, Role, User
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.services import (
    AlreadyAMember,
    KnownElsewhere,
    LastAdministrator,
    add_member,
    change_role,
    invite_to_join,
    remove_member,
)
from portal.tenancy.validation import Invalid

PAGE = "member-list"
MANAGE = "tenant.manage"


class RoleField(forms.ModelChoiceField):
    """The operator's roles, by their code: keys stay inside."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Role.unscoped.none(), to_field_name="code", **kwargs)

    def offer(self) -> None:
        """Read the roles of the open scope; a class-level queryset knows no tenant yet."""
        self.queryset = Role.objects.order_by("-is_builtin", "pk")


class MemberForm(forms.Form):
    """A new member."""

    email = forms.CharField(
        label="E-mail",
        max_length=254,
        error_messages={"required": "Enter the address the person signs in with."},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label="Name", required=False, max_length=120)
    role = RoleField(
        label="Role", empty_label="Choose…", error_messages={"required": "Choose a role."}
    )
    password = forms.CharField(
        label="First password",
        required=False,
        strip=False,
        help_text="Left empty, you get a link with which the person chooses one.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].offer()  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """Another role for a member."""

    role = RoleField(label="Role", empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].offer()  # type: ignore[attr-defined]


@tenant_permission_required(MANAGE)
@require_safe
def member_list(request: TenantRequest) -> HttpResponse:
    """Everybody with their role and when they were last here."""
    return render(request, "portal/settings/people.html", {"members": _members()})


@tenant_permission_required(MANAGE)
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def member_new(request: TenantRequest) -> HttpResponse:
    """The dialog for a new member, then the one with the invitation."""
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            membership = _add(request, form)
        except KnownElsewhere as known:
            return _show_joining(request, known.user, form.cleaned_data["role"])
        if membership is not None:
            return _tell_added(request, membership)
    status = 422 if form.is_bound else 200
    return show_dialog(
        request, "portal/settings/_dialog_member.html", {"form": form}, page=PAGE, status=status
    )


@tenant_permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def member_role(request: TenantRequest, email: str) -> HttpResponse:
    """The dialog for another role."""
    member = _member_or_404(email)
    form = RoleForm(
        request.POST if request.method == "POST" else None, initial={"role": member.role.code}
    )
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        try:
            change_role(membership=member, role=role, actor=request.actor, now=timezone.now())
        except LastAdministrator as error:
            form.add_error("role", str(error))
        else:
            return close_dialog(request, page=PAGE, text=f"{member.user} is {role.name} now.")
    context = {"form": form, "member": member}
    status = 422 if form.is_bound else 200
    return show_dialog(
        request, "portal/settings/_dialog_member_role.html", context, page=PAGE, status=status
    )


@tenant_permission_required(MANAGE)
@require_http_methods(["GET", "POST"])
def member_remove(request: TenantRequest, email: str) -> HttpResponse:
    """Ask before ending somebody's right to act for the operator."""
    member = _member_or_404(email)
    refusal, status = "", 200
    if request.method == "POST":
        try:
            remove_member(membership=member, actor=request.actor, now=timezone.now())
        except LastAdministrator as error:
            refusal, status = str(error), 422
        else:
            return close_dialog(request, page=PAGE, text=f"{member.user} was removed.")
    context = {"member": member, "refusal": refusal}
    return show_dialog(
        request, "portal/settings/_dialog_member_remove.html", context, page=PAGE, status=status
    )


@tenant_permission_required(MANAGE)
@never_cache
@require_POST
def member_invitation(request: TenantRequest, email: str) -> HttpResponse:
    """Show the link again to somebody who has not chosen a password yet."""
    member = _member_or_404(email)
    if member.user.has_usable_password():
        text = f"{member.user} has a password; there is nothing to invite to."
        return close_dialog(request, page=PAGE, text=text)
    return _show_invitation(request, member)


def _members() -> QuerySet[Membership]:
    return Membership.objects.select_related("user", "role").order_by("user__email", "pk")


def _member_or_404(email: str) -> Membership:
    member = _members().filter(user__email__iexact=email).first()
    if member is None:
        raise Http404("Nobody with this address is a member.")
    return member


def _add(request: TenantRequest, form: MemberForm) -> Membership | None:
    given = form.cleaned_data
    try:
        return add_member(
            email=given["email"],
            name=given["name"],
            role=given["role"],
            password=given["password"] or None,
            actor=request.actor,
            now=timezone.now(),
        )
    except Invalid as invalid:
        show_errors(form, invalid)
    except AlreadyAMember as error:
        role = error.membership.role.name
        form.add_error("email", f"This person is a member already, as {role}.")
    return None


def _tell_added(request: TenantRequest, membership: Membership) -> HttpResponse:
    user = membership.user
    if not user.has_usable_password():
        return _show_invitation(request, membership)
    text = f"{user.email} is a member and signs in with the password you gave."
    return close_dialog(request, page=PAGE, text=text)


def _show_joining(request: TenantRequest, user: User, role: Role) -> HttpResponse:
    """Somebody with an account agrees by themselves: their address is no proof of who they are."""
    path = invite_to_join(user=user, role=role, actor=request.actor, now=timezone.now())
    context = {"invited": user, "link": request.build_absolute_uri(path)}
    return show_dialog(request, "portal/settings/_dialog_joining.html", context, page=PAGE)


def _show_invitation(request: TenantRequest, membership: Membership) -> HttpResponse:
    context = {
        "member": membership,
        "link": request.build_absolute_uri(invitation_path(membership.user)),
    }
    return show_dialog(request, "portal/settings/_dialog_invitation.html", context, page=PAGE)
