"""Webhooks must not reach into our own network."""

from __future__ import annotations

import pytest

from notifications import targets
from notifications.targets import TargetRefused, check_url, resolve
from portal.tenancy.models import Tenant

LIVE = Tenant(slug="live", is_sandbox=False)
SANDBOX = Tenant(slug="sandbox", is_sandbox=True)
PUBLIC = "93.184.216.34"


@pytest.fixture
def production(settings):
    settings.IS_PRODUCTION = True


@pytest.fixture
def dns(monkeypatch):
    """Names resolve to what a test says."""
    found: list[str] = [PUBLIC]
    monkeypatch.setattr(
        targets.socket, "getaddrinfo", lambda *args, **more: [(0, 0, 0, "", (a, 0)) for a in found]
    )
    return found


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
    ],
)
def test_an_address_of_our_own_network_is_refused(production, url):
    with pytest.raises(TargetRefused, match="not a public address"):
        check_url(url, tenant=LIVE)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "example.com", "https://", "https://u:p@example.com/", "https://[x/"],
)
def test_what_is_no_plain_web_address_is_refused(url):
    with pytest.raises(TargetRefused):
        check_url(url, tenant=SANDBOX)


def test_live_events_are_not_sent_unencrypted(production):
    with pytest.raises(TargetRefused, match="https"):
        check_url("http://example.com/", tenant=LIVE)

    check_url("http://example.com/", tenant=SANDBOX)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(production, dns):
    dns[:] = [PUBLIC, "10.0.0.7"]

    with pytest.raises(TargetRefused, match=r"10\.0\.0\.7"):
        resolve("https://hooks.example.com/", tenant=LIVE)


def test_the_connection_goes_to_the_address_that_was_checked(production, dns):
    target = resolve("https://hooks.example.com:8443/a?b=1#c", tenant=LIVE)

    assert target.pinned_url == f"https://{PUBLIC}:8443/a?b=1"
    assert (target.host, target.authority) == ("hooks.example.com", "hooks.example.com:8443")


def test_this_machine_may_be_called_while_developing(settings):
    settings.IS_PRODUCTION = False

    check_url("http://127.0.0.1:9000/", tenant=LIVE)

    with pytest.raises(TargetRefused):
        check_url("http://10.0.0.1/", tenant=LIVE)
