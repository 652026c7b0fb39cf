"""The token endpoint, as a system meets it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from oauth2_provider.models import AccessToken

from portal.tenancy import clients, tokens
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import ApiClient
from portal.tenancy.oauth.views import _OF_CLIENT
from portal.tenancy.scope import tenant_scope

SCOPES = ["charging.n40", "plans.view", "subscribers.view"]


@pytest.fixture
def crm(northwind):
    """Northwind's CRM system: its client and its secret."""
    cache.clear()
    with tenant_scope(northwind):
        return clients.create_client(
            name="CRM", scopes=SCOPES, actor=SYSTEM, now=datetime.now(UTC), client_id="crm"
        )


def ask(path="/oauth/token/", basic=None, **form):
    headers = {}
    if basic:
        encoded = base64.b64encode(":".join(basic).encode()).decode()
        headers["Authorization"] = f"Basic {encoded}"
    body = "&".join(f"{name}={text}" for name, text in form.items())
    return Client().post(
        path, body, content_type="application/x-www-form-urlencoded", headers=headers
    )


def ask_token(secret, client_id="crm", **form):
    return ask(grant_type="client_credentials", client_id=client_id, client_secret=secret, **form)


def read_plans(token):
    return Client().get("/api/v1/plans/", headers={"Authorization": f"Bearer {token}"})


def test_the_form_brings_a_token_for_all_of_the_clients_scopes(crm, northwind):
    client, secret = crm

    answer = ask_token(secret)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    assert body["scope"].split() == SCOPES
    claims = tokens.verify(body["access_token"])
    assert (claims.tenant_id, claims.client_key) == (northwind.pk, client.pk)
    assert claims.scopes == set(SCOPES)
    assert claims.expires_at - claims.issued_at <= timedelta(seconds=900)


def test_http_basic_brings_one_too(crm):
    answer = ask(basic=("crm", crm[1]), grant_type="client_credentials")

    assert answer.status_code == 200


def test_the_token_opens_the_api_of_its_tenant(crm):
    token = ask_token(crm[1]).json()["access_token"]

    assert read_plans(token).status_code == 200


def test_no_token_is_stored(crm):
    ask_token(crm[1])

    assert not AccessToken.objects.exists()


def test_the_secret_is_stored_hashed(crm, northwind):
    with tenant_scope(northwind):
        stored = ApiClient.objects.get(client_id="crm").client_secret

    assert stored
    assert crm[1] not in stored


def test_scopes_are_what_was_asked_for_and_granted(crm):
    body = ask_token(crm[1], scope="plans.view+plans.publish").json()

    assert body["scope"] == "plans.view"
    assert tokens.verify(body["access_token"]).scopes == {"plans.view"}


def test_the_scope_of_the_charging_service_is_the_permission_for_n40(crm):
    body = ask_token(crm[1], scope="nchf-convergedcharging").json()

    assert body["scope"] == "nchf-convergedcharging"
    assert tokens.verify(body["access_token"]).scopes == {"charging.n40"}


@pytest.mark.parametrize("scope", ["everything", "plans.view+everything", "plans.publish"])
def test_unknown_and_ungranted_scopes_are_refused(crm, scope):
    answer = ask_token(crm[1], scope=scope)

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("client_id", "secret"), [("crm", "wrong"), ("nobody", "wrong"), ("", ""), ("c%00m", "wrong")]
)
def test_wrong_credentials_are_refused_alike(crm, client_id, secret):
    answer = ask_token(secret, client_id=client_id)

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "WWW-Authenticate" in answer


def test_malformed_basic_credentials_are_refused(crm):
    for broken in ("Basic", "Basic %%%", "Basic Y3Jt", "Basic /w=="):
        answer = Client().post(
            "/oauth/token/",
            "grant_type=client_credentials",
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": broken},
        )
        assert answer.status_code == 401


def test_a_disabled_client_is_refused_and_its_tokens_end(crm, northwind):
    client, secret = crm
    token = ask_token(secret).json()["access_token"]
    with tenant_scope(northwind):
        clients.disable_client(client=client, actor=SYSTEM, now=datetime.now(UTC))

    assert ask_token(secret).json()["error"] == "invalid_client"
    assert read_plans(token).status_code == 401


def test_a_rotated_secret_ends_the_old_one_and_its_tokens(crm, northwind):
    client, old = crm
    token = ask_token(old).json()["access_token"]
    with tenant_scope(northwind):
        new = clients.rotate_secret(client=client, actor=SYSTEM, now=datetime.now(UTC))

    assert ask_token(old).status_code == 401
    assert read_plans(token).status_code == 401
    assert read_plans(ask_token(new).json()["access_token"]).status_code == 200


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "nonsense"])
def test_other_grants_are_not_offered(crm, grant):
    answer = ask(grant_type=grant, client_id="crm", client_secret=crm[1])

    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_request_without_a_grant_type_is_invalid(crm):
    answer = ask(client_id="crm", client_secret=crm[1])

    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}


def test_a_json_body_is_told_the_right_form():
    answer = Client().post(
        "/oauth/token/", {"grant_type": "client_credentials"}, content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert "x-www-form-urlencoded" in answer.json()["error_description"]


def test_reading_the_endpoint_is_not_allowed():
    assert Client().get("/oauth/token/").status_code == 405


def test_the_time_of_use_is_noted(crm, northwind):
    client, secret = crm
    assert client.last_used_at is None

    ask_token(secret)

    with tenant_scope(northwind):
        assert ApiClient.objects.get(pk=client.pk).last_used_at is not None


def test_guessing_is_stopped_after_twenty_wrong_secrets(crm):
    answers = [ask_token("wrong") for _ in range(21)]

    assert [answer.status_code for answer in answers[:20]] == [401] * 20
    assert answers[20].status_code == 429
    assert 0 < int(answers[20]["Retry-After"]) <= 60
    assert ask_token(crm[1]).status_code == 429


def test_a_client_that_asks_too_often_is_told_to_wait(crm):
    now = datetime.now(UTC)
    for _ in range(_OF_CLIENT.most):
        _OF_CLIENT.count("crm", "127.0.0.1", now=now)

    assert ask_token(crm[1]).status_code == 429


def test_a_client_revokes_its_tokens_by_showing_one(crm):
    _, secret = crm
    token = ask_token(secret).json()["access_token"]

    answer = ask("/oauth/revoke/", client_id="crm", client_secret=secret, token=token)

    assert answer.status_code == 200
    assert read_plans(token).status_code == 401
    assert read_plans(ask_token(secret).json()["access_token"]).status_code == 200


def test_another_clients_token_is_not_revoked(crm, northwind):
    token = ask_token(crm[1]).json()["access_token"]
    with tenant_scope(northwind):
        _, secret = clients.create_client(
            name="Spy", scopes=SCOPES, actor=SYSTEM, now=datetime.now(UTC), client_id="spy"
        )

    answer = ask("/oauth/revoke/", client_id="spy", client_secret=secret, token=token)

    assert answer.status_code == 200
    assert read_plans(token).status_code == 200


def test_revoking_needs_the_clients_secret(crm):
    token = ask_token(crm[1]).json()["access_token"]

    assert (
        ask("/oauth/revoke/", client_id="crm", client_secret="wrong", token=token).status_code
        == 401
    )
    assert read_plans(token).status_code == 200


@pytest.mark.parametrize("basic", ["\xe9", "YQ", "Y", "", "\x00"])
def test_a_broken_basic_header_is_a_client_nobody_knows(crm, basic):
    answer = Client().post(
        "/oauth/token/",
        "grant_type=client_credentials",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Basic {basic}"},
    )

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("query", ["a=%zz", "scope=tenant.manage"])
def test_parameters_in_the_address_are_refused(crm, query):
    _, secret = crm

    answer = ask(
        f"/oauth/token/?{query}",
        grant_type="client_credentials",
        client_id="crm",
        client_secret=secret,
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
