"""The palette's search: plans, accounts by any number, sessions, pages and actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.views.decorators.http import require_safe

from charging.models import ChargingSession
from plans.models import Plan
from portal.tenancy.actor import Actor
from portal.tenancy.permissions import declared_permission, lets_in, membership_required
from portal.tenancy.requests import TenantRequest
from subscribers.identities import digits_typed, format_msisdn
from subscribers.models import Device
from subscribers.search import last_digits
from subscribers.selectors import search_accounts

LENGTH_MIN: Final = 2
PLANS_SHOWN: Final = 5
ACCOUNTS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One line of the palette."""

    url: str
    title: str
    icon: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Something to do or to open that is in no list; who may follows from its view."""

    title: str
    url_name: str
    icon: str


ACTIONS: Final = (
    Place("New plan", "plan-new", "plus"),
    Place("New account", "account-new", "plus"),
    Place("Add a person", "member-new", "plus"),
    Place("New role", "role-new", "plus"),
    Place("Change my password", "password-change", "lock"),
    Place("People", "member-list", "users"),
    Place("Roles and permissions", "role-list", "key"),
    Place("Operator settings", "operator-settings", "building"),
    Place("Charging function", "charger-settings", "bolt"),
)


@membership_required
@require_safe
def search(request: TenantRequest) -> HttpResponse:
    """The lines for `?q=`, in groups; nothing below two characters."""
    text = request.GET.get("q", "").strip()
    groups = list(_groups(text, request.actor)) if len(text) >= LENGTH_MIN else []
    return render(request, "portal/_palette_results.html", {"groups": groups})


def _groups(text: str, actor: Actor) -> Iterator[dict[str, object]]:
    for label, results in (
        ("Accounts", _accounts(text) if actor.may("subscribers.view") else ()),
        ("Plans", _plans(text) if actor.may("plans.view") else ()),
        ("Charging sessions", _sessions(text) if actor.may("charging.view") else ()),
        ("Actions", _actions(text, actor)),
    ):
        if found := list(results):
            yield {"label": label, "results": found}


def _accounts(text: str) -> Iterator[Found]:
    devices = Prefetch("devices", Device.objects.order_by("pk"))
    for account in search_accounts(text).prefetch_related(devices)[:ACCOUNTS_SHOWN]:
        yield Found(
            url=reverse("account", args=[account.public_id]),
            title=account.name or account.public_id,
            detail=_number_that_matches(account.devices.all(), text) or account.public_id,
            icon="user",
        )


def _number_that_matches(devices: Iterable[Device], text: str) -> str:
    """What of the account was probably meant: the number typed, else its first."""
    digits, end, found = digits_typed(text), last_digits(text), list(devices)
    for device in found:
        if digits and device.imsi.startswith(digits) and not device.msisdn.startswith(digits):
            return f"IMSI {device.imsi}"
        if digits and device.msisdn.startswith(digits):
            return format_msisdn(device.msisdn)
        if end and device.msisdn.endswith(end):
            return format_msisdn(device.msisdn)
    return next((format_msisdn(device.msisdn) for device in found if device.msisdn), "")


def _plans(text: str) -> Iterator[Found]:
    plans = Plan.objects.filter(Q(name__icontains=text) | Q(code__icontains=text))
    for plan in plans.order_by("name", "pk")[:PLANS_SHOWN]:
        url = reverse("plan-designer", args=[plan.code])
        yield Found(url=url, title=plan.name, detail=plan.code, icon="category")


def _sessions(text: str) -> Iterator[Found]:
    for session in ChargingSession.objects.select_related("device").filter(ref=text):
        url = reverse("session", args=[session.ref])
        yield Found(
            url=url, title=f"Session of {session.device}", detail=session.state, icon="bolt"
        )


def _actions(text: str, actor: Actor) -> Iterator[Found]:
    for place in ACTIONS:
        if text.lower() not in place.title.lower():
            continue
        url = reverse(place.url_name)
        if lets_in(actor, declared_permission(resolve(url).func)):
            yield Found(url=url, title=place.title, icon=place.icon)
