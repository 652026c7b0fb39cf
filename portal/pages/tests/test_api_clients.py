"""Settings › API clients in the browser's requests."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from portal.tenancy import clients
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import ApiClient
from portal.tenancy.scope import tenant_scope
from tests.factories import make_user

PAGE = "/settings/api-clients/"


class Browser:
    """A signed-in person; dialogs are asked for as htmx does."""

    def __init__(self, tenant, role="admin"):
        self.http = Client()
        self.http.force_login(make_user(tenant, role))

    def get(self, path=""):
        return self.http.get(PAGE + path, headers={"HX-Request": "true"})

    def post(self, path, **form):
        return self.http.post(PAGE + path, form, headers={"HX-Request": "true"})


@pytest.fixture
def admin(northwind):
    return Browser(northwind)


@pytest.fixture
def crm(northwind):
    with tenant_scope(northwind):
        return clients.create_client(
            name="CRM",
            scopes=["plans.view"],
            actor=SYSTEM,
            now=datetime.now(UTC),
            client_id="crm-1",
        )


def stored(tenant, client_id="crm-1"):
    with tenant_scope(tenant):
        return ApiClient.objects.get(client_id=client_id)


def ask_token(client_id, secret):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    body = "&".join(f"{name}={text}" for name, text in form.items())
    kind = "application/x-www-form-urlencoded"
    return Client().post("/oauth/token/", body, content_type=kind).status_code


def test_without_clients_the_page_says_what_they_are_for(admin):
    page = admin.http.get(PAGE)

    assert page.status_code == 200
    assert "No API client yet" in page.text


def test_the_page_lists_clients_with_their_scopes(admin, crm):
    page = admin.http.get(PAGE).text

    assert "CRM" in page
    assert "crm-1" in page
    assert "plans.view" in page
    assert "never" in page


def test_a_new_client_shows_its_secret_once(admin, northwind):
    answer = admin.post("new/", name="Warehouse", scopes=["plans.view", "notifications.view"])

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    with tenant_scope(northwind):
        client = ApiClient.objects.get(name="Warehouse")
    assert client.scopes == ["notifications.view", "plans.view"]
    secret = re.search(r"client_secret=(\S+?)<", answer.text)[1]
    assert ask_token(client.client_id, secret) == 200
    assert secret not in admin.http.get(PAGE).text


def test_a_refused_form_keeps_what_was_typed(admin, northwind):
    answer = admin.post("new/", name="Warehouse")

    assert answer.status_code == 422
    assert "Choose at least one scope" in answer.text
    assert 'value="Warehouse"' in answer.text
    with tenant_scope(northwind):
        assert not ApiClient.objects.exists()


def test_scopes_are_changed(admin, crm, northwind):
    assert "checked" in admin.get("crm-1/").text

    answer = admin.post("crm-1/", name="CRM 2", scopes=["plans.view", "plans.design"])

    assert "dialog:close" in json.loads(answer["HX-Trigger"])
    assert stored(northwind).name == "CRM 2"
    assert stored(northwind).scopes == ["plans.design", "plans.view"]


def test_a_new_secret_replaces_the_old_one(admin, crm, northwind):
    assert admin.get("crm-1/secret/").status_code == 200

    answer = admin.post("crm-1/secret/")

    secret = re.search(r"client_secret=(\S+?)<", answer.text)[1]
    assert ask_token("crm-1", secret) == 200
    assert ask_token("crm-1", crm[1]) == 401


def test_a_client_is_disabled_and_enabled(admin, crm, northwind):
    assert admin.get("crm-1/disable/").status_code == 200

    admin.post("crm-1/disable/")
    assert not stored(northwind).is_enabled
    admin.post("crm-1/enable/")
    assert stored(northwind).is_enabled


def test_looking_at_a_dialog_changes_nothing(admin, crm, northwind):
    before = stored(northwind)
    for path in ("crm-1/", "crm-1/secret/", "crm-1/disable/", "new/"):
        admin.get(path)

    after = stored(northwind)
    assert (after.client_secret, after.is_enabled) == (before.client_secret, before.is_enabled)


@pytest.mark.parametrize("path", ["", "new/", "crm-1/", "crm-1/secret/", "crm-1/disable/"])
def test_only_those_who_manage_the_tenant_may_come(northwind, contoso, crm, path):
    assert Browser(northwind, "support").get(path).status_code == 403
    assert Client().get(PAGE + path).status_code == 302
    expected = 404 if path.startswith("crm") else 200
    assert Browser(contoso).get(path).status_code == expected


def test_another_operators_client_is_not_touched(northwind, contoso, crm):
    stranger = Browser(contoso)
    for path in ("crm-1/secret/", "crm-1/disable/", "crm-1/enable/"):
        assert stranger.post(path).status_code == 404

    assert stored(northwind).is_enabled
    assert ask_token("crm-1", crm[1]) == 200
