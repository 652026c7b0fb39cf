"""Settings › Charging function: which one the phone emulator speaks to, and whether it answers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from charging.emulator_connection import charger_endpoint
from charging.models import ChargerEndpoint
from charging.pages.forms import show_errors
from charging.services.endpoint import EndpointSpec, described_endpoint, save_endpoint
from portal.pages.settings.connection_test import try_connection
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid

MANAGE = "tenant.manage"
Authentication = ChargerEndpoint.Authentication

BUILT_IN, EXTERNAL = "built-in", "external"


class EndpointForm(forms.Form):
    """A charging function; secrets are never shown again."""

    kind = forms.ChoiceField(choices=[(BUILT_IN, "Built in"), (EXTERNAL, "External")])
    url = forms.CharField(
        label="Address",
        max_length=300,
        help_text="Root of the API, before /nchf-convergedcharging. HTTP/2, also unencrypted.",
        widget=forms.URLInput(attrs={"placeholder": "https://chf.example:8443"}),
    )
    spells_charging_data = forms.BooleanField(
        label="It spells the resource chargingData, as Totogi's does", required=False
    )
    authentication = forms.ChoiceField(label="It wants", choices=Authentication.choices)
    token = forms.CharField(label="Token", required=False, strip=True, max_length=4000)
    token_url = forms.CharField(label="Token address", max_length=300, widget=forms.URLInput)
    client_id = forms.CharField(label="Client id", max_length=200)
    client_secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    scope = forms.CharField(label="Scope", required=False, max_length=200)

    def __init__(self, *args: Any, saved: ChargerEndpoint, **kwargs: Any) -> None:
        kwargs["initial"] = self.typed(saved)
        super().__init__(*args, **kwargs)
        self.fields["token"].required = not saved.sealed_token
        self.fields["client_secret"].required = not saved.sealed_client_secret
        if self.is_bound:
            self._ask_only_for_the_chosen()

    def _ask_only_for_the_chosen(self) -> None:
        """All parts are sent, also those that the page hides."""
        kind, authentication = self["kind"].value(), self["authentication"].value()
        is_external = kind == EXTERNAL
        counts = {
            "url": is_external,
            "authentication": is_external,
            "token": is_external and authentication == Authentication.STATIC_TOKEN,
            **dict.fromkeys(
                ("token_url", "client_id", "client_secret"),
                is_external and authentication == Authentication.CLIENT_CREDENTIALS,
            ),
        }
        for name, is_asked in counts.items():
            self.fields[name].required = self.fields[name].required and is_asked

    def spec(self) -> EndpointSpec:
        """What was typed; call it on a valid form."""
        if self.cleaned_data["kind"] == BUILT_IN:
            return EndpointSpec()
        return EndpointSpec(
            **{field.name: self.cleaned_data[field.name] for field in fields(EndpointSpec)}
        )

    @classmethod
    def typed(cls, endpoint: ChargerEndpoint) -> dict[str, Any]:
        """What is set, as the form shows it."""
        shown = ["url", "spells_charging_data", "authentication", "token_url", "client_id", "scope"]
        kind = EXTERNAL if endpoint.url else BUILT_IN
        return {"kind": kind, **{name: getattr(endpoint, name) for name in shown}}


@tenant_permission_required(MANAGE)
@never_cache
@sensitive_post_parameters("token", "client_secret")
@require_http_methods(["GET", "POST"])
def charger_settings(request: TenantRequest) -> HttpResponse:
    """The form for the tenant's charging function."""
    endpoint = charger_endpoint()
    form = EndpointForm(request.POST if request.method == "POST" else None, saved=endpoint)
    if request.method == "POST" and form.is_valid():
        try:
            save_endpoint(spec=form.spec(), actor=request.actor, now=timezone.now())
        except Invalid as invalid:
            show_errors(form, invalid)
        else:
            messages.success(request, "Emulated phones use this charging function from now on.")
            return redirect("charger-settings")
    context = {
        "form": form,
        "endpoint": endpoint,
        "built_in_url": settings.CHF_URL,
        "has_token": bool(endpoint.sealed_token),
        "has_secret": bool(endpoint.sealed_client_secret),
    }
    status = 422 if form.errors else 200
    return render(request, "portal/settings/charger.html", context, status=status)


@tenant_permission_required(MANAGE)
@never_cache
@sensitive_post_parameters("token", "client_secret")
@require_POST
def charger_test(request: TenantRequest) -> HttpResponse:
    """Send one harmless request to what is typed, and say in words what came back."""
    saved = charger_endpoint()
    form = EndpointForm(request.POST, saved=saved)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            endpoint = described_endpoint(form.spec(), saved=saved)
        except Invalid as invalid:
            show_errors(form, invalid)
        else:
            context["verdict"] = try_connection(endpoint, now=timezone.now())
    return render(request, "portal/settings/_charger_verdict.html", context)
