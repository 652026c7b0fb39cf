"""The tabs of the account page: what each shows and who may open it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from charging.models import Bucket, LedgerEntry
from charging.pages.account_context import ledger_context
from charging.pages.keyset import page_of
from charging.pages.session_rows import session_rows
from charging.selectors import sessions_of
from charging.selectors.ledger import CHANGES
from notifications.models import NotificationEvent
from notifications.told import told
from portal.tenancy.actor import Actor
from portal.tenancy.models import AuditEntry
from portal.tenancy.requests import TenantRequest
from subscribers.models import Account
from subscribers.selectors import plan_history

PAGE_SIZE: Final = 25
_KINDS: Final = [(CHANGES, "Changes"), ("all", "All, with reservations"), *LedgerEntry.Kind.choices]

Context = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab; `context` reads what its template shows."""

    name: str
    label: str
    permission: str
    context: Callable[[Account, Mapping[str, Any]], Context]

    @property
    def template(self) -> str:
        return f"subscribers/_tab_{self.name}.html"

    def link(self, *, current: bool) -> dict[str, str]:
        return {
            "label": self.label,
            "url": f"?tab={self.name}",
            "current": "yes" if current else "",
        }


def visible_tabs(actor: Actor) -> list[Tab]:
    """The tabs this person may open; the ledger is among them for everybody on the page."""
    return [tab for tab in TABS if actor.may(tab.permission)]


def tab_context(tab: Tab, account: Account, request: TenantRequest) -> Context:
    """What the tab shows, narrowed and paged by the request's query."""
    return tab.context(account, request.GET)


def _ledger(account: Account, query: Mapping[str, Any]) -> Context:
    buckets = Bucket.objects.filter(account=account).order_by("service", "-pk")
    return {"buckets": list(buckets), "kinds": _KINDS, **ledger_context(account, query=query)}


def _sessions(account: Account, query: Mapping[str, Any]) -> Context:
    page = page_of(sessions_of(account=account), query, size=PAGE_SIZE)
    return {"page": page, "session_rows": session_rows(page.rows), "explain_target": True}


def _notifications(account: Account, query: Mapping[str, Any]) -> Context:
    events = NotificationEvent.objects.filter(account_key=account.pk)
    page = page_of(events, query, size=PAGE_SIZE)
    return {"page": page, "told_events": [told(event, account.tenant) for event in page.rows]}


def _plans(account: Account, query: Mapping[str, Any]) -> Context:
    return {"history": list(plan_history(account))}


def _audit(account: Account, query: Mapping[str, Any]) -> Context:
    entries = AuditEntry.objects.filter(subject_type="account", subject_id=account.public_id)
    return {"page": page_of(entries, query, size=PAGE_SIZE)}


TABS: Final = [
    Tab(name="ledger", label="Ledger", permission="subscribers.view", context=_ledger),
    Tab(name="sessions", label="Sessions", permission="charging.view", context=_sessions),
    Tab(
        name="notifications",
        label="Notifications",
        permission="notifications.view",
        context=_notifications,
    ),
    Tab(name="plans", label="Plans", permission="subscribers.view", context=_plans),
    Tab(name="audit", label="Audit", permission="audit.view", context=_audit),
]
