"""Signing in and out, the switcher, passwords and invitations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portal.tenancy.actor import SYSTEM
from portal.tenancy.invitations import invitation_path
from portal.tenancy.models import Membership, Role, Tenant, User
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import add_member, choose_password
from tests.factories import make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

PASSWORD = "a long enough phrase"


@pytest.fixture(autouse=True)
def forgotten_failures(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ann(northwind: Tenant) -> User:
    return make_user(northwind, "admin", email="ann@northwind.example", password=PASSWORD)


def sign_in(http: Client, password: str = PASSWORD, **more: str):
    return http.post("/sign-in/", {"email": "ann@northwind.example", "password": password, **more})


def test_a_page_asks_to_sign_in_and_comes_back_to_where_one_was_going(ann: User) -> None:
    http = Client()

    sent_away = http.get("/settings/audit/?who=ann")
    signed_in = sign_in(http, next="/settings/audit/?who=ann")

    assert sent_away["Location"] == "/sign-in/?next=/settings/audit/%3Fwho%3Dann"
    assert signed_in["Location"] == "/settings/audit/?who=ann"
    assert http.get(signed_in["Location"]).status_code == 200


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "javascript:x"])
def test_signing_in_never_leads_to_another_site(ann: User, elsewhere: str) -> None:
    assert sign_in(Client(), next=elsewhere)["Location"] == "/"


def test_the_case_of_an_address_does_not_matter(ann: User) -> None:
    answer = Client().post("/sign-in/", {"email": "Ann@NORTHWIND.example", "password": PASSWORD})

    assert answer.status_code == 302


def test_a_wrong_password_keeps_the_address_and_does_not_say_which_was_wrong(ann: User) -> None:
    wrong = sign_in(Client(), "not this one")
    unknown = Client().post("/sign-in/", {"email": "nobody@x.example", "password": "not this one"})

    assert wrong.status_code == unknown.status_code == 422
    assert "ann@northwind.example" in wrong.content.decode()
    for answer in (wrong, unknown):
        assert "The e-mail address or the password is wrong." in answer.content.decode()


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(ann: User) -> None:
    http = Client()
    for _ in range(5):
        assert sign_in(http, "guess").status_code == 422

    held_back = sign_in(http)

    assert held_back.status_code == 429
    assert "Too many wrong passwords" in held_back.content.decode()
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(other).status_code == 302  # somebody elsewhere is not locked out by it


def test_the_demonstration_shows_its_accounts_and_nothing_else_does(
    db: None, settings: Settings
) -> None:
    settings.DEMO = True
    shown = Client().get("/sign-in/").content.decode()
    settings.DEMO = False
    hidden = Client().get("/sign-in/").content.decode()

    assert "pm@northwind.example" in shown
    assert "northwind.example" not in hidden


def test_signing_out_needs_a_post_and_ends_the_session(ann: User) -> None:
    http = Client()
    sign_in(http)

    assert http.get("/sign-out/").status_code == 405
    assert http.post("/sign-out/")["Location"] == "/sign-in/"
    assert http.get("/").status_code == 302


def test_somebody_without_an_operator_is_told_so(db: None) -> None:
    http = Client()
    http.force_login(User.objects.create_user("lost@x.example", PASSWORD))

    page = http.get("/")

    assert page.status_code == 403
    assert "You do not belong to an operator yet" in page.content.decode()


def test_the_switcher_offers_ones_own_operators_and_changes_between_them(
    northwind: Tenant, contoso: Tenant, ann: User
) -> None:
    with tenant_scope(contoso):
        Membership.objects.create(user=ann, role=Role.objects.get(code="viewer"))
    http = Client()
    sign_in(http)
    http.post("/switch-tenant/", {"tenant": "northwind"})
    assert http.get("/settings/").status_code == 200

    switched = http.post("/switch-tenant/", {"tenant": "contoso"})

    assert switched["Location"] == "/"
    assert "Contoso" in http.get("/").content.decode()
    assert http.get("/settings/").status_code == 403  # there she is a viewer


def test_nobody_switches_to_an_operator_they_do_not_belong_to(contoso: Tenant, ann: User) -> None:
    http = Client()
    sign_in(http)

    refused = http.post("/switch-tenant/", {"tenant": "contoso"})

    assert refused.status_code == 404
    assert "Contoso" not in http.get("/").content.decode()


def test_a_membership_that_ends_takes_effect_at_the_next_click(
    northwind: Tenant, ann: User
) -> None:
    http = Client()
    sign_in(http)
    assert http.get("/").status_code == 200

    with tenant_scope(northwind):
        Membership.objects.get(user=ann).delete()

    assert http.get("/").status_code == 403


def test_a_new_password_replaces_the_old_one_and_keeps_this_session(ann: User) -> None:
    http, elsewhere = Client(), Client()
    sign_in(http)
    sign_in(elsewhere)
    new = "another long phrase"

    answer = http.post(
        "/password/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert answer.status_code == 302
    assert http.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert sign_in(Client(), new).status_code == 302


def test_a_bad_new_password_is_refused(ann: User) -> None:
    http = Client()
    sign_in(http)

    answer = http.post(
        "/password/",
        {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"},
    )

    assert answer.status_code == 422
    assert "too short" in answer.content.decode()


@pytest.fixture
def invited(northwind: Tenant, now: datetime) -> User:
    with tenant_scope(northwind):
        role = Role.objects.get(code="viewer")
        added = add_member(email="new@northwind.example", role=role, actor=SYSTEM, now=now)
    return added.user


def test_an_invitation_lets_choose_a_password_and_signs_in(invited: User) -> None:
    http, link = Client(), invitation_path(invited)

    page = http.get(link)
    chosen = http.post(link, {"password": PASSWORD, "repeated": PASSWORD})

    assert "new@northwind.example" in page.content.decode()
    assert chosen["Location"] == "/"
    assert http.get("/").status_code == 200


def test_an_invitation_is_good_once(invited: User) -> None:
    link = invitation_path(invited)
    choose_password(user=invited, password=PASSWORD)

    again = Client().get(link)

    assert again.status_code == 404
    assert "no longer good" in again.content.decode()


@pytest.mark.parametrize("link", ["/welcome/MQ/none/", "/welcome/%20/x/", "/welcome/OTk5/a-b/"])
def test_a_made_up_invitation_leads_nowhere(db: None, link: str) -> None:
    assert Client().get(link).status_code == 404


def test_an_invitation_wants_the_same_good_password_twice(invited: User) -> None:
    link = invitation_path(invited)

    differing = Client().post(link, {"password": PASSWORD, "repeated": "something else"})
    common = Client().post(link, {"password": "password", "repeated": "password"})

    assert (differing.status_code, common.status_code) == (422, 422)
    assert "The two passwords differ." in differing.content.decode()
    assert "too common" in common.content.decode()
