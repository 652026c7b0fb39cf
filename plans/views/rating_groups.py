"""Rating groups: the list, and the form of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from plans import selectors, services
from plans.conventions import conventions
from plans.designer.rating_group_form import RatingGroupForm
from plans.models import RatingGroup
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid


@require_GET
@tenant_permission_required("plans.view")
def rating_group_list(request: TenantRequest) -> HttpResponse:
    """Every rating group with its slice in words."""
    by = conventions()
    rows = [
        {
            "group": group,
            "slice": by.quantity(group.grant, group.unit, service=group.service),
            "validity": by.quantity(group.validity_time, "SECONDS") if group.validity_time else "",
        }
        for group in selectors.rating_groups().values()
    ]
    context = {"rows": rows, "may_design": request.actor.may(services.DESIGN)}
    return render(request, "plans/rating_groups.html", context)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.view", write="plans.design")
def rating_group_edit(request: TenantRequest, number: int) -> HttpResponse:
    """Change what a rating group says; its number stays."""
    row = RatingGroup.objects.filter(number=number).first()
    if row is None:
        raise Http404
    return _edit(request, row)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def rating_group_new(request: TenantRequest) -> HttpResponse:
    """Add a rating group."""
    return _edit(request, None)


def _edit(request: TenantRequest, row: RatingGroup | None) -> HttpResponse:
    by = conventions()
    if request.method == "POST":
        form = RatingGroupForm(request.POST.dict(), by, number=row.number if row else None)
        saved = _save(request, form, is_new=row is None)
        if saved is not None:
            messages.success(request, f"Rating group {saved} is saved.")
            return redirect("rating-groups")
    else:
        form = RatingGroupForm.of(row, by)
    status = 422 if form.has_errors else 200
    return render(request, "plans/rating_group.html", _context(request, row, form), status=status)


def _save(request: TenantRequest, form: RatingGroupForm, *, is_new: bool) -> RatingGroup | None:
    if not form.validate():
        return None
    try:
        return services.save_rating_group(
            spec=form.spec, is_new=is_new, actor=request.actor, now=timezone.now()
        )
    except Invalid as refused:
        form.attach(refused.errors)
        return None


def _context(
    request: TenantRequest, row: RatingGroup | None, form: RatingGroupForm
) -> dict[str, Any]:
    return {"group": row, "form": form, "editable": request.actor.may(services.DESIGN)}
