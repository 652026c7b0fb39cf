"""Destinations: the groups with their prefixes, files of them, and what a number matches."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from plans.reference import selectors, services
from plans.reference.csv_rows import FILE_OCTETS_MAX
from plans.reference.importing import Imported, ImportMode, import_prefixes
from plans.reference.models import DestinationGroup, DestinationPrefix
from plans.reference.services import DestinationGroupSpec, StillUsed
from plans.views.reference_forms import show_errors
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import FieldError, Invalid

PAGE_SIZE: Final = 100
PREFIXES_SHOWN_MAX: Final = 200


class DestinationGroupForm(forms.Form):
    """A group as people type it; its code is asked for once."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Plans and files name the group by it. It never changes.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label="Name", max_length=80)
    number_class = forms.CharField(
        label="Class of its numbers",
        max_length=40,
        required=False,
        help_text="As mobile, fixed or premium; plans may price by it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_own_network = forms.BooleanField(
        label="Numbers of your own network: calls to them are on-net", required=False
    )

    def __init__(self, *args: Any, row: DestinationGroup | None, **kwargs: Any) -> None:
        initial = {} if row is None else {name: getattr(row, name) for name in self.base_fields}
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.row = row
        if row is not None:
            del self.fields["code"]

    def spec(self) -> DestinationGroupSpec:
        code = {"code": self.row.code} if self.row else {}
        return DestinationGroupSpec(**{**self.cleaned_data, **code})


class ImportForm(forms.Form):
    """A file and what it means."""

    file = forms.FileField(
        label="CSV file",
        help_text="With the columns group and prefix, and name for groups that may be new.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    mode = forms.ChoiceField(
        label="The file",
        choices=[
            (str(ImportMode.REPLACE), "replaces the prefixes of its groups"),
            (str(ImportMode.ADD), "adds to them"),
            (str(ImportMode.REMOVE), "removes its prefixes"),
        ],
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_OCTETS_MAX:
            raise forms.ValidationError(f"A file has at most {FILE_OCTETS_MAX // 2**20} MiB.")
        return file


# ── pages ────────────────────────────────────────────────────────────────────────────────────


@require_safe
@tenant_permission_required("plans.view")
def destination_list(request: TenantRequest) -> HttpResponse:
    """The groups with how many prefixes each has; and, asked for a number, those it is in."""
    return _list(request, ImportForm(initial={"mode": ImportMode.REPLACE}))


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def destination_import(request: TenantRequest) -> HttpResponse:
    """Take a file of prefixes, all of it or nothing."""
    if request.method != "POST":
        return redirect("destination-list")
    form = ImportForm(request.POST, request.FILES)
    errors: list[FieldError] = []
    if form.is_valid():
        try:
            done = import_prefixes(
                file=form.cleaned_data["file"],
                mode=ImportMode(form.cleaned_data["mode"]),
                actor=request.actor,
                now=timezone.now(),
            )
        except Invalid as refused:
            errors = refused.errors
        else:
            messages.success(request, told(done))
            return redirect("destination-list")
    return _list(request, form, errors=errors, status=422)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def destination_new(request: TenantRequest) -> HttpResponse:
    """Add a group, without prefixes."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.view", write="plans.design")
def destination_edit(request: TenantRequest, code: str) -> HttpResponse:
    """What a group says, and its first prefixes."""
    return _edit(request, _group_or_404(code))


@require_http_methods(["GET", "POST"])
@tenant_permission_required("plans.design")
def destination_delete(request: TenantRequest, code: str) -> HttpResponse:
    """GET: ask. POST: delete the group with its prefixes, unless a plan names it."""
    row = _group_or_404(code)
    refusal = ""
    if request.method == "POST":
        try:
            services.delete_destination_group(code=code, actor=request.actor, now=timezone.now())
        except StillUsed as error:
            refusal = str(error)
        else:
            messages.success(request, f"{row.name} is deleted.")
            return redirect("destination-list")
    context = {"group": row, "prefixes": _count(row), "refusal": refusal}
    status = 409 if refusal else 200
    return render(request, "plans/destination_delete.html", context, status=status)


# ── what they share ──────────────────────────────────────────────────────────────────────────


def told(done: Imported) -> str:
    """ "2 prefixes added and 1 removed; 3 were there already. New groups: es, es-mobile"."""
    if not done.is_change:
        return "Everything in the file was so already."
    noun = "prefix" if done.added == 1 else "prefixes"
    text = f"{done.added:,} {noun} added and {done.removed:,} removed."
    if done.new_groups:
        shown = ", ".join(done.new_groups[:5])
        more = len(done.new_groups) - 5
        text += f" New groups: {shown}{f' and {more:,} more' if more > 0 else ''}."
    return text


def _list(
    request: TenantRequest,
    form: ImportForm,
    *,
    errors: list[FieldError] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = Paginator(selectors.destination_groups(), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = selectors.prefix_counts()
    typed = request.GET.get("number", "").strip()[:80]
    context = {
        "page": page,
        "rows": [{"group": group, "prefixes": counts.get(group.pk, 0)} for group in page],
        "total": sum(counts.values()),
        "form": form,
        "errors": [{"id": "", "text": _worded(error)} for error in errors or ()],
        "may_design": request.actor.may(services.DESIGN),
        "typed": typed,
        **(_looked_up(typed) if typed else {}),
    }
    return render(request, "plans/destinations.html", context, status=status)


def _looked_up(typed: str) -> dict[str, Any]:
    """What a number typed into the page is in."""
    plan = selectors.numbering_plan()
    number = plan.digits(typed)
    return {
        "number": number,
        "is_emergency": plan.is_emergency(typed),
        "matches": selectors.prefixes_of(number) if number else [],
    }


def _worded(error: FieldError) -> str:
    return f"{error.path.capitalize()}: {error.message}"


def _edit(request: TenantRequest, row: DestinationGroup | None) -> HttpResponse:
    form = DestinationGroupForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_destination_group(
                spec=form.spec(), is_new=row is None, actor=request.actor, now=timezone.now()
            )
        except Invalid as refused:
            show_errors(form, refused)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("destination-list")
    shown = _prefixes(row) if row else []
    context = {
        "group": row,
        "form": form,
        "editable": request.actor.may(services.DESIGN),
        "prefixes": shown,
        "more": _count(row) - len(shown) if row else 0,
    }
    status = 422 if form.errors else 200
    return render(request, "plans/destination.html", context, status=status)


def _prefixes(row: DestinationGroup) -> list[str]:
    rows = DestinationPrefix.objects.filter(group=row).order_by("prefix", "pk")
    return list(rows.values_list("prefix", flat=True)[:PREFIXES_SHOWN_MAX])


def _count(row: DestinationGroup) -> int:
    return DestinationPrefix.objects.filter(group=row).count()


def _group_or_404(code: str) -> DestinationGroup:
    row = DestinationGroup.objects.filter(code=code).first()
    if row is None:
        raise Http404
    return row
