"""Every address × owner, colleague without the permission, other operator, nobody.

The walk reads the URL configuration: an address that declares nothing, or whose parameters have
no sample, fails here by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from portal.pages.navigation import NAVIGATION
from portal.pages.search import ACTIONS
from portal.tenancy.models import Role, Tenant
from portal.tenancy.permissions import MEMBER, PUBLIC
from portal.tenancy.roles import PERMISSIONS
from portal.tenancy.scope import tenant_scope
from portal.tests.addresses import Address, all_addresses
from portal.tests.samples import MARK, Samples, make_samples
from tests.factories import make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

ADDRESSES = all_addresses()
GUARDED = [address for address in ADDRESSES if isinstance(address.requirement, tuple)]
READING, WRITING = "GET", "POST"

# Rating groups have the same numbers everywhere; a kind of row belongs to nobody.
FOUND_EVERYWHERE = {"rating-group", "api-rating-group", "plan-row"}

# What ends the visitor's own session, or shows nothing of an operator.
NOT_OF_A_TENANT = {"sign-in", "sign-out", "switch-tenant", "password-change", "join"}


@dataclass
class Visitor:
    """Somebody's browser; whatever a request changes is taken back."""

    http: Client
    samples: Samples

    def ask(self, address: Address, method: str) -> HttpResponse:
        path = self.samples.path_of(address)
        with transaction.atomic():
            response = self._send(address, method, path)
            transaction.set_rollback(True)
        return response

    def _send(self, address: Address, method: str, path: str) -> HttpResponse:
        if address.is_api:
            body: Any = {} if method == READING else "{}"
            return self.http.generic(method, path, body or "", content_type="application/json")
        return self.http.generic(method, path, headers={"HX-Request": "true"})


@pytest.fixture
def samples(northwind: Tenant) -> Samples:
    return make_samples(northwind)


def visitor(samples: Samples, user: Any = None) -> Visitor:
    http = Client(raise_request_exception=False)
    if user is not None:
        http.force_login(user)
    return Visitor(http, samples)


def colleague_without(samples: Samples, permission: str) -> Visitor:
    """Somebody of the same operator who may do everything else."""
    others = [name for name in PERMISSIONS if name != permission]
    with tenant_scope(samples.tenant):
        Role.objects.create(code=f"not-{permission}", name=permission, permissions=others)
    email = f"without-{permission}@northwind.example"
    return visitor(samples, make_user(samples.tenant, f"not-{permission}", email=email))


def answers(address: Address, visitor: Visitor) -> Iterator[tuple[str, HttpResponse]]:
    """To reading and writing, as far as the address knows either."""
    asked = [(method, visitor.ask(address, method)) for method in (READING, WRITING)]
    known = [(method, answer) for method, answer in asked if answer.status_code != 405]
    assert known, f"{address} answers neither {READING} nor {WRITING}"
    yield from known


def needed(address: Address, method: str) -> str:
    assert isinstance(address.requirement, tuple)
    reading, writing = address.requirement
    return writing or reading if method == WRITING else reading


def is_sent_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/sign-in/")


def test_every_address_has_a_name_and_says_who_may_enter() -> None:
    silent = [a.route for a in ADDRESSES if a.requirement is None or not a.name]

    assert not silent


def test_every_address_requires_a_permission_that_exists() -> None:
    named = {name for a in GUARDED for name in (a.requirement or ()) if name}

    assert named <= set(PERMISSIONS)


def test_only_these_addresses_are_open_to_everybody() -> None:
    public = {a.name for a in ADDRESSES if a.requirement == PUBLIC}

    assert public == {
        "sign-in",
        "sign-out",
        "welcome",
        "health-live",
        "health-ready",
        "style-guide",
        "style-guide-dialog",
        "oauth-token",
        "oauth-revoke",
        "api-schema",
        "api-docs",
        "api-unknown",
    }


def test_the_owner_with_every_permission_gets_in_everywhere(samples: Samples) -> None:
    owner = visitor(samples, make_user(samples.tenant, "admin"))
    refused = [
        f"{method} {address}: {answer.status_code}"
        for address in ADDRESSES
        if address.requirement != PUBLIC and address.name not in NOT_OF_A_TENANT
        for method, answer in answers(address, owner)
        if answer.status_code in (401, 403, 404, 500) or is_sent_to_sign_in(answer)
    ]

    assert not refused


@pytest.mark.parametrize("permission", sorted({p for a in GUARDED for p in a.requirement if p}))
def test_a_colleague_without_the_permission_is_refused(samples: Samples, permission: str) -> None:
    colleague = colleague_without(samples, permission)
    let_in = [
        f"{method} {address}: {answer.status_code}"
        for address in GUARDED
        if permission in address.requirement
        for method, answer in answers(address, colleague)
        if needed(address, method) == permission and answer.status_code != 403
    ]

    assert not let_in


def test_another_operator_finds_nothing_at_an_address_of_ours(
    samples: Samples, contoso: Tenant
) -> None:
    stranger = visitor(samples, make_user(contoso, "admin"))
    found = [
        f"{method} {address}: {answer.status_code}"
        for address in GUARDED
        if address.parameters and address.name not in FOUND_EVERYWHERE
        for method, answer in answers(address, stranger)
        if answer.status_code != 404
    ]

    assert not found


def test_another_operator_sees_nothing_of_ours_on_pages_of_its_own(
    samples: Samples, contoso: Tenant
) -> None:
    stranger = visitor(samples, make_user(contoso, "admin"))
    leaking = [
        f"{method} {address}"
        for address in ADDRESSES
        if address.requirement == MEMBER or isinstance(address.requirement, tuple)
        if not address.parameters
        for method, answer in answers(address, stranger)
        if MARK in body_of(answer)
    ]

    assert not leaking


def test_nobody_is_let_in_without_signing_in(samples: Samples) -> None:
    nobody = visitor(samples)
    let_in = [
        f"{method} {address}: {answer.status_code}"
        for address in ADDRESSES
        if address.requirement != PUBLIC
        for method, answer in answers(address, nobody)
        if answer.status_code != 401 and not is_sent_to_sign_in(answer)
    ]

    assert not let_in


def test_the_navigation_and_the_palette_lead_to_addresses_that_exist() -> None:
    names = {address.name for address in ADDRESSES}
    wanted = {entry.url_name for _, entries in NAVIGATION for entry in entries}
    wanted |= {place.url_name for place in ACTIONS}

    assert wanted <= names


def body_of(response: HttpResponse) -> str:
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content).decode()
    return response.content.decode()
