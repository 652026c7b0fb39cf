"""The API reference page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from notifications.event_types import EVENT_TYPES
from portal.api.problems import PROBLEM_TYPES
from portal.api.reference import operations
from portal.tenancy import clients
from portal.tenancy.actor import SYSTEM
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from tests.factories import make_user

DOCS = "/api/v1/docs/"


@pytest.fixture
def page(db):
    return Client().get(DOCS).text


def test_anybody_may_read_it(db):
    assert Client().get(DOCS).status_code == 200


def test_it_has_a_section_for_every_call_problem_scope_and_event(page):
    for call in operations():
        assert f'id="{call.id}"' in page
    for problem in PROBLEM_TYPES.values():
        assert f'id="{problem.uri.partition("#")[2]}"' in page
    for name in [*CLIENT_SCOPES, *EVENT_TYPES]:
        assert f"<code>{name}</code>" in page


def test_the_samples_go_to_where_the_page_was_read(db):
    page = Client().get(DOCS, headers={"Host": "charging.northwind.example"}).text

    assert "http://charging.northwind.example/api/v1/plans/" in page
    assert "ws://charging.northwind.example/ws/v1/events/" in page


def test_the_operators_own_client_is_filled_in_for_who_manages_clients(northwind):
    with tenant_scope(northwind):
        clients.create_client(
            name="CRM",
            scopes=["plans.view"],
            actor=SYSTEM,
            now=datetime.now(UTC),
            client_id="crm-northwind",
        )
    for role, sees in (("admin", True), ("support", False)):
        http = Client()
        http.force_login(make_user(northwind, role))
        assert ("crm-northwind" in http.get(DOCS).text) is sees
