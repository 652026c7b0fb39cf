"""Review and publish, retire, a new draft, and throwing one away."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from plans import examples, selectors, services
from plans.checks import findings
from plans.conventions import conventions
from plans.designer.controls import posted_whole
from plans.diff import changes_between
from plans.models import PlanVersion
from plans.subscriber_counts import subscriber_counts
from plans.validation import validate_for_publishing
from plans.views.designer import page_context, plan_or_404, store_draft, version_or_404
from plans.wording import describe
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import FieldError, Invalid

UNREVIEWED = -1
"""Stands for no revision: nothing is published from a form that names none."""


@require_POST
@tenant_permission_required("plans.design")
def review(request: TenantRequest, code: str) -> HttpResponse:
    """Save the draft, then show what publishing it would change."""
    version, form, refusal = store_draft(request, code, shows_errors=True)
    if refusal is not None:
        return refusal
    if not request.htmx:
        return redirect("plan-publish", code=code, number=version.number)
    context = {**page_context(request, version, form), **_publish_context(request, version, [])}
    answer = render(request, "plans/_review.html", {**context, "refreshes_fields": True})
    answer["HX-Trigger"] = json.dumps({"draft:saved": {}})
    return answer


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.view", write="plans.publish")
def publish(request: TenantRequest, code: str, number: int) -> HttpResponse:
    """GET: the diff against the live version and the checks. POST: publish."""
    version = version_or_404(code, number)
    if request.method == "GET":
        return _publish_dialog(request, version, [])
    reviewed = posted_whole(request.POST.get("revision", ""))
    try:
        published = services.publish_version(
            version=version,
            revision=UNREVIEWED if reviewed is None else reviewed,
            actor=request.actor,
            now=timezone.now(),
        )
    except Invalid as refused:
        return _publish_dialog(request, version, refused.errors, status=422)
    except (services.NotADraft, services.DraftConflict) as changed:
        errors = [FieldError("", f"{changed} Look at it again before you publish.")]
        return _publish_dialog(request, version_or_404(code, number), errors, status=409)
    messages.success(request, f"{published} is published.")
    return _go_to(request, published)


def _publish_dialog(
    request: TenantRequest, version: PlanVersion, errors: list[FieldError], *, status: int = 200
) -> HttpResponse:
    template = "plans/_publish_dialog.html" if request.htmx else "plans/publish.html"
    context = _publish_context(request, version, errors)
    return render(request, template, context, status=status)


def _publish_context(
    request: TenantRequest, version: PlanVersion, errors: list[FieldError]
) -> dict[str, Any]:
    by = conventions(version.plan.code)
    spec = selectors.spec_of(version)
    live = selectors.published_version(version.plan)
    blocking = errors or validate_for_publishing(
        spec,
        rating_groups=by.metered,
        currency=by.currency,
        references=by.references,
    )
    blocking = blocking or examples.failures_of(version)
    return {
        "plan": version.plan,
        "version": version,
        "live": live,
        "live_subscribers": subscriber_counts([live.pk])[live.pk] if live else 0,
        "changes": changes_between(selectors.spec_of(live), spec, by) if live else [],
        "offer": describe(spec, by),
        "checks": findings(spec, by),
        "blocking": [{"id": "", "text": error.message} for error in blocking],
        "may_publish": request.actor.may(services.PUBLISH) and version.is_editable,
    }


@require_POST
@tenant_permission_required("plans.design")
def new_draft(request: TenantRequest, code: str) -> HttpResponse:
    """The next version as a copy of the live one; an existing draft is opened instead."""
    plan = plan_or_404(code)
    try:
        services.create_draft(plan=plan, actor=request.actor, now=timezone.now())
    except services.DraftExists as existing:
        messages.info(request, f"{existing.version} was being worked on already.")
    return redirect("plan-designer", code=code)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.publish")
def retire(request: TenantRequest, code: str, number: int) -> HttpResponse:
    """GET: ask. POST: stop selling the version."""
    version = version_or_404(code, number)
    if request.method == "GET":
        subscribers = subscriber_counts([version.pk])[version.pk]
        return _ask(request, version, "retire", subscribers=subscribers)
    try:
        services.retire_version(version=version, actor=request.actor, now=timezone.now())
    except services.NotPublished as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"{version} is retired.")
    return _go_to(request, version)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def discard(request: TenantRequest, code: str, number: int) -> HttpResponse:
    """GET: ask. POST: throw the draft away."""
    version = version_or_404(code, number)
    if request.method == "GET":
        return _ask(request, version, "discard", subscribers=0)
    try:
        services.discard_draft(version=version, actor=request.actor, now=timezone.now())
    except services.NotADraft as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"{version} is discarded.")
    plan_is_left = selectors.versions_of(version.plan).exists()
    address = reverse("plan-designer", args=[code]) if plan_is_left else reverse("plan-list")
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _ask(
    request: TenantRequest, version: PlanVersion, act: str, *, subscribers: int
) -> HttpResponse:
    context = {
        "version": version,
        "plan": version.plan,
        "act": act,
        "subscribers": subscribers,
        "action": reverse(f"plan-{act}", args=[version.plan.code, version.number]),
    }
    template = "plans/_ask_dialog.html" if request.htmx else "plans/ask.html"
    return render(request, template, context)


def _go_to(request: TenantRequest, version: PlanVersion) -> HttpResponse:
    address = reverse("plan-version", args=[version.plan.code, version.number])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
