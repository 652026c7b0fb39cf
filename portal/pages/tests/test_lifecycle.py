"""Settings › Account states, as an administrator's browser asks for it."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.lifecycle import USUAL, Cause, Lifecycle, State, Transition, lifecycle_of
from tests.factories import make_user

PATH = "/settings/account-states/"
pytestmark = pytest.mark.filterwarnings("ignore:No directory at")


@pytest.fixture
def http(northwind: Tenant) -> Client:
    client = Client()
    client.force_login(make_user(northwind, "admin"))
    return client


def as_sent(http: Client) -> dict[str, object]:
    """What the page would send without a change."""
    context = http.get(PATH).context
    sent: dict[str, object] = {"begin": context["form"]["begin"].value()}
    for form in [*(one for _, one in context["states"]), *context["rows"]]:
        for field in form:
            value = field.value()
            if value not in (None, False):
                sent[field.html_name] = "on" if value is True else value
            elif field.name in ("state", "cause", "to", "after_days"):
                sent[field.html_name] = ""
    return sent


def stored(tenant: Tenant) -> Lifecycle:
    with tenant_scope(tenant):
        return lifecycle_of(tenant)


def test_saving_what_is_shown_changes_nothing(http: Client, northwind: Tenant) -> None:
    assert http.post(PATH, as_sent(http)).status_code == 302

    assert stored(northwind) == USUAL


def test_states_and_transitions_are_saved_at_once(http: Client, northwind: Tenant) -> None:
    sent = as_sent(http) | {
        "begin": "pre_active",
        "grace-services": ["sms"],
        "row-4-state": "grace",
        "row-4-cause": "time",
        "row-4-after_days": "30",
        "row-4-to": "suspended",
    }
    del sent["suspended-may_top_up"]

    assert http.post(PATH, sent).status_code == 302

    saved = stored(northwind)
    assert saved.initial == "pre_active"
    assert saved.rules[State.GRACE].services == {"sms"}
    assert not saved.rules[State.SUSPENDED].may_top_up
    assert saved.transitions[4] == Transition(
        state="grace", cause=Cause.TIME, to="suspended", after_days=30
    )
    assert len(saved.transitions) == 5


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"row-4-state": "grace", "row-4-cause": "time"}, "Choose one, or empty the row."),
        (
            {"row-4-state": "grace", "row-4-cause": "time", "row-4-to": "active"},
            "Say after how many days",
        ),
        (
            {"row-4-state": "grace", "row-4-cause": "top_up", "row-4-to": "grace"},
            "It leads to where it comes from.",
        ),
    ],
)
def test_what_is_wrong_is_said(http: Client, northwind: Tenant, change, text: str) -> None:
    answer = http.post(PATH, as_sent(http) | change)

    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert stored(northwind) == USUAL
