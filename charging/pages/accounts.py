"""Finding accounts, creating them, and the one page that shows everything about one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from charging import services
from charging.models import ChargingSession
from charging.pages.account_context import balances_context, live_context
from charging.pages.account_rows import account_rows
from charging.pages.account_tabs import TABS, tab_context, visible_tabs
from charging.pages.forms import AccountForm, show_errors
from charging.pages.keyset import page_of
from charging.pages.requests import account_or_404
from charging.pages.session_rows import explained_latest
from charging.pages.sharing_dialogs import sharing_context
from charging.pages.told import told_about
from charging.selectors import counters_of
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid
from subscribers import services as subscribers
from subscribers.identities import format_msisdn
from subscribers.models import Account, Device
from subscribers.selectors import plans_running, search_accounts, versions_on_offer

PAGE_SIZE = 25


@require_GET
@tenant_permission_required("subscribers.view")
@vary_on_headers("HX-Request")
def account_list(request: TenantRequest) -> HttpResponse:
    """Search by any number; without one, the newest accounts."""
    text, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    accounts = search_accounts(text)
    if state in Account.State.values:
        accounts = accounts.filter(state=state)
    page = page_of(accounts, request.GET, size=PAGE_SIZE)
    context = {
        "text": text,
        "state": state,
        "states": Account.State.choices,
        "page": page,
        "account_rows": account_rows(page.rows),
        "session_ref": _session_ref(request, text),
        "may_manage": request.actor.may("subscribers.manage"),
    }
    template = "subscribers/account_list.html"
    is_fragment = request.htmx and not request.htmx.boosted
    return render(request, f"{template}#rows" if is_fragment else template, context)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def account_new(request: TenantRequest) -> HttpResponse:
    """Create an account, on a plan and with a device when they are given."""
    versions = list(versions_on_offer(request.tenant.currency))
    form = AccountForm(request.POST or None, versions=versions)
    if request.method == "POST" and form.is_valid():
        account = _create(request, form)
        if account is not None:
            return redirect("account", account.public_id)
    status = 422 if form.errors else 200
    return render(request, "subscribers/account_new.html", {"form": form}, status=status)


@require_GET
@tenant_permission_required("subscribers.view")
@vary_on_headers("HX-Request")
def account(request: TenantRequest, account_id: str) -> HttpResponse:
    """Everything about one account; `?tab=` chooses what is below the balances."""
    found = account_or_404(account_id)
    tabs = visible_tabs(request.actor)
    chosen = next((tab for tab in tabs if tab.name == request.GET.get("tab")), TABS[0])
    context = {
        "account": found,
        "is_living": found.state != Account.State.TERMINATED,
        "may_manage": request.actor.may("subscribers.manage"),
        "may_adjust": request.actor.may("balances.adjust"),
        "tab_template": chosen.template,
        **tab_context(chosen, found, request),
    }
    if request.htmx and request.htmx.target == "ledger-tab":
        return render(request, chosen.template, context)
    head = _head(request, found)
    now = timezone.now()
    return render(
        request,
        "subscribers/account.html",
        {
            **balances_context(found, actor=request.actor, now=now),
            **context,
            **head,
            "tabs": [tab.link(current=tab is chosen) for tab in tabs],
        },
    )


@require_GET
@tenant_permission_required("subscribers.view")
def account_live(request: TenantRequest, account_id: str) -> HttpResponse:
    """The parts that change with balances, for a page that was told to look again."""
    context = live_context(account_or_404(account_id), actor=request.actor, now=timezone.now())
    return render(request, "subscribers/_account_live.html", context)


@require_GET
@tenant_permission_required("subscribers.view")
def account_balances(request: TenantRequest, account_id: str) -> HttpResponse:
    """The balances alone."""
    context = balances_context(account_or_404(account_id), actor=request.actor, now=timezone.now())
    return render(request, "subscribers/_balances.html", context)


def _session_ref(request: TenantRequest, text: str) -> str:
    """The session a search text names in full."""
    if len(text) < 16 or "\0" in text or not request.actor.may("charging.view"):
        return ""
    return ChargingSession.objects.filter(ref=text).values_list("ref", flat=True).first() or ""


def _create(request: TenantRequest, form: AccountForm) -> Account | None:
    """The new account; None when something was refused, which the form then says."""
    now, data = timezone.now(), form.cleaned_data
    try:
        with transaction.atomic():
            created = services.open_account(
                public_id=data["id"] or None,
                name=data["name"],
                plan_code=data["plan"] or None,
                actor=request.actor,
                now=now,
            )
            if form.has_device:
                subscribers.create_device(
                    account=created,
                    supi=data["supi"],
                    gpsi=data["gpsi"],
                    label=data["label"],
                    is_test=data["is_test"],
                    actor=request.actor,
                    now=now,
                )
    except Invalid as invalid:
        show_errors(form, invalid)
        return None
    return created


def _head(request: TenantRequest, found: Account) -> dict[str, Any]:
    """Title, plan and the column beside: what does not depend on the tab."""
    actor = request.actor
    devices = list(Device.objects.filter(account=found).order_by("pk"))
    number = next((device.msisdn for device in devices if device.msisdn), "")
    may_see_notifications = actor.may("notifications.view")
    return {
        "title": format_msisdn(number) or found.name or found.public_id,
        "plans": list(plans_running(found, now=timezone.now())),
        "devices": devices,
        "counters": counters_of(found, now=timezone.now()),
        **sharing_context(found, now=timezone.now()),
        "may_emulate": actor.may("charging.emulate"),
        "may_see_notifications": may_see_notifications,
        "recent_events": told_about(found, limit=5) if may_see_notifications else [],
        "explained": explained_latest(found) if actor.may("charging.view") else None,
    }
