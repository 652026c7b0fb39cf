"""The dialogs that put right what was charged: transfer, reverse."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from charging import services
from charging.models import Bucket, LedgerEntry
from charging.pages.account_context import sayer
from charging.pages.correction_forms import ReverseForm, TransferForm
from charging.pages.refusals import refusals_at
from charging.pages.requests import account_or_404, close_dialog, dialog
from charging.refs import bucket_key, entry_key
from charging.selectors import balances_of
from plans.models import Unit
from portal.formatting import unit_choices
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers.models import Account
from subscribers.selectors import find_account


@require_http_methods(["GET", "POST"])
@tenant_permission_required("balances.adjust")
def transfer(request: TenantRequest, account_id: str) -> HttpResponse:
    """Move an amount of one balance (`?bucket=`) to another, of this account or another one."""
    account = account_or_404(account_id)
    balances = [each.bucket for each in balances_of(account, now=timezone.now())]
    source = _chosen(request, balances)
    own = [each for each in balances if each.unit == source.unit and each.pk != source.pk]
    form = TransferForm(request.POST or None, unit=source.unit, own=own)
    if request.method == "POST" and form.is_valid():
        target = _target(form, source)
        if target is not None:
            with refusals_at(form, account, unit=source.unit):
                entry = services.transfer_amount(
                    source=source,
                    target=target,
                    amount=form.cleaned_data["amount"],
                    reason=form.cleaned_data["reason"],
                    note=form.cleaned_data["note"],
                    request_key=form.cleaned_data["request_key"],
                    actor=request.actor,
                    now=timezone.now(),
                )
                moved = sayer(account)(-entry.available, source.unit)
                return close_dialog(f"{moved} moved to {target.account}: {target.name}.")
    context = {
        "form": form,
        "bucket": source,
        "buckets": balances,
        "has_own": bool(own),
        "units": unit_choices(source.unit, gigabyte_base=request.tenant.gigabyte_base),
    }
    return dialog(request, "subscribers/_dialog_transfer.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("balances.adjust")
def reverse(request: TenantRequest, account_id: str, entry_ref: str) -> HttpResponse:
    """Give back what one entry of the ledger used, or a part of it."""
    account = account_or_404(account_id)
    entry = _entry_or_404(account, entry_ref)
    unit = entry.bucket.unit
    form = ReverseForm(request.POST or None, unit=unit)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account, unit=unit):
            made = services.reverse_entry(
                entry=entry,
                amount=form.cleaned_data["amount"],
                reason=form.cleaned_data["reason"],
                note=form.cleaned_data["note"],
                request_key=form.cleaned_data["request_key"],
                actor=request.actor,
                now=timezone.now(),
            )
            given = sayer(account)(made.available, unit)
            return close_dialog(f"{given} given back to {entry.bucket.name}.")
    context = {
        "form": form,
        "entry": entry,
        "bucket": entry.bucket,
        "is_reversed": entry.reversals.exists(),
        "units": unit_choices(unit, gigabyte_base=request.tenant.gigabyte_base),
    }
    return dialog(request, "subscribers/_dialog_reverse.html", context, account=account)


def _chosen(request: TenantRequest, balances: list[Bucket]) -> Bucket:
    """The balance of `?bucket=`, else the account's money, else its first."""
    if not balances:
        raise Http404("the account has no balance")
    if ref := request.GET.get("bucket", ""):
        found = next((each for each in balances if each.pk == bucket_key(ref)), None)
        if found is None:
            raise Http404(f"no balance {ref}")
        return found
    return next((each for each in balances if each.unit == Unit.NANO_MONEY), balances[0])


def _target(form: TransferForm, source: Bucket) -> Bucket | None:
    """The balance that takes; None when there is none, which the form then says."""
    name = form.cleaned_data["to_account"]
    if not name:
        return form.own[form.cleaned_data["target"]]
    account = find_account(name)
    if account is None:
        form.add_error("to_account", "There is no account of this id.")
        return None
    if source.unit == Unit.NANO_MONEY:
        return services.money_bucket(account, now=timezone.now())
    fitting = (
        each.bucket
        for each in balances_of(account, now=timezone.now())
        if (each.bucket.unit, each.bucket.service) == (source.unit, source.service)
    )
    found = next(fitting, None)
    if found is None:
        form.add_error("to_account", "This account has no balance of this kind.")
    return found


def _entry_or_404(account: Account, ref: str) -> LedgerEntry:
    entries = LedgerEntry.objects.select_related("account", "bucket", "session")
    found = entries.filter(account=account, pk=entry_key(ref) or 0).first()
    if found is None or found.used <= 0 or found.bucket.role != Bucket.Role.PAYS:
        raise Http404(f"no charge {ref} of {account.public_id}")
    return found
