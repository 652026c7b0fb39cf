"""The settings pages as an administrator's browser asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from charging.models import ChargerEndpoint
from portal.tenancy.actor import SYSTEM
from portal.tenancy.audit import record
from portal.tenancy.models import AuditEntry, Membership, Role, Tenant, User
from portal.tenancy.scope import tenant_scope
from portal.tenancy.secrets import unseal
from tests.factories import make_account, make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

PASSWORD = "a long enough phrase"


class Browser:
    """A signed-in person; dialogs are asked for as htmx does."""

    def __init__(self, user: User) -> None:
        self.http = Client()
        self.http.force_login(user)

    def page(self, path: str = "", **query: str) -> HttpResponse:
        return self.http.get(f"/settings/{path}", query)

    def dialog(self, path: str) -> HttpResponse:
        return self.http.get(f"/settings/{path}", headers={"HX-Request": "true"})

    def send(self, path: str, **form: object) -> HttpResponse:
        return self.http.post(f"/settings/{path}", form, headers={"HX-Request": "true"})


@pytest.fixture
def admin(northwind: Tenant) -> Browser:
    return Browser(make_user(northwind, "admin"))


@pytest.fixture
def scope(northwind: Tenant) -> Iterator[Tenant]:
    with tenant_scope(northwind):
        yield northwind


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


# ── people ───────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_people_shows_role_and_state(admin: Browser, northwind: Tenant) -> None:
    make_user(northwind, "support", email="sofie@northwind.example")

    page = text_of(admin.page("people/"))

    assert "sofie@northwind.example" in page
    assert "Support" in page
    assert "(you)" in page


def test_adding_a_person_hands_out_an_invitation(admin: Browser, scope: Tenant) -> None:
    answer = admin.send("people/new/", email="new@northwind.example", role="viewer")

    assert answer.status_code == 200
    link = re.search(r"http://testserver(/welcome/[^\"<\s]+)", text_of(answer))
    assert link is not None
    assert Client().get(link[1]).status_code == 200
    assert Membership.objects.get(user__email="new@northwind.example").role.code == "viewer"


def test_adding_a_person_with_a_first_password_needs_no_invitation(
    admin: Browser, scope: Tenant
) -> None:
    answer = admin.send(
        "people/new/", email="new@northwind.example", role="viewer", password=PASSWORD
    )

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/settings/people/")
    assert User.objects.get(email="new@northwind.example").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"role": "viewer"}, "Enter the address the person signs in with."),
        ({"email": "nobody", "role": "viewer"}, "valid email"),
        ({"email": "new@x.example"}, "Choose a role."),
        ({"email": "new@x.example", "role": "emperor"}, "valid choice"),
        ({"email": "new@x.example", "role": "viewer", "password": "short"}, "too short"),
        ({"email": "admin@northwind.example", "role": "viewer"}, "a member already"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused_at_the_field_and_kept(
    admin: Browser, form: dict[str, str], said: str
) -> None:
    answer = admin.send("people/new/", **form)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'value="{form.get("email", "")}"' in text_of(answer) or "email" not in form


def test_a_role_is_changed_in_the_dialog(admin: Browser, northwind: Tenant, scope: Tenant) -> None:
    ann = make_user(northwind, "viewer", email="ann@northwind.example")

    shown = admin.dialog("people/ann@northwind.example/role/")
    answer = admin.send("people/ann@northwind.example/role/", role="support")

    assert "Role of" in text_of(shown)
    assert answer.status_code == 204
    assert Membership.objects.get(user=ann).role.code == "support"


def test_the_last_administrator_stays_one(admin: Browser, scope: Tenant) -> None:
    changed = admin.send("people/admin@northwind.example/role/", role="viewer")
    removed = admin.send("people/admin@northwind.example/remove/")

    assert (changed.status_code, removed.status_code) == (422, 422)
    assert "Somebody must remain" in text_of(changed)
    assert "Somebody must remain" in text_of(removed)
    assert Membership.objects.get(user__email="admin@northwind.example").role.code == "admin"


def test_a_removed_person_is_gone_at_once(admin: Browser, northwind: Tenant, scope: Tenant) -> None:
    ann = Browser(make_user(northwind, "admin", email="ann@northwind.example"))
    assert ann.page("people/").status_code == 200

    answer = admin.send("people/ann@northwind.example/remove/")

    assert answer.status_code == 204
    assert ann.page("people/").status_code == 403


def test_an_invitation_is_shown_again_until_it_was_used(admin: Browser, scope: Tenant) -> None:
    admin.send("people/new/", email="new@northwind.example", role="viewer")
    path = "people/new@northwind.example/invitation/"

    again = admin.send(path)
    user = User.objects.get(email="new@northwind.example")
    user.set_password(PASSWORD)
    user.save()
    too_late = admin.send(path)

    assert "/welcome/" in text_of(again)
    assert too_late.status_code == 204


# ── roles ────────────────────────────────────────────────────────────────────────────────────


def test_the_matrix_shows_who_may_what(admin: Browser) -> None:
    page = text_of(admin.page("roles/"))

    assert "Network engineer" in page
    assert "Publish and retire versions" in page
    assert "charging.n40" not in page


def test_a_role_of_ones_own_is_made_changed_given_and_deleted(
    admin: Browser, northwind: Tenant, scope: Tenant
) -> None:
    made = admin.send("roles/new/", name="Auditors", permissions=["audit.view"])
    assert made.status_code == 204
    auditor = Browser(make_user(northwind, "auditors", email="ann@northwind.example"))
    assert auditor.page("audit/").status_code == 200
    assert auditor.page("people/").status_code == 403

    admin.send("roles/auditors/edit/", name="Auditors", permissions=["plans.view"])
    assert auditor.page("audit/").status_code == 403

    in_use = admin.send("roles/auditors/delete/")
    assert in_use.status_code == 422
    admin.send("people/ann@northwind.example/remove/")
    assert admin.send("roles/auditors/delete/").status_code == 204
    assert not Role.objects.filter(code="auditors").exists()


def test_a_refused_role_keeps_what_was_chosen(admin: Browser) -> None:
    answer = admin.send("roles/new/", name="", permissions=["audit.view"])

    assert answer.status_code == 422
    assert "Give the role a name." in text_of(answer)
    assert re.search(r'value="audit.view" checked', text_of(answer))


def test_the_usual_roles_have_no_dialogs(admin: Browser) -> None:
    assert admin.dialog("roles/viewer/edit/").status_code == 404
    assert admin.dialog("roles/viewer/delete/").status_code == 404


# ── the operator ─────────────────────────────────────────────────────────────────────────────

OPERATOR = {
    "name": "Northwind Two",
    "time_zone": "Europe/Paris",
    "home_plmn": "26298",
    "gigabyte_base": "1000",
    "support_adjust_limit": "12.50",
    "separates_duties": "on",
    "country_code": "33",
    "international_prefix": "00",
    "national_prefix": "0",
    "emergency_numbers": "112, 15 17;18 112",
    "allows_zero_rating": "on",
}


def test_the_operators_settings_are_saved(admin: Browser, northwind: Tenant) -> None:
    answer = admin.http.post("/settings/operator/", OPERATOR)

    assert answer["Location"] == "/settings/operator/"
    northwind.refresh_from_db()
    assert (northwind.name, northwind.time_zone) == ("Northwind Two", "Europe/Paris")
    assert northwind.support_adjust_limit == 12_500_000_000
    assert (northwind.gigabyte_base, northwind.separates_duties) == (1000, True)
    assert northwind.bare_location is False
    assert northwind.emergency_numbers == ["112", "15", "17", "18"]
    assert (northwind.country_code, northwind.allows_zero_rating) == ("33", True)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "An operator needs a name."),
        ("time_zone", "Mars/Olympus", "valid choice"),
        ("home_plmn", "12", "valid value"),
        ("support_adjust_limit", "a lot", "Enter a number"),
        ("support_adjust_limit", "-1", "Enter 0 or more."),
        ("gigabyte_base", "1012", "valid choice"),
        ("country_code", "0", "1 to 3 digits."),
        ("national_prefix", "zero", "1 to 5 digits."),
        ("emergency_numbers", "112, help", "2 to 8 digits each."),
        ("emergency_numbers", " ", "Name at least one"),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field_and_kept(
    admin: Browser, northwind: Tenant, field: str, typed: str, said: str
) -> None:
    answer = admin.http.post("/settings/operator/", {**OPERATOR, field: typed})

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "Europe/Paris" in text_of(answer)
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


# ── the charging function ────────────────────────────────────────────────────────────────────

CHARGER_TEST = "/settings/charging-function/test/"
EXTERNAL = {
    "kind": "external",
    "url": "http://127.0.0.1:9/",
    "authentication": "client",
    "token_url": "http://127.0.0.1:9/oauth/token/",
    "client_id": "smf",
    "client_secret": "hush",
    "scope": "nchf-convergedcharging",
}


def test_an_external_charging_function_is_saved_with_its_secret_sealed(
    admin: Browser, scope: Tenant
) -> None:
    answer = admin.http.post("/settings/charging-function/", EXTERNAL)

    assert answer["Location"] == "/settings/charging-function/"
    endpoint = ChargerEndpoint.objects.get()
    assert (endpoint.url, endpoint.client_id) == ("http://127.0.0.1:9/", "smf")
    assert "hush" not in endpoint.sealed_client_secret
    assert unseal(endpoint.sealed_client_secret) == "hush"
    entry = AuditEntry.objects.get(action="charger_endpoint.changed")
    assert "hush" not in f"{entry.before}{entry.after}"
    assert "hush" not in text_of(admin.page("charging-function/"))


def test_a_secret_left_empty_stays_as_it_is(admin: Browser, scope: Tenant) -> None:
    admin.http.post("/settings/charging-function/", EXTERNAL)

    admin.http.post(
        "/settings/charging-function/", {**EXTERNAL, "client_id": "smf-2", "client_secret": ""}
    )

    endpoint = ChargerEndpoint.objects.get()
    assert endpoint.client_id == "smf-2"
    assert unseal(endpoint.sealed_client_secret) == "hush"


@pytest.mark.parametrize("address", ["/settings/charging-function/", CHARGER_TEST])
@pytest.mark.parametrize("moved", ["http://127.0.0.1:10/oauth/token/", "http://["])
def test_a_saved_secret_is_not_sent_to_another_address(
    admin: Browser, scope: Tenant, address: str, moved: str
) -> None:
    admin.http.post("/settings/charging-function/", EXTERNAL)

    response = admin.http.post(address, {**EXTERNAL, "client_secret": "", "token_url": moved})

    assert "Enter the client secret, for a new address again." in response.content.decode()


def test_the_built_in_charging_function_needs_nothing_and_forgets_the_secrets(
    admin: Browser, scope: Tenant
) -> None:
    admin.http.post("/settings/charging-function/", EXTERNAL)

    admin.http.post("/settings/charging-function/", {**EXTERNAL, "kind": "built-in"})

    endpoint = ChargerEndpoint.objects.get()
    assert (endpoint.url, endpoint.sealed_client_secret) == ("", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": ""}, "This field is required."),
        ({"url": "ftp://x.example/"}, "begins with http"),
        ({"url": "http://10.1.2.3/"}, "private address"),
        ({"url": "http://user:pw@127.0.0.1/"}, "Leave user name and password out"),
        ({"token_url": ""}, "This field is required."),
        ({"client_secret": ""}, "This field is required."),
        ({"authentication": "static", "token": ""}, "This field is required."),
        ({"authentication": "magic"}, "valid choice"),
    ],
)
def test_a_wrong_charging_function_is_refused_at_its_field(
    admin: Browser, scope: Tenant, change: dict[str, str], said: str
) -> None:
    answer = admin.http.post("/settings/charging-function/", {**EXTERNAL, **change})

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not ChargerEndpoint.objects.exists()


def test_trying_a_charging_function_that_is_not_there_says_so(admin: Browser) -> None:
    form = {**EXTERNAL, "authentication": "none"}

    answer = admin.send("charging-function/test/", **form)

    assert "No answer" in text_of(answer)


def test_trying_nonsense_sends_nothing(admin: Browser) -> None:
    answer = admin.send("charging-function/test/", **{**EXTERNAL, "url": "nonsense"})

    assert "Nothing was sent yet" in text_of(answer)


# ── the audit log ────────────────────────────────────────────────────────────────────────────


def test_the_audit_log_shows_who_changed_what_before_and_after(admin: Browser) -> None:
    admin.http.post("/settings/operator/", OPERATOR)

    page = text_of(admin.page("audit/"))

    assert "tenant.changed" in page
    assert '<del class="diff-old">Northwind</del>' in page
    assert '<ins class="diff-new">Northwind Two</ins>' in page


def test_the_audit_log_is_narrowed_by_who_what_which_and_when(
    admin: Browser, scope: Tenant
) -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    make_account("acc-1", now=at)
    make_account("acc-2", now=datetime.now(UTC))

    def found(**query: str) -> set[str]:
        return set(re.findall(r"acc-\d", text_of(admin.page("audit/", **query))))

    assert found() == {"acc-1", "acc-2"}
    assert found(id="acc-1") == {"acc-1"}
    assert found(who="sys", about="account") == {"acc-1", "acc-2"}
    assert found(who="nobody") == set()
    assert found(about="role") == set()
    assert found(until="2026-03-01") == {"acc-1"}
    assert found(since="2026-03-02") == {"acc-2"}


def test_the_audit_log_writes_exact_amounts_in_units_people_use(
    admin: Browser, scope: Tenant, now: datetime
) -> None:
    record(
        "account.topped_up",
        actor=SYSTEM,
        subject_type="account",
        subject_id="acc-1",
        now=now,
        before={"National data": "8589934592 octets", "Calls": "90 seconds"},
        after={"National data": "8589934593 octets", "Calls": "120 seconds"},
    )

    page = text_of(admin.page("audit/"))

    assert "8 GB" in page
    assert "8,589,934,593 B" in page
    assert "1 min 30 s" in page


def test_days_of_the_audit_log_are_those_of_the_operators_zone(
    admin: Browser, northwind: Tenant, scope: Tenant
) -> None:
    """23:30 UTC on the first of March is the second of March in Berlin."""
    northwind.time_zone = "Europe/Berlin"
    northwind.save()
    make_account("acc-1", now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))

    page = admin.page("audit/", since="2026-03-02", until="2026-03-02")

    assert "acc-1" in text_of(page)


def test_a_date_that_is_none_is_told_and_does_not_narrow(admin: Browser, scope: Tenant) -> None:
    make_account("acc-1", now=datetime.now(UTC))

    page = text_of(admin.page("audit/", since="yesterday"))

    assert "Enter a valid date." in page
    assert "acc-1" in page


def test_a_long_audit_log_has_pages(admin: Browser, scope: Tenant, now: datetime) -> None:
    for number in range(60):
        make_account(f"acc-{number:02d}", now=now)

    first = text_of(admin.page("audit/", about="account"))
    older = re.search(r'href="\?([^"]+)" rel="next"', first)
    assert older is not None
    second = text_of(admin.page(f"audit/?{older[1]}".replace("&amp;", "&")))

    assert set(re.findall(r"acc-\d\d", first)) == {f"acc-{n:02d}" for n in range(10, 60)}
    assert set(re.findall(r"acc-\d\d", second)) == {f"acc-{n:02d}" for n in range(10)}
