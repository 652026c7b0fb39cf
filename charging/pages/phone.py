"""The phone emulator: choose a phone, tap, and watch what the charging function makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from charging import emulator
from charging.models import EmulatedExchange
from charging.pages.account_context import balances_context
from charging.pages.forms import show_errors
from charging.pages.phone_apps import App, apps, find_app, sms_counts
from charging.pages.phone_context import phone_burst, phone_screen
from charging.pages.phone_forms import AmountForm, BurstForm
from charging.selectors import phone as selectors
from plans.models import Service
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid
from subscribers.identities import digits_typed
from subscribers.models import Device, PlanSubscription
from subscribers.search import last_digits
from subscribers.selectors import plan_history

PAGE_SIZE = 50


@require_safe
@tenant_permission_required(emulator.PERMISSION)
@vary_on_headers("HX-Request")
def phone_list(request: TenantRequest) -> HttpResponse:
    """The devices that the emulator may use."""
    text = request.GET.get("q", "").strip()
    devices = selectors.phones()
    if text:
        devices = devices.filter(_matches(text))
    page = Paginator(devices, PAGE_SIZE).get_page(request.GET.get("page"))
    part = "#rows" if request.htmx else ""
    return render(request, f"charging/phone_list.html{part}", {"page": page, "text": text})


def _matches(text: str) -> Q:
    wanted = Q(public_id__startswith=text) | Q(label__icontains=text)
    wanted |= Q(account__public_id__startswith=text) | Q(account__name__icontains=text)
    if digits := digits_typed(text):
        wanted |= Q(imsi__startswith=digits) | Q(msisdn__startswith=digits)
    if end := last_digits(text):
        wanted |= Q(msisdn__endswith=end)
    return wanted


@require_safe
@tenant_permission_required(emulator.PERMISSION)
def phone(request: TenantRequest, device_id: str) -> HttpResponse:
    """One phone with its balances and the log of its charging."""
    device, now = _phone_or_404(device_id), timezone.now()
    rows = selectors.log_of(device)
    context = {
        "device": device,
        "plan": _current_plan(device),
        "apps": apps(gigabyte_base=request.tenant.gigabyte_base),
        "sms_counts": sms_counts(),
        "rows": rows,
        "is_new": not any(row.exchange_key for row in rows),
        "messages_on_phone": selectors.sms_of(device.account),
        "burst_form": BurstForm(),
        "now": now,
        **balances_context(device.account, actor=request.actor, now=now),
        **phone_screen(device),
        **phone_burst(device),
    }
    return render(request, "charging/phone.html", context)


@require_POST
@tenant_permission_required(emulator.PERMISSION)
def phone_use(request: TenantRequest, device_id: str) -> HttpResponse:
    """An app was tapped."""
    device = _phone_or_404(device_id)
    app = find_app(request.POST.get("app", ""), gigabyte_base=request.tenant.gigabyte_base)
    if app is None:
        return _refusal(request, device, "This app is not on the phone.", status=422)
    destination = "" if app.service == Service.DATA else request.POST.get("destination", "")
    return _act(request, device, lambda: _start(request, device, app, destination))


def _start(request: TenantRequest, device: Device, app: App, destination: str) -> None:
    emulator.start_session(
        device=device,
        service=app.service,
        volume=app.volume,
        destination=destination,
        rating_group=app.rating_group,
        label=app.label,
        actor=request.actor,
        now=timezone.now(),
    )


@require_POST
@tenant_permission_required(emulator.PERMISSION)
def phone_hang_up(request: TenantRequest, device_id: str, session_id: UUID) -> HttpResponse:
    """The call, or a download, is ended."""
    device = _phone_or_404(device_id)
    session = selectors.find_emulated_session(device, session_id)
    if session is None:
        raise Http404
    return _act(
        request,
        device,
        lambda: emulator.hang_up(session, actor=request.actor, now=timezone.now()),
    )


@tenant_permission_required(emulator.PERMISSION)
def phone_amount(request: TenantRequest, device_id: str) -> HttpResponse:
    """The dialog for another amount than the apps use."""
    device = _phone_or_404(device_id)
    asked = request.POST or request.GET
    service = asked.get("service", Service.DATA)
    if service not in (Service.DATA, Service.VOICE, Service.SMS):
        raise Http404
    form = AmountForm(request.POST or None, service=service)
    if request.method == "POST" and form.is_valid() and _use_amount(request, device, form):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"dialog:close": {}})})
    if not request.htmx:
        return redirect("phone", device.public_id)
    status = 422 if form.is_bound else 200
    context = {"device": device, "form": form, "service": service}
    return render(request, "charging/_phone_amount.html", context, status=status)


def _use_amount(request: TenantRequest, device: Device, form: AmountForm) -> bool:
    """Start what the form says; what the service refuses is shown at its field."""
    try:
        emulator.start_session(
            device=device,
            service=form.cleaned_data["service"],
            volume=form.cleaned_data["volume"],
            destination=form.cleaned_data.get("destination", ""),
            rating_group=form.cleaned_data["rating_group"],
            actor=request.actor,
            now=timezone.now(),
        )
    except Invalid as invalid:
        show_errors(form, invalid)
        return False
    return True


@require_POST
@tenant_permission_required(emulator.PERMISSION)
def phone_start_burst(request: TenantRequest, device_id: str) -> HttpResponse:
    """Many sessions at once; the answer is the panel, with its progress bar or its errors."""
    device = _phone_or_404(device_id)
    form = BurstForm(request.POST)
    if form.is_valid():
        try:
            emulator.start_burst(
                device=device, actor=request.actor, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as invalid:
            show_errors(form, invalid)
    if not request.htmx:
        return redirect("phone", device.public_id)
    context = {"burst_form": form, **phone_burst(device)}
    status = 422 if form.errors else 200
    return render(request, "charging/_phone_burst_panel.html", context, status=status)


@require_safe
@tenant_permission_required(emulator.PERMISSION)
def phone_exchange(request: TenantRequest, device_id: str, key: int) -> HttpResponse:
    """Request and answer of one line of the log."""
    device = _phone_or_404(device_id)
    exchange = EmulatedExchange.objects.filter(session__device=device, pk=key).first()
    if exchange is None:
        raise Http404
    context = {
        "exchange": exchange,
        "curl": selectors.curl_of(exchange),
        "milliseconds": f"{exchange.duration_us / 1000:,.1f}",
    }
    return render(request, "charging/_phone_exchange.html", context)


def _act(request: TenantRequest, device: Device, act: Callable[[], object]) -> HttpResponse:
    """Do it, then show the phone's screen as it is now; a refusal is a toast."""
    try:
        act()
    except Invalid as invalid:
        return _refusal(request, device, invalid.errors[0].message, status=422)
    except (emulator.CallInProgress, emulator.EmulationNotAllowed) as error:
        return _refusal(request, device, str(error), status=409)
    except emulator.NotRunning:
        return _refusal(request, device, "It has ended already.", status=409)
    if not request.htmx:
        return redirect("phone", device.public_id)
    return HttpResponse(render_to_string("charging/_live_screen.html", phone_screen(device)))


def _refusal(request: TenantRequest, device: Device, text: str, *, status: int) -> HttpResponse:
    toast = {"toast": {"text": text, "tone": "bad"}}
    screen = render_to_string("charging/_live_screen.html", phone_screen(device))
    return HttpResponse(screen, status=status, headers={"HX-Trigger": json.dumps(toast)})


def _phone_or_404(device_id: str) -> Device:
    device = selectors.phones().filter(public_id=device_id).first()
    if device is None:
        raise Http404(f"no phone {device_id}")
    return device


def _current_plan(device: Device) -> PlanSubscription | None:
    """Its account's base plan."""
    running = plan_history(device.account).filter(ends_at=None)
    return running.filter(version__is_add_on=False).first()
