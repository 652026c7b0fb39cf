"""Settings › Operator: name, zone, units, rules."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from charging.pages.forms import show_errors
from portal.formatting import money_text
from portal.tenancy.models import Tenant
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.services import TenantSettings, update_tenant
from portal.tenancy.validation import Invalid
from portal.typed import Unreadable, read_money

_REGIONS: Final = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific", "UTC",
)  # fmt: skip


class OperatorForm(forms.Form):
    """An operator's settings as people type them."""

    name = forms.CharField(
        label="Name", max_length=120, error_messages={"required": "An operator needs a name."}
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="For times on pages, renewals and periods; an account may have its own.",
    )
    home_plmn = forms.CharField(
        label="Home network (PLMN)",
        max_length=6,
        help_text="Mobile country and network code: 5 or 6 digits. Elsewhere is roaming.",
    )
    gigabyte_base = forms.TypedChoiceField(
        label="A gigabyte is",
        coerce=int,
        choices=[(1024, "2³⁰ octets (1 GB = 1,024 MB)"), (1000, "10⁹ octets (1 GB = 1,000 MB)")],
        help_text="On pages only; the API and the network speak octets.",
    )
    support_adjust_limit = forms.CharField(
        label="Support may move at once",
        help_text="The most money of one top-up or adjustment by people who are no administrators.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    country_code = forms.CharField(
        label="Country code",
        max_length=3,
        required=False,
        help_text="Of national numbers, as 49; without it they are compared as they are dialled.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    international_prefix = forms.CharField(
        label="International prefix",
        max_length=5,
        required=False,
        help_text="Dialled for +, mostly 00; 011 in North America.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    national_prefix = forms.CharField(
        label="National prefix",
        max_length=5,
        required=False,
        help_text="Dialled before area codes, mostly 0. Leave it empty where there is none.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    emergency_numbers = forms.CharField(
        label="Emergency numbers",
        max_length=200,
        required=False,
        help_text="Calls to them are free and never refused.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    allows_zero_rating = forms.BooleanField(
        label="Plans may make chosen rating groups free (zero rating)", required=False
    )
    separates_duties = forms.BooleanField(
        label="Separate duties: product managers design, publishers publish", required=False
    )
    bare_location = forms.BooleanField(
        label="Answer creates with the bare session id in Location", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = _time_zones()
        current = self.initial.get("time_zone", "UTC")
        known = zones if (current, current) in zones else [(current, current), *zones]
        self.fields["time_zone"].choices = known  # type: ignore[attr-defined]

    def clean_support_adjust_limit(self) -> int:
        """Nano-units."""
        try:
            return read_money(self.cleaned_data["support_adjust_limit"])
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error

    def clean_emergency_numbers(self) -> tuple[str, ...]:
        """The numbers one by one, however they are separated."""
        typed = re.split(r"[\s,;]+", self.cleaned_data["emergency_numbers"])
        return tuple(filter(None, typed))

    @classmethod
    def typed(cls, tenant: Tenant) -> dict[str, Any]:
        """The settings as the form shows them."""
        limit = money_text(tenant.support_adjust_limit, tenant.currency)
        return {
            **{name: getattr(tenant, name) for name in cls.base_fields},
            "support_adjust_limit": limit,
            "emergency_numbers": ", ".join(tenant.emergency_numbers),
        }


@tenant_permission_required("tenant.manage")
@require_http_methods(["GET", "POST"])
def operator_settings(request: TenantRequest) -> HttpResponse:
    """The form; what cannot change is told beside it."""
    form = OperatorForm(
        request.POST if request.method == "POST" else None,
        initial=OperatorForm.typed(request.tenant),
    )
    if request.method == "POST" and form.is_valid():
        try:
            settings = TenantSettings(**form.cleaned_data)
            update_tenant(settings=settings, actor=request.actor, now=timezone.now())
        except Invalid as invalid:
            show_errors(form, invalid)
        else:
            messages.success(request, "The settings are saved.")
            return redirect("operator-settings")
    status = 422 if form.errors else 200
    return render(request, "portal/settings/operator.html", {"form": form}, status=status)


@cache
def _time_zones() -> list[tuple[str, str]]:
    """Names of regions and cities; the tz database's old aliases (GB, EST …) are left out."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in _REGIONS)
    return [(name, name) for name in names]
