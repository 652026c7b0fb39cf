"""Charging sessions: the list, the ladder of one, and its explanation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from charging.engine.values import Result
from charging.models import ChargingSession
from charging.pages.keyset import page_of
from charging.pages.ladder import ladder_of
from charging.pages.session_rows import explained_session, lasted, session_rows, used_by
from charging.selectors import (
    SessionDetail,
    SessionFilter,
    list_sessions,
    reversals_of,
    session_detail,
)
from plans.models import RatingGroup
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from subscribers.selectors import find_device

PAGE_SIZE = 25


@require_GET
@tenant_permission_required("charging.view")
@vary_on_headers("HX-Request")
def session_list(request: TenantRequest) -> HttpResponse:
    """All sessions, narrowed by state, result, device and the days on which they opened."""
    wanted, complaints = _read_filter(request)
    page = page_of(list_sessions(wanted), request.GET, size=PAGE_SIZE)
    context = {
        "page": page,
        "session_rows": session_rows(page.rows),
        "wanted": wanted,
        "complaints": complaints,
        "is_filtered": any(request.GET.get(name) for name in _FILTERS),
        "states": ChargingSession.State.choices,
        "results": [result.value for result in Result],
        "query": request.GET,
    }
    template = "charging/session_list.html"
    is_fragment = request.htmx and not request.htmx.boosted
    return render(request, f"{template}#rows" if is_fragment else template, context)


@require_GET
@tenant_permission_required("charging.view")
def session(request: TenantRequest, ref: str) -> HttpResponse:
    """One session: every message, what was used, granted and charged, and why."""
    detail = _detail_or_404(ref)
    found = detail.session
    groups = {group.number: group for group in RatingGroup.objects.all()}
    context = {
        "session": found,
        "account": found.account,
        "rungs": ladder_of(detail),
        "used": used_by(found, groups),
        "lasted": lasted(found, timezone.now()),
        "reversals": list(reversals_of(found)),
    }
    return render(request, "charging/session.html", context)


@require_GET
@tenant_permission_required("charging.view")
def session_explain(request: TenantRequest, ref: str) -> HttpResponse:
    """The card that explains a session's last messages; a plain visit goes to the session."""
    if not request.htmx:
        return redirect("session", ref)
    context = {"explained": explained_session(_detail_or_404(ref))}
    return render(request, "charging/_explain_card.html", context)


_FILTERS = ("state", "result", "device", "from", "to")


def _detail_or_404(ref: str) -> SessionDetail:
    detail = session_detail(ref)
    if detail is None:
        raise Http404("no such session")
    return detail


def _read_filter(request: TenantRequest) -> tuple[SessionFilter, dict[str, str]]:
    """What the query asks for, and what in it is no date."""
    query, complaints = request.GET, {}
    days: dict[str, datetime | None] = {}
    for name, days_on in (("from", 0), ("to", 1)):
        try:
            days[name] = _midnight(request, query.get(name, ""), days_on=days_on)
        except (ValueError, OverflowError):
            days[name], complaints[name] = None, "Enter a date, such as 2026-03-31."
    state, result = query.get("state", ""), query.get("result", "")
    wanted = SessionFilter(
        state=state if state in ChargingSession.State.values else "",
        result=result if result in set(Result) else "",
        device=_device_id(query.get("device", "").strip()),
        opened_from=days["from"],
        opened_before=days["to"],
    )
    return wanted, complaints


def _device_id(text: str) -> str:
    """The id of the device that a number or id names; what nobody knows finds nothing."""
    found = find_device(text) if text else None
    return found.public_id if found else text.replace("\0", "")


def _midnight(request: TenantRequest, text: str, *, days_on: int) -> datetime | None:
    """The beginning of the day `days_on` days later, in the tenant's zone.

    Raises ValueError, and OverflowError at the ends of the calendar.
    """
    if not text:
        return None
    day = date.fromisoformat(text) + timedelta(days=days_on)
    local = datetime(day.year, day.month, day.day, tzinfo=request.tenant.zone)
    return local.astimezone(UTC)
