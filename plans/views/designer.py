"""The designer: a draft edited in place, or a frozen version shown the same way.

Every answer to htmx is made of the page's own parts; without JavaScript the same addresses
answer whole pages.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from plans import selectors, services
from plans.conventions import conventions
from plans.designer.aside import aside_of
from plans.designer.controls import posted_whole
from plans.designer.form import DraftForm
from plans.designer.new_rows import new_row
from plans.diff import changes_between
from plans.models import Plan, PlanVersion
from plans.subscriber_counts import subscriber_counts
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid

PAGE = "plans/designer.html"
ROW_TEMPLATES = {
    "basics": "plans/designer/_basics.html",
    "allowances": "plans/designer/_allowance.html",
    "rates": "plans/designer/_rate.html",
}
ALLOWANCE_SERVICES = [
    ("data", "world", "data"),
    ("voice", "phone", "voice"),
    ("sms", "message", "SMS"),
    ("money", "coin", "money"),
]
"""Service, icon and word of the buttons that add a row."""


# ── pages ────────────────────────────────────────────────────────────────────────────────────


@require_GET
@tenant_permission_required("plans.view")
def plan_designer(request: TenantRequest, code: str) -> HttpResponse:
    """A plan's draft, else its live version, else its newest."""
    plan = plan_or_404(code)
    version = (
        selectors.draft_version(plan)
        or selectors.published_version(plan)
        or selectors.with_parts(selectors.versions_of(plan)).first()
    )
    if version is None:
        raise Http404
    return _show(request, version)


@require_GET
@tenant_permission_required("plans.view")
def plan_version(request: TenantRequest, code: str, number: int) -> HttpResponse:
    """One version by its number."""
    return _show(request, version_or_404(code, number))


def _show(request: TenantRequest, version: PlanVersion) -> HttpResponse:
    return render(request, PAGE, page_context(request, version, _form_of(version)))


def _form_of(version: PlanVersion) -> DraftForm:
    return DraftForm.of(
        version.plan, version, selectors.spec_of(version), conventions(version.plan.code)
    )


# ── saving ───────────────────────────────────────────────────────────────────────────────────


@require_POST
@tenant_permission_required("plans.design")
def save_draft(request: TenantRequest, code: str) -> HttpResponse:
    """Save what was typed: quietly by itself, or because somebody pressed Save (`explicit`)."""
    is_explicit = "explicit" in request.POST or "over_revision" in request.POST
    version, form, refusal = store_draft(request, code, shows_errors=is_explicit)
    if refusal is not None:
        return refusal
    if not request.htmx:
        return redirect("plan-designer", code=code)
    context = page_context(request, version, form)
    context["refreshes_fields"] = is_explicit
    answer = render(request, "plans/_saved.html", context)
    if is_explicit:
        answer["HX-Trigger"] = json.dumps({"toast": {"text": "Draft saved"}})
    return answer


def store_draft(
    request: TenantRequest, code: str, *, shows_errors: bool
) -> tuple[PlanVersion, DraftForm, HttpResponse | None]:
    """Save the posted form; the answer is one that says why it could not be saved, or None."""
    version = selectors.draft_version(plan_or_404(code))
    if version is None:
        raise Http404
    form = _posted_form(request, code, version)
    if form.validate():
        try:
            version = services.save_draft(
                version=version,
                spec=form.spec,
                revision=_revision_of(request, form),
                name=form.name.value,
                description=form.description.value,
                actor=request.actor,
                now=timezone.now(),
            )
        except services.DraftConflict as conflict:
            return version, form, _conflict(request, conflict.version, form)
        except services.NotADraft as frozen:
            return version, form, _frozen(request, frozen.version)
        except Invalid as refused:
            form.attach(refused.errors)
        else:
            form.revision = version.revision
            return version, form, None
    return version, form, _refused(request, version, form, shows_errors=shows_errors)


def _posted_form(request: TenantRequest, code: str, version: PlanVersion | None) -> DraftForm:
    """What was typed, over the draft as it was saved."""
    kept = selectors.spec_of(version) if version else None
    return DraftForm(request.POST.dict(), conventions(code), kept)


def _revision_of(request: TenantRequest, form: DraftForm) -> int:
    """The revision the form was filled from, or the one somebody chose to save over."""
    over = posted_whole(request.POST.get("over_revision", ""))
    return form.revision if over is None else over


def _refused(
    request: TenantRequest, version: PlanVersion, form: DraftForm, *, shows_errors: bool
) -> HttpResponse:
    """422 with the fields as they were typed; a quiet save only says how many are wrong."""
    context = page_context(request, version, form)
    context["shows_errors"] = shows_errors
    template = "plans/_refused.html" if request.htmx else PAGE
    return render(request, template, context, status=422)


def _conflict(request: TenantRequest, theirs: PlanVersion, form: DraftForm) -> HttpResponse:
    """409: what they changed, and the choice between theirs and mine. Nothing typed is lost."""
    context = page_context(request, theirs, form)
    context["conflict"] = {
        "version": theirs,
        "changes": changes_between(selectors.spec_of(theirs), form.spec, form.by),
    }
    template = "plans/_conflict.html" if request.htmx else PAGE
    return render(request, template, context, status=409)


def _frozen(request: TenantRequest, version: PlanVersion) -> HttpResponse:
    """409: the draft became a published version while it was edited here."""
    context = {"frozen": version, "version": version}
    return render(request, "plans/_conflict.html", context, status=409)


# ── while typing ─────────────────────────────────────────────────────────────────────────────


@require_POST
@tenant_permission_required("plans.design")
def validate_field(request: TenantRequest, code: str) -> HttpResponse:
    """The row of the field `f` that was left, with this field's message and no other."""
    name = request.GET.get("f", "")
    version = selectors.draft_version(plan_or_404(code))
    form = _posted_form(request, code, version)
    form.validate()
    form.keep_error_of(name)
    row = form.row_of(name)
    context = {"form": form, "row": row, "by": form.by, "version": version, "editable": True}
    return render(request, ROW_TEMPLATES[row.prefix if row else "basics"], context)


@require_POST
@tenant_permission_required("plans.view")
def preview(request: TenantRequest, code: str) -> HttpResponse:
    """The aside and the examples beside the rates for what is typed right now."""
    form = _posted_form(request, code, selectors.draft_version(plan_or_404(code)))
    form.validate()
    aside = aside_of(form, request.POST.dict())
    context = {"form": form, "aside": aside, "by": form.by, "with_examples": True}
    return render(request, "plans/designer/_aside.html", context)


@require_POST
@tenant_permission_required("plans.view")
def version_preview(request: TenantRequest, code: str, number: int) -> HttpResponse:
    """The aside of a saved version, for another profile."""
    version = version_or_404(code, number)
    form = _form_of(version)
    aside = aside_of(form, request.POST.dict())
    return render(request, "plans/designer/_aside.html", {"aside": aside, "by": form.by})


@require_GET
@tenant_permission_required("plans.design")
def row(request: TenantRequest, kind: str) -> HttpResponse:
    """A new row for the end of a list: allowance, rate or threshold."""
    by = conventions()
    made = new_row(kind, request.GET, by)
    if made is None:
        raise Http404
    context = {"row": made, "mark": made, "by": by, "editable": True, "is_new": True}
    return render(request, f"plans/designer/_{kind}.html", context)


# ── what the page shows ──────────────────────────────────────────────────────────────────────


def page_context(request: TenantRequest, version: PlanVersion, form: DraftForm) -> dict[str, Any]:
    """Everything that the designer's templates read."""
    versions = list(selectors.versions_of(version.plan))
    live = next((row for row in versions if row.state == PlanVersion.State.PUBLISHED), None)
    counts = subscriber_counts([row.pk for row in versions])
    may_design = request.actor.may(services.DESIGN)
    editable = version.is_editable and may_design
    return {
        "plan": version.plan,
        "version": version,
        "versions": versions,
        "live": live,
        "subscribers": counts[version.pk],
        "live_subscribers": counts[live.pk] if live else 0,
        "form": form,
        "by": form.by,
        "editable": editable,
        "may_design": may_design,
        "may_publish": request.actor.may(services.PUBLISH),
        "has_draft": any(row.state == PlanVersion.State.DRAFT for row in versions),
        "shows_errors": True,
        "allowance_services": ALLOWANCE_SERVICES,
        "rate_services": ALLOWANCE_SERVICES[:3],
        "aside": aside_of(form, {}),
        "preview_url": _preview_url(version, editable=editable),
    }


def _preview_url(version: PlanVersion, *, editable: bool) -> str:
    code = version.plan.code
    if editable:
        return reverse("plan-preview", args=[code])
    return reverse("plan-version-preview", args=[code, version.number])


def plan_or_404(code: str) -> Plan:
    try:
        return selectors.find_plan(code)
    except Plan.DoesNotExist as error:
        raise Http404 from error


def version_or_404(code: str, number: int) -> PlanVersion:
    try:
        return selectors.find_version(code, number)
    except PlanVersion.DoesNotExist as error:
        raise Http404 from error
