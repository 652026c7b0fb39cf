"""Every error of the API is a problem document that says what to do."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from plans import api as plans_api
from portal.api.problems import PROBLEM_TYPES
from portal.tenancy.rate_limit import RateLimited
from tests.factories import make_user
from tests.harness.rest import make_caller

PLANS = "/api/v1/plans/"


def check(answer, status, code):
    """The answer is the problem document of this status and type; returns it."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].endswith(f"#problem-{code}")
    assert problem["title"] == PROBLEM_TYPES[code].title
    assert problem["detail"]
    return problem


@pytest.fixture
def http(db):
    return Client(raise_request_exception=False)


def test_without_a_token_one_is_told_to_bring_one(http):
    answer = http.get(PLANS)

    problem = check(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert problem["instance"] == PLANS


def test_a_broken_token_is_called_invalid(http):
    answer = http.get(PLANS, headers={"Authorization": "Bearer x.y.z"})

    check(answer, 401, "unauthenticated")
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_a_broken_token_is_refused_even_beside_a_session(http, northwind):
    http.force_login(make_user(northwind))

    answer = http.get(PLANS, headers={"Authorization": "Bearer x.y.z"})

    check(answer, 401, "unauthenticated")


def test_a_scope_that_is_missing_is_named(rest_with):
    answer = rest_with("plans.view").get("accounts/")

    assert "subscribers.view" in check(answer, 403, "forbidden")["detail"]


def test_a_scope_for_reading_does_not_write(rest_with):
    answer = rest_with("plans.view").post("plans/", {"code": "x", "name": "X"})

    assert "plans.design" in check(answer, 403, "forbidden")["detail"]


def test_a_signed_in_person_reads_with_the_permissions_of_the_role(http, northwind):
    http.force_login(make_user(northwind, "viewer"))

    assert http.get(PLANS).status_code == 200
    body = {"code": "x", "name": "X"}
    assert http.post(PLANS, body, content_type="application/json").status_code == 403


def test_a_session_alone_does_not_write_from_elsewhere(northwind):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(northwind, "product-manager"))

    answer = browser.post(PLANS, {"code": "x", "name": "X"}, content_type="application/json")

    assert "CSRF" in check(answer, 403, "forbidden")["detail"]


def test_a_session_with_its_csrf_token_writes(northwind):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user(northwind, "product-manager"))
    browser.cookies["csrftoken"] = "a" * 32

    answer = browser.post(
        PLANS,
        {"code": "x", "name": "X"},
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )

    assert answer.status_code == 201


def test_a_token_needs_no_csrf_token(northwind):
    caller = make_caller(northwind)
    caller._http = Client(enforce_csrf_checks=True)

    assert caller.post("plans/", {"code": "x", "name": "X"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"code": ', "line 1"),
        ("{'code': 'x'}", "line 1"),
        ("\xff\xfe", "UTF-8"),
        ('{"code": NaN}', "NaN"),
        ("[" * 100_000, "nests too deep"),
        ('{"n": ' + "9" * 5000 + "}", "out of range"),
    ],
)
def test_what_is_not_json_is_told_where(rest, body, says):
    answer = rest._http.post(
        PLANS,
        body.encode("latin-1"),
        content_type="application/json",
        headers={"Authorization": f"Bearer {rest.token}"},
    )

    assert says in check(answer, 400, "malformed")["detail"]


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
def test_a_body_that_is_no_object_is_refused(rest, body):
    answer = rest.post("plans/", body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["nul \x00 inside", "half \ud800 a pair"])
def test_text_the_database_cannot_hold_is_told_at_its_field(rest, text):
    answer = rest.post("plans/", {"code": "x", "name": text})

    problem = check(answer, 400, "invalid")
    assert [entry["param"] for entry in problem["invalidParams"]] == ["/name"]


@pytest.mark.parametrize(
    ("body", "param"), [({"\ud800": 1}, "/?"), ({"service": "\ud800"}, "/service")]
)
def test_an_answer_can_repeat_any_name_and_value(rest, body, param):
    answer = rest.put("rating-groups/7/", body)

    assert param in [entry["param"] for entry in check(answer, 400, "invalid")["invalidParams"]]


def test_another_kind_of_body_is_refused(rest):
    answer = rest._http.post(
        PLANS,
        "code=x",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {rest.token}"},
    )

    check(answer, 415, "unsupported-media-type")


def test_only_json_can_be_had(rest):
    answer = rest._http.get(
        PLANS, headers={"Authorization": f"Bearer {rest.token}", "Accept": "text/csv"}
    )

    check(answer, 406, "not-acceptable")


def test_the_documentation_lists_the_status_of_every_problem():
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()

    listed = {int(status) for status in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)}

    assert listed == {kind.status for kind in PROBLEM_TYPES.values()}


def test_a_huge_body_is_not_read(rest):
    answer = rest.post("plans/", {"code": "x", "name": "x" * 1_100_000})

    check(answer, 413, "too-large")


def test_a_method_that_is_not_taken_says_which_are(rest):
    answer = rest._http.delete(PLANS, headers={"Authorization": f"Bearer {rest.token}"})

    check(answer, 405, "method-not-allowed")
    assert "POST" in answer["Allow"]


def test_an_unknown_address_is_a_problem_and_no_page(http):
    for path in ("/api/", "/api/v1/", "/api/v1/plan/", "/api/v2/plans/"):
        check(http.get(path), 404, "not-found")
        check(http.post(path), 404, "not-found")


def test_an_address_without_its_slash_leads_on_with_method_and_query(http):
    answer = http.post("/api/v1/plans?page_size=2")

    assert answer.status_code == 308
    assert answer["Location"] == "/api/v1/plans/?page_size=2"


def test_an_unknown_id_is_not_found(rest):
    for path in (
        "plans/nope/",
        "plans/nope/versions/1/",
        "rating-groups/77/",
        "rating-groups/99999999999999999999/",
        "accounts/nope/",
        "accounts/nope/balances/",
        "devices/nope/",
        "charging-sessions/nope/",
        "emulated-sessions/6a3d28f0-0000-4000-8000-000000000000/",
        "plans/nul%00/",
        "accounts/nul%00/",
    ):
        check(rest.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plans/?page_size=0", "page_size"),
        ("plans/?page_size=-1", "page_size"),
        ("plans/?page_size=many", "page_size"),
        ("plans/?cursor=forged", "cursor"),
        ("plans/?colour=red", "colour"),
        ("charging-sessions/?state=sleeping", "state"),
        ("charging-sessions/?opened_from=yesterday", "opened_from"),
        ("charging-sessions/?device=a%00b", "device"),
        ("notifications/?type=no.such", "type"),
        ("notifications/?after=x", "after"),
        ("notifications/?shape=cubist", "shape"),
    ],
)
def test_a_wrong_parameter_is_named(rest, path, name):
    problem = check(rest.get(path), 400, "invalid")

    assert [entry["param"] for entry in problem["invalidParams"]] == [f"query {name}"]


def test_too_many_requests_are_told_to_wait(rest, monkeypatch):
    def limited(self):
        raise RateLimited(17)

    monkeypatch.setattr(plans_api.PlanListView, "plans", limited)

    answer = rest.get("plans/")

    check(answer, 429, "too-many-requests")
    assert answer["Retry-After"] == "17"


def test_a_database_that_is_away_is_told_to_repeat(rest, monkeypatch):
    def away(self):
        raise OperationalError("connection refused")

    monkeypatch.setattr(plans_api.PlanListView, "plans", away)

    answer = rest.get("plans/")

    check(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_what_nobody_expected_has_an_id_that_is_in_the_log(rest, monkeypatch, caplog):
    def broken(self):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(plans_api.PlanListView, "plans", broken)

    problem = check(rest.get("plans/"), 500, "internal")

    incident = problem["instance"].removeprefix("urn:uuid:")
    assert incident in caplog.text
    assert "secret detail" in caplog.text
    assert "secret detail" not in str(problem)


def test_the_schema_is_public_and_names_every_problem(http):
    cache.clear()
    assert http.get(reverse("api-schema")).status_code == 200


def test_a_database_that_is_away_before_any_view_is_told_too(http, monkeypatch):
    def away(token):
        raise OperationalError("connection refused")

    monkeypatch.setattr("portal.tenancy.tokens.verify", away)

    answer = http.get(PLANS, headers={"Authorization": "Bearer x"})

    check(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_people_get_a_page_when_something_fails_before_any_view(http, monkeypatch):
    def broken(user):
        raise RuntimeError

    monkeypatch.setattr("portal.tenancy.middleware.TenantMiddleware._by_session", broken)

    answer = http.get("/sign-in/")

    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("text/html")
