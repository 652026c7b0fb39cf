"""API clients: made, changed, rotated, disabled, and each of it written down."""

from __future__ import annotations

import pytest

from portal.tenancy import clients
from portal.tenancy.actor import Actor
from portal.tenancy.models import AuditEntry
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid

ANA = Actor(kind="user", id=1, name="Ana")


@pytest.fixture
def scope(northwind):
    with tenant_scope(northwind):
        yield northwind


@pytest.fixture
def crm(scope, now):
    client, _ = clients.create_client(name="CRM", scopes=["plans.view"], actor=ANA, now=now)
    return client


def audited():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "actor_name"))


def test_a_client_gets_an_id_and_a_secret_of_its_own(scope, now):
    first, first_secret = clients.create_client(
        name=" CRM ", scopes=["plans.view", "charging.n40"], actor=ANA, now=now
    )
    second, second_secret = clients.create_client(
        name="CRM", scopes=["plans.view"], actor=ANA, now=now
    )

    assert first.name == "CRM"
    assert first.scopes == ["charging.n40", "plans.view"]
    assert first.client_id != second.client_id
    assert first_secret != second_secret
    assert len(first_secret) >= 40
    assert audited() == [("api_client.created", "Ana")] * 2


@pytest.mark.parametrize(
    ("name", "scopes", "path"),
    [
        ("", ["plans.view"], "name"),
        ("x" * 81, ["plans.view"], "name"),
        ("CRM", [], "scopes"),
        ("CRM", ["plans.view", "tenant.manage"], "scopes"),
        ("CRM", ["everything"], "scopes"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(scope, now, name, scopes, path):
    with pytest.raises(Invalid) as caught:
        clients.create_client(name=name, scopes=scopes, actor=ANA, now=now)

    assert [error.path for error in caught.value.errors] == [path]


def test_an_id_that_is_taken_is_refused_even_across_operators(contoso, crm, now):
    with tenant_scope(contoso), pytest.raises(Invalid) as caught:
        clients.create_client(
            name="CRM", scopes=["plans.view"], actor=ANA, now=now, client_id=crm.client_id
        )

    assert caught.value.errors[0].path == "client_id"


def test_other_scopes_end_the_tokens_given_before(crm, now):
    clients.change_client(
        client=crm, name="CRM", scopes=["plans.view", "plans.design"], actor=ANA, now=now
    )

    assert crm.tokens_valid_from == now
    assert audited()[-1] == ("api_client.changed", "Ana")


def test_another_name_leaves_the_tokens_alone(crm, now):
    clients.change_client(client=crm, name="Shop", scopes=["plans.view"], actor=ANA, now=now)

    assert crm.tokens_valid_from is None


def test_rotating_and_disabling_are_written_down(crm, now):
    clients.rotate_secret(client=crm, actor=ANA, now=now)
    clients.disable_client(client=crm, actor=ANA, now=now)
    clients.disable_client(client=crm, actor=ANA, now=now)
    clients.enable_client(client=crm, actor=ANA, now=now)

    assert [action for action, _ in audited()] == [
        "api_client.created",
        "api_client.secret_rotated",
        "api_client.disabled",
        "api_client.enabled",
    ]
    assert "secret" not in str(AuditEntry.objects.values_list("before", "after"))
