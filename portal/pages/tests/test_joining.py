"""People of another operator: they decide themselves whether to act for this one too."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.tenancy.actor import SYSTEM
from portal.tenancy.directory import tenants_of
from portal.tenancy.invitations import invitation_path, invited_user
from portal.tenancy.models import Membership, Role, Tenant, User
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import add_member, remove_member
from tests.factories import make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

ANN = "ann@contoso.example"


def browser(user: User) -> Client:
    http = Client()
    http.force_login(user)
    return http


def added(tenant: Tenant, email: str, now: datetime) -> Membership:
    with tenant_scope(tenant):
        role = Role.objects.get(code="admin")
        return add_member(email=email, role=role, actor=SYSTEM, now=now)


def add_by_page(tenant: Tenant, email: str = ANN) -> HttpResponse:
    admin = User.objects.filter(email=f"admin@{tenant.slug}.example").first()
    http = browser(admin or make_user(tenant, "admin"))
    form = {"email": email, "role": "support"}
    return http.post("/settings/people/new/", form, headers={"HX-Request": "true"})


def link_in(answer: HttpResponse) -> str:
    found = re.search(r"http://testserver(/[^\"<\s]+)", answer.content.decode())
    assert found is not None
    return found[1]


@pytest.fixture
def ann(contoso: Tenant) -> User:
    return make_user(contoso, "admin", email=ANN)


def test_somebody_of_another_operator_joins_by_a_link_of_their_own(
    northwind: Tenant, contoso: Tenant, ann: User
) -> None:
    link = link_in(add_by_page(northwind))
    assert list(tenants_of(ann)) == [contoso]

    page = browser(ann).get(link)
    joined = browser(ann).post(link)

    assert "Northwind" in page.content.decode()
    assert joined["Location"] == "/"
    assert list(tenants_of(ann)) == [contoso, northwind]
    with tenant_scope(northwind):
        assert Membership.objects.get(user=ann).role.code == "support"


def test_a_pending_person_of_another_operator_cannot_be_taken_over(
    northwind: Tenant, contoso: Tenant, now: datetime
) -> None:
    """Who adds a known address must not get the link that chooses its first password."""
    pending = added(contoso, ANN, now).user

    link = link_in(add_by_page(northwind))
    http = browser(User.objects.get(email="admin@northwind.example"))
    again = http.post(f"/settings/people/{ANN}/invitation/", headers={"HX-Request": "true"})

    assert not link.startswith("/welcome/")
    assert again.status_code == 404
    assert list(tenants_of(pending)) == [contoso]


def test_whoever_prepared_the_account_gets_nowhere_without_the_link(
    northwind: Tenant, contoso: Tenant, now: datetime
) -> None:
    """Northwind made the account first and knows its password; Contoso adds the person."""
    prepared = make_user(northwind, "viewer", email=ANN)

    add_by_page(contoso)

    assert list(tenants_of(prepared)) == [northwind]


def test_the_link_is_nobody_elses(northwind: Tenant, ann: User) -> None:
    link = link_in(add_by_page(northwind))
    other = User.objects.get(email="admin@northwind.example")

    assert browser(other).get(link).status_code == 404
    assert browser(other).post(link).status_code == 404
    assert Client().get(link)["Location"].startswith("/sign-in/?next=/join/")


def test_the_link_is_good_once(northwind: Tenant, ann: User, now: datetime) -> None:
    link = link_in(add_by_page(northwind))
    browser(ann).post(link)
    with tenant_scope(northwind):
        remove_member(membership=Membership.objects.get(user=ann), actor=SYSTEM, now=now)

    assert browser(ann).post(link).status_code == 404


@pytest.mark.parametrize("token", ["x", "a:b:c"])
def test_a_made_up_link_leads_nowhere(ann: User, token: str) -> None:
    assert browser(ann).get(f"/join/{token}/").status_code == 404


def test_an_old_invitation_ends_when_the_person_is_removed(
    northwind: Tenant, contoso: Tenant, now: datetime
) -> None:
    first = added(northwind, ANN, now)
    make_user(northwind, "admin")
    key, token = invitation_path(first.user).strip("/").split("/")[1:]
    with tenant_scope(northwind):
        remove_member(membership=first, actor=SYSTEM, now=now)

    second = added(contoso, ANN, now)

    assert invited_user(key, token) is None
    key, token = invitation_path(second.user).strip("/").split("/")[1:]
    assert invited_user(key, token) == second.user
