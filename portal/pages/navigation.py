"""What the shell shows around every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.functional import SimpleLazyObject

from portal.tenancy.actor import Actor
from portal.tenancy.permissions import declared_permission, lets_in


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the navigation; who sees it follows from what its view declares."""

    label: str
    url_name: str
    icon: str
    shortcut: str = ""


NAVIGATION: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    ("", (Entry("Overview", "overview", "activity", "g o"),)),
    (
        "Design",
        (
            Entry("Plans", "plan-list", "category", "g p"),
            Entry("Rating groups", "rating-groups", "list-details", "g r"),
            Entry("Destinations", "destination-list", "phone"),
            Entry("Zones", "zone-list", "world"),
            Entry("Holidays", "holiday-list", "sun"),
        ),
    ),
    (
        "Operate",
        (
            Entry("Accounts", "account-list", "users", "g a"),
            Entry("Phone emulator", "phone-list", "device-mobile", "g e"),
            Entry("Charging sessions", "session-list", "bolt", "g s"),
            Entry("Notifications", "notification-list", "bell", "g n"),
        ),
    ),
    (
        "Build",
        (
            Entry("API clients", "api-clients", "key", "g k"),
            Entry("Webhooks", "webhook-list", "rocket", "g w"),
            Entry("API reference", "api-docs", "api", "g d"),
            Entry("Audit log", "audit-log", "history", "g l"),
            Entry("Settings", "settings", "settings", "g t"),
        ),
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context: the tenant, the operators to switch between, and the navigation."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "hears_events": actor is not None and actor.may("notifications.view"),
        "tenant": getattr(request, "tenant", None),
        "tenants": getattr(request, "own_tenants", []),
        "nav": SimpleLazyObject(lambda: navigation(request)),
    }


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the pages that the actor may open; empty before the sign-in."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return []
    groups = [
        {"label": label, "links": [link for entry in entries if (link := _link(entry, actor))]}
        for label, entries in NAVIGATION
    ]
    _mark_current(groups, request.path)
    return [group for group in groups if group["links"]]


def _link(entry: Entry, actor: Actor) -> dict[str, Any] | None:
    url = reverse(entry.url_name)
    if not lets_in(actor, declared_permission(resolve(url).func)):
        return None
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        "shortcut": entry.shortcut,
        "current": False,
    }


def _mark_current(groups: list[dict[str, Any]], path: str) -> None:
    """The entry whose address the page's begins with; of several the longest."""
    links = [link for group in groups for link in group["links"]]
    above = [link for link in links if path == link["url"] or path.startswith(link["url"])]
    here = [link for link in above if link["url"] != "/" or path == "/"]
    if here:
        max(here, key=lambda link: len(link["url"]))["current"] = True
