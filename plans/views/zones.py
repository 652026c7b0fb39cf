"""Zones of foreign networks, and holidays."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from plans.reference import selectors, services
from plans.reference.models import Holiday, Zone
from plans.reference.services import StillUsed, ZoneSpec
from plans.views.reference_forms import show_errors
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid


class ZoneForm(forms.Form):
    """A zone as people type it: lists of numbers, however they are separated."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Plans name the zone by it. It never changes.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label="Name", max_length=80)
    countries = forms.CharField(
        label="Countries",
        required=False,
        max_length=20_000,
        help_text="Mobile country codes (MCC): 214, 268, …",
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "numeric"}),
    )
    networks = forms.CharField(
        label="Networks",
        required=False,
        max_length=20_000,
        help_text="MCC and MNC of single networks: 26202, 310410, …",
        widget=forms.Textarea(attrs={"rows": 3, "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, row: Zone | None, **kwargs: Any) -> None:
        initial = {}
        if row is not None:
            initial = {
                "name": row.name,
                "countries": ", ".join(row.countries),
                "networks": ", ".join(row.networks),
            }
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.row = row
        if row is not None:
            del self.fields["code"]

    def clean_countries(self) -> tuple[str, ...]:
        return _listed(self.cleaned_data["countries"])

    def clean_networks(self) -> tuple[str, ...]:
        return _listed(self.cleaned_data["networks"])

    def spec(self) -> ZoneSpec:
        code = {"code": self.row.code} if self.row else {}
        return ZoneSpec(**{**self.cleaned_data, **code})


class HolidayForm(forms.Form):
    """A day and what it is called."""

    date = forms.DateField(
        label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    name = forms.CharField(label="Name", max_length=80)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, re.split(r"[\s,;]+", text)))


# ── zones ────────────────────────────────────────────────────────────────────────────────────


@require_safe
@tenant_permission_required("plans.view")
def zone_list(request: TenantRequest) -> HttpResponse:
    """Every zone with what it names."""
    context = {
        "zones": selectors.zones(),
        "may_design": request.actor.may(services.DESIGN),
    }
    return render(request, "plans/zones.html", context)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def zone_new(request: TenantRequest) -> HttpResponse:
    """Add a zone."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.view", write="plans.design")
def zone_edit(request: TenantRequest, code: str) -> HttpResponse:
    """Change what a zone names; its code stays."""
    return _edit(request, _zone_or_404(code))


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def zone_delete(request: TenantRequest, code: str) -> HttpResponse:
    """GET: ask. POST: delete the zone, unless a plan names it."""
    row = _zone_or_404(code)
    refusal = ""
    if request.method == "POST":
        try:
            services.delete_zone(code=code, actor=request.actor, now=timezone.now())
        except StillUsed as error:
            refusal = str(error)
        else:
            messages.success(request, f"{row.name} is deleted.")
            return redirect("zone-list")
    status = 409 if refusal else 200
    context = {"zone": row, "refusal": refusal}
    return render(request, "plans/zone_delete.html", context, status=status)


def _edit(request: TenantRequest, row: Zone | None) -> HttpResponse:
    form = ZoneForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_zone(
                spec=form.spec(), is_new=row is None, actor=request.actor, now=timezone.now()
            )
        except Invalid as refused:
            show_errors(form, refused)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("zone-list")
    context = {"zone": row, "form": form, "editable": request.actor.may(services.DESIGN)}
    status = 422 if form.errors else 200
    return render(request, "plans/zone.html", context, status=status)


def _zone_or_404(code: str) -> Zone:
    row = Zone.objects.filter(code=code).first()
    if row is None:
        raise Http404
    return row


# ── holidays ─────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.view", write="plans.design")
def holiday_list(request: TenantRequest) -> HttpResponse:
    """GET: the days. POST: one more, or another name of one."""
    form = HolidayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_holiday(
                **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except Invalid as refused:
            show_errors(form, refused)
        else:
            messages.success(request, f"{saved.name} is a holiday.")
            return redirect("holiday-list")
    context = {
        "holidays": selectors.holidays(),
        "form": form,
        "may_design": request.actor.may(services.DESIGN),
    }
    status = 422 if form.errors else 200
    return render(request, "plans/holidays.html", context, status=status)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def holiday_delete(request: TenantRequest, day: date) -> HttpResponse:
    """GET: ask. POST: make it a day like others."""
    row = Holiday.objects.filter(date=day).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        services.delete_holiday(date=day, actor=request.actor, now=timezone.now())
        messages.success(request, f"{row.name} is no holiday any more.")
        return redirect("holiday-list")
    return render(request, "plans/holiday_delete.html", {"holiday": row})
