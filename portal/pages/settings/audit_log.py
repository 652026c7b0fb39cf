"""Settings › Audit log: who changed what, when and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from charging.pages.keyset import page_of
from portal.formatting import format_quantity_exact
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.scope import current_tenant

PAGE_SIZE: Final = 50

SUBJECTS: Final = {
    "account": "Accounts",
    "plan": "Plans",
    "plan_version": "Plan versions",
    "rating_group": "Rating groups",
    "destination_group": "Destinations",
    "zone": "Zones",
    "holiday": "Holidays",
    "api_client": "API clients",
    "webhook": "Webhooks",
    "member": "People",
    "role": "Roles",
    "tenant": "The operator",
    "charger_endpoint": "Charging function",
}

_BASE_UNITS: Final = re.compile(r"(-?[0-9]{1,19}) (octets|seconds)")


class FilterForm(forms.Form):
    """What to list; empty parts do not narrow."""

    who = forms.CharField(label="Who", required=False, max_length=200)
    about = forms.ChoiceField(
        label="About", required=False, choices=[("", "Everything"), *SUBJECTS.items()]
    )
    id = forms.CharField(label="Which", required=False, max_length=80)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry, before and after; empty where there was nothing."""

    field: str
    old: Any
    new: Any

    @property
    def is_none(self) -> bool:
        """Told for context only."""
        return bool(self.old == self.new)


@tenant_permission_required("audit.view")
@require_safe
@vary_on_headers("HX-Request")
def audit_log(request: TenantRequest) -> HttpResponse:
    """Entries, newest first, narrowed by what the address says."""
    form = FilterForm(request.GET)
    form.is_valid()
    wanted = form.cleaned_data  # what is nonsense is told and does not narrow
    entries = _entries(wanted, request.tenant)
    page = page_of(entries, request.GET, size=PAGE_SIZE)
    context = {
        "form": form,
        "is_filtered": any(wanted.values()),
        "page": page,
        "rows": [{"entry": entry, "changes": changes_of(entry)} for entry in page.rows],
    }
    part = "#entries" if request.htmx else ""
    return render(request, f"portal/settings/audit_log.html{part}", context)


def changes_of(entry: AuditEntry) -> list[Change]:
    """Each field that the entry names, in the order of what came after."""
    names = dict.fromkeys([*entry.after, *entry.before])
    return [
        Change(name, _shown(entry.before.get(name, "")), _shown(entry.after.get(name, "")))
        for name in names
    ]


def _shown(value: Any) -> Any:
    """A list as a sentence has it, an exact amount of base units in the larger ones."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    amount = _BASE_UNITS.fullmatch(value) if isinstance(value, str) else None
    if amount is None:
        return value
    base = current_tenant().gigabyte_base
    return format_quantity_exact(int(amount[1]), amount[2].upper(), gigabyte_base=base)


def _entries(wanted: dict[str, Any], tenant: Tenant) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.order_by("-pk")
    if who := wanted.get("who"):
        entries = entries.filter(actor_name__icontains=who)
    if about := wanted.get("about"):
        entries = entries.filter(subject_type=about)
    if subject_id := wanted.get("id"):
        entries = entries.filter(subject_id__istartswith=subject_id)
    if since := wanted.get("since"):
        entries = entries.filter(at__gte=datetime.combine(since, time.min, tenant.zone))
    if until := wanted.get("until"):
        entries = entries.filter(at__lte=datetime.combine(until, time.max, tenant.zone))
    return entries
