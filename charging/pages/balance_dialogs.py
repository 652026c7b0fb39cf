"""The dialogs about balances: how one came to be, top up, adjust."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.pages.account_context import sayer
from charging.pages.forms import AdjustForm, TopUpForm
from charging.pages.refusals import refusals_at
from charging.pages.requests import account_or_404, close_dialog, dialog
from charging.pages.waterfall import waterfall_steps
from charging.refs import bucket_key
from charging.selectors import balances_of, find_bucket
from charging.selectors.balances import Balance, balance_of
from plans.models import UNIT_OF_SERVICE, Service, Unit
from portal.formatting import unit_choices
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers.models import Account

_TOP_UP_ORDER: Final = (Service.MONEY, Service.DATA, Service.VOICE, Service.SMS)


@require_GET
@tenant_permission_required("subscribers.view")
def bucket(request: TenantRequest, account_id: str, bucket_ref: str) -> HttpResponse:
    """One balance: its parts, its warnings, and how it came to be."""
    account = account_or_404(account_id)
    found = _bucket_or_404(account, bucket_ref)
    context = {
        "bucket": found,
        "balance": balance_of(found),
        "steps": waterfall_steps(found, account),
        "may_adjust": request.actor.may("balances.adjust"),
    }
    return dialog(request, "subscribers/_dialog_bucket.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("balances.adjust")
def top_up(request: TenantRequest, account_id: str) -> HttpResponse:
    """Add money, or units of a service (`?service=`)."""
    account = account_or_404(account_id)
    service = _chosen_service(request)
    unit = UNIT_OF_SERVICE[service]
    form = TopUpForm(request.POST or None, unit=unit)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            entry = _top_up(request, account, service, form)
            return close_dialog(f"{sayer(account)(entry.granted, unit)} added.")
    context = {
        "form": form,
        "service": service,
        "services": [(each.value, each.label) for each in _TOP_UP_ORDER],
        "units": unit_choices(unit, gigabyte_base=request.tenant.gigabyte_base),
    }
    return dialog(request, "subscribers/_dialog_top_up.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("balances.adjust")
def adjust(request: TenantRequest, account_id: str) -> HttpResponse:
    """Correct one balance (`?bucket=`), upwards or downwards, with a reason."""
    account = account_or_404(account_id)
    balances = balances_of(account, now=timezone.now())
    chosen = _chosen_bucket(request, account, balances)
    form = AdjustForm(request.POST or None, unit=chosen.unit)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account, unit=chosen.unit):
            entry = services.adjust_bucket(
                bucket=chosen,
                delta=form.delta(),
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                request_key=form.cleaned_data["request_key"],
                actor=request.actor,
                now=timezone.now(),
            )
            after = sayer(account)(entry.available_after, chosen.unit)
            return close_dialog(f"{chosen.name}: {after} available now.")
    context = {
        "form": form,
        "bucket": chosen,
        "buckets": balances,
        "after": None,
        "units": unit_choices(chosen.unit, gigabyte_base=request.tenant.gigabyte_base),
        "limit": _limit(request, chosen),
    }
    return dialog(request, "subscribers/_dialog_adjust.html", context, account=account)


@require_POST
@tenant_permission_required("balances.adjust")
def adjust_preview(request: TenantRequest, account_id: str) -> HttpResponse:
    """What the balance would be with what is typed so far."""
    account = account_or_404(account_id)
    chosen = _chosen_bucket(request, account, balances_of(account, now=timezone.now()))
    form = AdjustForm(request.POST, unit=chosen.unit)
    form.is_valid()
    is_known = "amount" in form.cleaned_data and "direction" in form.cleaned_data
    after = chosen.available + form.delta() if is_known else None
    context = {"account": account, "bucket": chosen, "after": after}
    return render(request, "subscribers/_adjust_preview.html", context)


def _bucket_or_404(account: Account, ref: str) -> Bucket:
    found = find_bucket(account, bucket_key(ref) or 0)
    if found is None:
        raise Http404(f"no balance {ref} of {account.public_id}")
    return found


def _chosen_bucket(request: TenantRequest, account: Account, balances: list[Balance]) -> Bucket:
    """The bucket of `?bucket=`, else the account's money, else its first."""
    if ref := request.GET.get("bucket", ""):
        return _bucket_or_404(account, ref)
    if not balances:
        raise Http404(f"{account.public_id} has no balance")
    return next((each for each in balances if each.is_money), balances[0]).bucket


def _chosen_service(request: TenantRequest) -> Service:
    name = request.GET.get("service", "")
    return Service(name) if name in Service.values else Service.MONEY


def _top_up(
    request: TenantRequest, account: Account, service: Service, form: TopUpForm
) -> LedgerEntry:
    data, now = form.cleaned_data, timezone.now()
    if service == Service.MONEY:
        return services.top_up_money(
            account=account,
            amount=data["amount"],
            reason=data["reason"],
            request_key=data["request_key"],
            actor=request.actor,
            now=now,
        )
    return services.top_up_units(
        account=account,
        service=service,
        amount=data["amount"],
        reason=data["reason"],
        request_key=data["request_key"],
        actor=request.actor,
        now=now,
    )


def _limit(request: TenantRequest, bucket: Bucket) -> int:
    """Nano-units this person may move at once; 0: no limit."""
    if bucket.unit != Unit.NANO_MONEY or request.actor.may("tenant.manage"):
        return 0
    return request.tenant.support_adjust_limit
