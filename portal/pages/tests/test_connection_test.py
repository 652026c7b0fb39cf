"""Trying a charging function for real, and what each kind of answer is called."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from pytest_django import Settings

from charging.client.addresses import AddressRefused, check_address
from charging.models import ChargerEndpoint, LedgerEntry
from portal.pages.settings.connection_test import try_connection
from portal.tenancy import clients
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.secrets import seal
from tests.factories import make_tenant, n40_token
from tests.harness.processes import ServerProcess

Authentication = ChargerEndpoint.Authentication


@pytest.fixture
def tenant(committed_db: None) -> Iterator[Tenant]:
    made = make_tenant()
    with tenant_scope(made):
        yield made


def endpoint(url: str, **fields: object) -> ChargerEndpoint:
    return ChargerEndpoint(url=url, **fields)


def test_the_built_in_charging_function_answers_and_charges_nobody(
    tenant: Tenant, chf_server: ServerProcess
) -> None:
    verdict = try_connection(endpoint(""), now=datetime.now(UTC))

    assert (verdict.tone, verdict.title) == ("good", "It speaks N40 and accepts the sign-in")
    assert verdict.status == 400
    assert not LedgerEntry.objects.exists()


def test_a_static_token_is_used(tenant: Tenant, chf_server: ServerProcess) -> None:
    given = {"authentication": Authentication.STATIC_TOKEN}
    good, bad = seal(n40_token(tenant)), seal("made up")

    accepted = try_connection(
        endpoint(chf_server.url, sealed_token=good, **given), now=datetime.now(UTC)
    )
    refused = try_connection(
        endpoint(chf_server.url, sealed_token=bad, **given), now=datetime.now(UTC)
    )

    assert accepted.tone == "good"
    assert (refused.tone, refused.status) == ("bad", 401)
    assert refused.title == "It answers, but does not accept the sign-in"


def test_client_credentials_are_used(
    tenant: Tenant, chf_server: ServerProcess, portal_server: ServerProcess
) -> None:
    now = datetime.now(UTC)
    client, secret = clients.create_client(
        name="SMF", scopes=["charging.n40"], actor=SYSTEM, now=now
    )
    external = endpoint(
        chf_server.url,
        authentication=Authentication.CLIENT_CREDENTIALS,
        token_url=f"{portal_server.url}/oauth/token/",
        client_id=client.client_id,
        sealed_client_secret=seal(secret),
        scope="nchf-convergedcharging",
    )

    assert try_connection(external, now=now).tone == "good"

    external.sealed_client_secret = seal("wrong")
    refused = try_connection(external, now=now)
    assert refused.tone == "bad"
    assert "token endpoint answered 401" in refused.title


def test_something_else_that_answers_is_recognised(
    tenant: Tenant, portal_server: ServerProcess
) -> None:
    verdict = try_connection(endpoint(portal_server.url), now=datetime.now(UTC))

    assert verdict.tone == "bad"
    assert verdict.status is not None


def test_an_address_where_nothing_listens(tenant: Tenant) -> None:
    verdict = try_connection(endpoint("http://127.0.0.1:9"), now=datetime.now(UTC))

    assert verdict.tone == "bad"
    assert verdict.title.startswith("No answer: ")
    assert verdict.status is None


def test_a_secret_of_another_key_is_explained(tenant: Tenant) -> None:
    unreadable = endpoint(
        "http://127.0.0.1:9",
        authentication=Authentication.STATIC_TOKEN,
        sealed_token="not what we sealed",
    )

    assert "cannot be read" in try_connection(unreadable, now=datetime.now(UTC)).title


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://chf.example:8080"},
        {
            "url": "http://127.0.0.1:9",
            "authentication": Authentication.CLIENT_CREDENTIALS,
            "token_url": "http://chf.example:8080/token",
        },
    ],
)
def test_a_name_that_has_moved_into_a_private_network_is_not_called(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    """Saved while it was public; DNS says something else when it is called."""
    ask_dns = socket.getaddrinfo

    def answer(host: str, *args: Any, **kwargs: Any) -> Any:
        return ask_dns("10.0.0.1" if host == "chf.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)

    verdict = try_connection(endpoint(**given), now=datetime.now(UTC))

    assert verdict.status is None
    assert "10.0.0.1 is a private address" in verdict.title


# ── which addresses ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "https://192.168.7.7:8443/chf",
        "http://169.254.169.254/latest/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://[::ffff:10.0.0.1]/",
        "http://224.0.0.1/",
    ],
)
def test_private_networks_are_closed(url: str) -> None:
    with pytest.raises(AddressRefused, match="private address"):
        check_address(url)


@pytest.mark.parametrize("url", ["", "chf.example", "ftp://x.example/", "http://", "http://x:y/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(url)


def test_public_addresses_are_open() -> None:
    check_address("http://1.1.1.1:7777/")


def test_the_installation_opens_networks_of_its_own(settings: Settings) -> None:
    settings.CHARGER_NETWORKS = [ip_network("10.1.0.0/16")]

    check_address("http://10.1.2.3/")
    with pytest.raises(AddressRefused):
        check_address("http://10.2.2.3/")


def test_this_machine_is_open_while_developing_only(settings: Settings) -> None:
    check_address("http://127.0.0.1:7777/")

    settings.IS_PRODUCTION = True
    with pytest.raises(AddressRefused):
        check_address("http://127.0.0.1:7777/")
