"""The plan list, and the page on which a plan begins."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from plans import services
from plans.catalogue import SORTS, STATES, add_words, list_plans
from plans.conventions import conventions
from plans.designer.controls import Control, clean_text
from plans.templates_catalogue import TEMPLATES
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid

PAGE_SIZE = 50
CODE_MAX = 40


@require_GET
@tenant_permission_required("plans.view")
@vary_on_headers("HX-Request")
def plan_list(request: TenantRequest) -> HttpResponse:
    """All plans, searched, filtered and sorted by the query."""
    search = clean_text(request.GET.get("q", ""))
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    sort = request.GET.get("sort", "name")
    sort = sort if sort in SORTS else "name"
    rows = list_plans(search=search, state=state, sort=sort)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    add_words(page.object_list, conventions())
    context = {
        "page": page,
        "count": len(rows),
        "search": search,
        "state": state,
        "sort": sort,
        "states": STATES.items(),
        "sorts": [(code, label) for code, (label, _, _) in SORTS.items()],
        "is_filtered": bool(search or state),
        "templates": TEMPLATES.values(),
        "query": {"q": search, "state": state, "sort": sort},
        "may_design": request.actor.may(services.DESIGN),
    }
    fragment = "#rows" if request.htmx and not request.htmx.boosted else ""
    return render(request, f"plans/plan_list.html{fragment}", context)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def plan_new(request: TenantRequest) -> HttpResponse:
    """Name a plan and choose what it starts from; it opens in the designer."""
    name = Control(name="name", paths=("name",))
    code = Control(name="code", paths=("code",))
    chosen = request.GET.get("template", "")
    if request.method == "POST":
        name.value = clean_text(request.POST.get("name", ""))
        code.value = clean_text(request.POST.get("code", ""))
        chosen = request.POST.get("template", "")
        try:
            return _create(name.value, code.value, chosen, request)
        except Invalid as refused:
            _attach(refused, name, code)
    elif chosen in TEMPLATES:
        name.value = TEMPLATES[chosen].name
    context = {
        "name": name,
        "code": code,
        "chosen": chosen,
        "templates": TEMPLATES.values(),
        "error_links": [
            {"id": control.id, "text": control.error} for control in (name, code) if control.error
        ],
    }
    status = 422 if context["error_links"] else 200
    return render(request, "plans/plan_new.html", context, status=status)


def _create(name: str, code: str, template: str, request: TenantRequest) -> HttpResponse:
    by = conventions()
    plan = services.create_plan(
        code=code or slugify(name)[:CODE_MAX].strip("-"),
        name=name,
        spec=TEMPLATES[template].build(by) if template in TEMPLATES else None,
        actor=request.actor,
        now=timezone.now(),
    )
    return redirect("plan-designer", code=plan.code)


def _attach(refused: Invalid, name: Control, code: Control) -> None:
    by_path = {error.path: error.message for error in reversed(refused.errors)}
    name.error = "Give the plan a name." if not name.value else by_path.get("name", "")
    if name.value or code.value:
        code.error = by_path.get("code", "")
    if not name.error and not code.error:
        code.error = refused.errors[0].message
