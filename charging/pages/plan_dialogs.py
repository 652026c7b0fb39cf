"""The dialogs about the plans an account holds: buy an add-on, cancel, change, take back."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from charging import services
from charging.pages.account_dialogs import main_balance
from charging.pages.forms import AddOnForm, CancelForm, ChangeForm, ConfirmForm, QuantityForm
from charging.pages.refusals import refusals_at
from charging.pages.requests import account_or_404, dialog, reload_account
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers.models import Account, PlanSubscription
from subscribers.selectors import versions_on_offer


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def add_on(request: TenantRequest, account_id: str) -> HttpResponse:
    """Buy something beside the base plan."""
    account = account_or_404(account_id)
    versions = list(versions_on_offer(account.currency, add_ons=True))
    form = AddOnForm(request.POST or None, versions=versions)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            held = services.start_plan_subscription(
                account=account,
                version=form.chosen(),
                quantity=form.cleaned_data["quantity"],
                charge_price=form.cleaned_data["charge_price"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"{held.version} was added.")
    context = {"form": form, "versions": versions, "money": main_balance(account)}
    return dialog(request, "subscribers/_dialog_add_on.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def cancel(request: TenantRequest, account_id: str, held_id: UUID) -> HttpResponse:
    """Cancel one of its plans, now or for the end of the period."""
    account = account_or_404(account_id)
    held = _held_or_404(account, held_id)
    form = CancelForm(request.POST or None, ends_at=held.period_ends_at)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            services.cancel_plan_subscription(
                subscription=held,
                at_period_end=form.cleaned_data["when"] == "period_end",
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"{held.version} was cancelled.")
    context = {"form": form, "held": held}
    return dialog(request, "subscribers/_dialog_cancel_plan.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def change(request: TenantRequest, account_id: str, held_id: UUID) -> HttpResponse:
    """Change one of its plans to another of its kind."""
    account = account_or_404(account_id)
    held = _held_or_404(account, held_id)
    offered = versions_on_offer(account.currency, add_ons=held.version.is_add_on)
    versions = [each for each in offered if each.pk != held.version_id]
    form = ChangeForm(request.POST or None, versions=versions, ends_at=held.period_ends_at)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            version = form.chosen()
            services.change_plan_subscription(
                subscription=held,
                version=version,
                at_renewal=form.cleaned_data["when"] == "renewal",
                leftovers=form.cleaned_data["leftovers"],
                charge_price=form.cleaned_data["charge_price"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"{held.version} changes to {version}.")
    context = {"form": form, "held": held, "versions": versions, "money": main_balance(account)}
    return dialog(request, "subscribers/_dialog_change_plan.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def undo(request: TenantRequest, account_id: str, held_id: UUID) -> HttpResponse:
    """Take back what is scheduled for the period's end."""
    account = account_or_404(account_id)
    held = _held_or_404(account, held_id)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            services.undo_scheduled(subscription=held, actor=request.actor, now=timezone.now())
            return reload_account(request, account, f"{held.version} goes on as it is.")
    context = {"form": form, "held": held}
    return dialog(request, "subscribers/_dialog_undo_plan.html", context, account=account)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("subscribers.manage")
def quantity(request: TenantRequest, account_id: str, held_id: UUID) -> HttpResponse:
    """Hold more or fewer of an add-on."""
    account = account_or_404(account_id)
    held = _held_or_404(account, held_id)
    form = QuantityForm(request.POST or None, initial={"quantity": held.quantity})
    if request.method == "POST" and form.is_valid():
        with refusals_at(form, account):
            wanted = form.cleaned_data["quantity"]
            services.change_quantity(
                subscription=held,
                quantity=wanted,
                charge_price=form.cleaned_data["charge_price"],
                actor=request.actor,
                now=timezone.now(),
            )
            return reload_account(request, account, f"{held.version}: {wanted} of it.")
    context = {"form": form, "held": held, "money": main_balance(account)}
    return dialog(request, "subscribers/_dialog_plan_quantity.html", context, account=account)


def _held_or_404(account: Account, held_id: UUID) -> PlanSubscription:
    held = PlanSubscription.objects.filter(account=account, public_id=held_id)
    found = held.select_related("version__plan", "next_version__plan").first()
    if found is None:
        raise Http404("no such plan subscription")
    return found
