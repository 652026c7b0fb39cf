"""Webhooks: where the tenant is told, the secrets, and what became of each delivery."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from notifications import selectors, services
from notifications.forms import EndpointForm
from notifications.models import WebhookEndpoint
from notifications.paging import page_of
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid

PAGE_SIZE: Final = 30


@require_safe
@tenant_permission_required(services.PERMISSION)
def webhook_list(request: TenantRequest) -> HttpResponse:
    """All endpoints."""
    endpoints = selectors.list_endpoints()
    return render(request, "notifications/webhook_list.html", {"endpoints": endpoints})


@tenant_permission_required(services.PERMISSION)
def webhook_new(request: TenantRequest) -> HttpResponse:
    """The dialog that adds an endpoint, and then shows its secret once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = services.create_endpoint(
                spec=form.spec(), actor=request.actor, now=timezone.now()
            )
        except Invalid as invalid:
            _show_errors(form, invalid)
        else:
            return _secret_dialog(request, endpoint, secret)
    return _form_dialog(request, form, None)


@tenant_permission_required(services.PERMISSION)
def webhook_edit(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """The dialog that changes an endpoint."""
    endpoint = _endpoint_or_404(endpoint_id)
    form = EndpointForm.of(endpoint, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_endpoint(
                endpoint=endpoint, spec=form.spec(), actor=request.actor, now=timezone.now()
            )
        except Invalid as invalid:
            _show_errors(form, invalid)
        else:
            return _reload(request, endpoint, "Webhook saved")
    return _form_dialog(request, form, endpoint)


@require_safe
@tenant_permission_required(services.PERMISSION)
@vary_on_headers("HX-Request")
def webhook(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """An endpoint with the log of its deliveries."""
    endpoint = _endpoint_or_404(endpoint_id)
    page = page_of(
        selectors.deliveries_to(endpoint),
        request.GET,
        field="event__position",
        position=lambda delivery: delivery.event.position,
        size=PAGE_SIZE,
    )
    part = "#log" if request.htmx else ""
    context = {"endpoint": endpoint, "page": page}
    return render(request, f"notifications/webhook.html{part}", context)


@require_POST
@tenant_permission_required(services.PERMISSION)
def webhook_secret(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """Make a new secret and show it once."""
    endpoint = _endpoint_or_404(endpoint_id)
    secret = services.renew_secret(endpoint=endpoint, actor=request.actor, now=timezone.now())
    return _secret_dialog(request, endpoint, secret)


@require_POST
@tenant_permission_required(services.PERMISSION)
def webhook_test(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """Send a test event."""
    endpoint = _endpoint_or_404(endpoint_id)
    services.send_test_event(endpoint=endpoint, actor=request.actor, now=timezone.now())
    return _told(request, endpoint, "A test event is on its way; it appears in the log.")


@require_POST
@tenant_permission_required(services.PERMISSION)
def webhook_remove(request: TenantRequest, endpoint_id: UUID) -> HttpResponse:
    """Forget an endpoint."""
    endpoint = _endpoint_or_404(endpoint_id)
    services.remove_endpoint(endpoint=endpoint, actor=request.actor, now=timezone.now())
    messages.success(request, "Webhook removed")
    return _go(request, reverse("webhook-list"))


@require_POST
@tenant_permission_required(services.PERMISSION)
def webhook_resend(request: TenantRequest, endpoint_id: UUID, position: int) -> HttpResponse:
    """Send a delivery again."""
    endpoint = _endpoint_or_404(endpoint_id)
    delivery = selectors.find_delivery(endpoint, position)
    if delivery is None:
        raise Http404
    services.resend(delivery=delivery, actor=request.actor, now=timezone.now())
    return _told(request, endpoint, f"Event {position} is sent again.")


def _endpoint_or_404(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = selectors.find_endpoint(endpoint_id)
    if endpoint is None:
        raise Http404
    return endpoint


def _show_errors(form: EndpointForm, invalid: Invalid) -> None:
    for error in invalid.errors:
        form.add_error(error.path or None, error.message)


def _form_dialog(
    request: TenantRequest, form: EndpointForm, endpoint: WebhookEndpoint | None
) -> HttpResponse:
    if not request.htmx:
        return redirect("webhook", endpoint.public_id) if endpoint else redirect("webhook-list")
    context = {"form": form, "endpoint": endpoint}
    status = 422 if form.errors else 200
    return render(request, "notifications/_webhook_form.html", context, status=status)


def _secret_dialog(request: TenantRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    context: dict[str, Any] = {"endpoint": endpoint, "secret": secret}
    return render(request, "notifications/_webhook_secret.html", context)


def _reload(request: TenantRequest, endpoint: WebhookEndpoint, text: str) -> HttpResponse:
    messages.success(request, text)
    return _go(request, reverse("webhook", args=[endpoint.public_id]))


def _told(request: TenantRequest, endpoint: WebhookEndpoint, text: str) -> HttpResponse:
    if not request.htmx:
        return _reload(request, endpoint, text)
    happened = {"toast": {"text": text}, "deliveries:changed": {}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(happened)})


def _go(request: TenantRequest, address: str) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
