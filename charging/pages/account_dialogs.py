"""The dialogs about an account itself: add a device, change plan, suspend and the like."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from charging import services
from charging.models import Bucket
from charging.pages.forms import DeviceForm, PlanForm, StateForm
from charging.pages.refusals import refusals_at
from charging.pages.requests import account_or_404, dialog, reload_account
from plans.models import Service
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers import services as subscribers
from subscribers.models import Account
from subscribers.selectors import plans_running, versions_on_offer

_STATES: Final = {
    Account.State.ACTIVE: ("Reactivate", "Its devices get quota again."),
    Account.State.SUSPENDED: (
        "Suspend",
        "Its devices get no new quota; usage that is reported is still charged.",
    ),
    Account.State.TERMINATED: (
        "Terminate",
        "Its devices get no new quota and nothing of it can be changed again, ever.",
    ),
}


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def device_new(request: TenantRequest, account_id: str) -> HttpResponse:
    """Add a device."""
    account = account_or_404(account_id)
    form = DeviceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            data = dict(form.cleaned_data)
            device = subscribers.create_device(
                account=account,
                public_id=data.pop("id") or None,
                **data,
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"{device} was added.")
    return dialog(request, "subscribers/_dialog_device.html", {"form": form}, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def plan(request: TenantRequest, account_id: str) -> HttpResponse:
    """Subscribe to a plan, or change from those that run to another."""
    account = account_or_404(account_id)
    versions = list(versions_on_offer(account.currency))
    form = PlanForm(request.POST or None, versions=versions)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            version = form.chosen()
            services.change_plan(
                account=account,
                version=version,
                charge_price=form.cleaned_data["charge_price"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"Now on {version}.")
    context = {
        "form": form,
        "versions": versions,
        "held": [
            each
            for each in plans_running(account, now=timezone.now())
            if not each.version.is_add_on
        ],
        "money": main_balance(account),
    }
    return dialog(request, "subscribers/_dialog_plan.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def state(request: TenantRequest, account_id: str) -> HttpResponse:
    """Suspend, reactivate or terminate (`?to=`)."""
    account = account_or_404(account_id)
    to = _chosen_state(request)
    verb, consequence = _STATES[to]
    if account.state == Account.State.PRE_ACTIVE and to == Account.State.ACTIVE:
        verb = "Activate"
    form = StateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            changed = subscribers.change_account_state(
                account=account,
                state=to,
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
            text = f"The account is {changed.get_state_display().lower()} now."
            return reload_account(request, account, text)
    context = {"form": form, "to": to, "verb": verb, "consequence": consequence}
    return dialog(request, "subscribers/_dialog_state.html", context, account=account)


def _chosen_state(request: TenantRequest) -> Account.State:
    name = request.GET.get("to", "")
    return Account.State(name) if name in _STATES else Account.State.SUSPENDED


def main_balance(account: Account) -> Bucket | None:
    """What fees are taken from."""
    money = Bucket.objects.filter(
        account=account, service=Service.MONEY, role=Bucket.Role.PAYS, expires_at=None
    )
    return money.order_by("pk").first()
