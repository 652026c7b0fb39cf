"""The dialogs about sharing: parent, group, caps, and which balances are offered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from charging.models import Bucket
from charging.pages.correction_forms import METERED_OR_MONEY, CapForm, GroupForm, ParentForm
from charging.pages.refusals import refusals_at
from charging.pages.requests import account_or_404, close_dialog, dialog, reload_account
from charging.refs import bucket_key
from charging.selectors import drawn_on
from charging.services import sharing
from charging.services.sharing import caps_of
from plans.models import UNIT_OF_SERVICE, Service
from portal.formatting import unit_choices
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers import sharing as circles
from subscribers.models import Account, SharedGroup
from subscribers.selectors import find_account

SHOWN_MAX = 10
"""Children or members named on an account's page."""


def sharing_context(account: Account, *, now: datetime) -> dict[str, Any]:
    """For `subscribers/_sharing.html`: who shares with the account, and its caps."""
    children = list(account.children.order_by("pk")[: SHOWN_MAX + 1])
    members: list[Account] = []
    if account.shared_group:
        others = account.shared_group.members.exclude(pk=account.pk)
        members = list(others.order_by("pk")[: SHOWN_MAX + 1])
    caps: dict[tuple[str, str], Bucket] = {}
    for cap in caps_of(account):
        caps.setdefault((cap.caps, cap.service), cap)
    return {
        "children": children[:SHOWN_MAX],
        "has_more_children": len(children) > SHOWN_MAX,
        "members": members[:SHOWN_MAX],
        "has_more_members": len(members) > SHOWN_MAX,
        "caps": list(caps.values()),
        "drawn_on": drawn_on(account, now=now),
        "shares": account.parent_id is not None or account.shared_group_id is not None,
    }


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def parent(request: TenantRequest, account_id: str) -> HttpResponse:
    """Put the account below another, or on its own."""
    account = account_or_404(account_id)
    name = account.parent.public_id if account.parent else ""
    form = ParentForm(request.POST or None, initial={"parent": name})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["parent"].strip()
        found = find_account(typed) if typed else None
        if typed and found is None:
            form.add_error("parent", "There is no account of this id.")
        else:
            with refusals_at(form, account):
                sharing.set_parent(
                    account=account, parent=found, actor=request.actor, now=timezone.now()
                )
                text = f"Now below {found}." if found else "The account is on its own now."
                return reload_account(request, account, text)
    return dialog(request, "subscribers/_dialog_parent.html", {"form": form}, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def group(request: TenantRequest, account_id: str) -> HttpResponse:
    """Join a shared group, start one, or leave the one it is in."""
    account = account_or_404(account_id)
    form = GroupForm(request.POST or None)
    cause: dict[str, Any] = {"actor": request.actor, "now": timezone.now()}
    if request.method == "POST" and "leave" in request.POST:
        form = GroupForm({})
        form.is_valid()
        form.errors.clear()
        with refusals_at(form, account):
            sharing.leave_group(account=account, **cause)
            return reload_account(request, account, "The account left its group.")
    elif request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            joined = _join(account, form, cause)
            return reload_account(request, account, f"Now a member of {joined}.")
    return dialog(request, "subscribers/_dialog_group.html", {"form": form}, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def cap(request: TenantRequest, account_id: str) -> HttpResponse:
    """How much of a service (`?service=`) the account may take of others' (`?scope=`)."""
    account = account_or_404(account_id)
    scope, service = _scope(request, account), _service(request)
    unit = UNIT_OF_SERVICE[service]
    form = CapForm(request.POST or None, unit=unit)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account, unit=unit):
            sharing.set_cap(
                account=account,
                scope=scope,
                service=service,
                amount=form.cleaned_data["amount"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, "The cap is set.")
    context = {
        "form": form,
        "scope": scope,
        "service": service,
        "services": [(each.value, each.label) for each in METERED_OR_MONEY],
        "running": caps_of(account).filter(caps=scope, service=service).first(),
        "units": unit_choices(unit, gigabyte_base=request.tenant.gigabyte_base),
    }
    return dialog(request, "subscribers/_dialog_cap.html", context, account=account)


@require_POST
@tenant_permission_required("balances.adjust")
def share(request: TenantRequest, account_id: str, bucket_ref: str) -> HttpResponse:
    """Offer a balance to children and group or keep it (`on`), block it or let it pay again
    (`blocked`)."""
    account = account_or_404(account_id)
    found = Bucket.objects.filter(account=account, pk=bucket_key(bucket_ref) or 0).first()
    if found is None or found.role != Bucket.Role.PAYS:
        raise Http404(f"no balance {bucket_ref} of {account_id}")
    asked = {"is_shared": request.POST.get("on"), "is_disabled": request.POST.get("blocked")}
    changes: dict[str, Any] = {
        name: said == "yes" for name, said in asked.items() if said is not None
    }
    changed = sharing.change_bucket(
        bucket=found, **changes, actor=request.actor, now=timezone.now()
    )
    if "is_disabled" in changes:
        text = "is blocked" if changed.is_disabled else "pays again"
    else:
        text = "is shared" if changed.is_shared else "is kept for the account"
    return close_dialog(f"{changed.name} {text} now.")


def _join(account: Account, form: GroupForm, cause: dict[str, Any]) -> SharedGroup:
    data = form.cleaned_data
    found = SharedGroup.objects.filter(code=data["code"].strip()).first()
    if found is None:
        return circles.create_group(
            code=data["code"],
            name=data["name"] or data["code"],
            order=data["order"],
            owner=account,
            **cause,
        )
    circles.join_group(group=found, account=account, **cause)
    return found


def _scope(request: TenantRequest, account: Account) -> str:
    """The one asked for, else the one there is."""
    asked = request.GET.get("scope", "")
    if asked in (Bucket.Caps.PARENT, Bucket.Caps.GROUP):
        return asked
    return Bucket.Caps.PARENT if account.parent_id else Bucket.Caps.GROUP


def _service(request: TenantRequest) -> Service:
    name = request.GET.get("service", "")
    return Service(name) if name in Service.values else Service.DATA
