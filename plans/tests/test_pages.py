"""The pages under /plans/, as somebody with a browser meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from plans import selectors
from plans.conventions import conventions
from plans.designer.form import texts_of
from plans.models import Plan, PlanVersion, RatingGroup
from plans.services import create_draft
from plans.subscriber_counts import subscriber_counts
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    flex_spec,
    make_account,
    make_plan,
    make_published_plan,
    make_tenant,
    make_user,
)

HTMX = {"HX-Request": "true"}
SignIn = Callable[[str], Client]


@pytest.fixture
def pm(client_of: SignIn) -> Client:
    return client_of("product-manager")


@pytest.fixture
def draft(tenant: Tenant, now: datetime) -> PlanVersion:
    make_plan(now=now)
    return selectors.find_version("flex-20", 1)


def typed(version: PlanVersion, **changes: str) -> dict[str, str]:
    """What the designer would post for the version, with some fields typed over."""
    spec = selectors.spec_of(version)
    return {**texts_of(version.plan, version.revision, spec, conventions()), **changes}


def save(client: Client, data: dict[str, str], *, quietly: bool = False) -> Any:
    explicit = {} if quietly else {"explicit": "yes"}
    return client.post("/plans/flex-20/save/", {**data, **explicit}, headers=HTMX)


# ── the list ─────────────────────────────────────────────────────────────────────────────────


def test_a_plan_with_a_draft_is_listed_as_it_is_sold(
    pm: Client, tenant: Tenant, ana: Actor, now: datetime
) -> None:
    """Amounts and price are those of the version that the row names."""
    make_published_plan(now=now)
    create_draft(plan=Plan.objects.get(code="flex-20"), actor=ana, now=now)

    page = pm.get("/plans/").content.decode()

    assert "flex-20 · v1" in page
    assert "v2; v1 is live" in page


def test_without_plans_the_list_offers_templates(pm: Client) -> None:
    page = pm.get("/plans/").content.decode()

    assert "No plans yet" in page
    assert "/plans/new/?template=prepaid-starter" in page


def test_the_list_says_what_each_plan_gives(pm: Client, tenant: Tenant, now: datetime) -> None:
    make_published_plan(now=now)

    page = pm.get("/plans/").content.decode()

    assert "Flex 20" in page
    assert "20 GB · 300 min · 500 SMS" in page
    assert "€19.90" in page
    assert "Published" in page


def test_the_list_is_searched_filtered_and_sorted(
    pm: Client, tenant: Tenant, now: datetime
) -> None:
    make_published_plan("roam-eu", name="Roam EU", spec=flex_spec(price=29 * 10**9), now=now)
    make_plan("flex-20", name="Flex 20", now=now)

    def found(query: str) -> list[str]:
        page = pm.get(f"/plans/{query}").content.decode()
        return re.findall(r'id="plan-([a-z0-9-]+)"><', page) or re.findall(
            r'<tr id="plan-([a-z0-9-]+)"', page
        )

    assert found("?q=roam") == ["roam-eu"]
    assert found("?state=draft") == ["flex-20"]
    assert found("?state=published") == ["roam-eu"]
    assert found("?sort=price") == ["roam-eu", "flex-20"]
    assert found("?sort=name&page=99") == ["flex-20", "roam-eu"]
    assert found("?sort=nonsense&state=nonsense") == ["flex-20", "roam-eu"]


def test_no_match_names_the_search(pm: Client, draft: PlanVersion) -> None:
    page = pm.get("/plans/", {"q": "<b>zebra</b>"}).content.decode()

    assert "No plan matches “&lt;b&gt;zebra&lt;/b&gt;”" in page
    assert "Clear filters" in page


def test_a_fragment_is_answered_to_htmx(pm: Client, draft: PlanVersion) -> None:
    page = pm.get("/plans/", headers=HTMX).content.decode()

    assert "<html" not in page
    assert "flex-20" in page


def test_the_list_counts_subscribers_with_few_queries(
    pm: Client, tenant: Tenant, now: datetime, django_assert_max_num_queries: Any
) -> None:
    live = make_published_plan(now=now)
    for _ in range(3):
        make_account(plan_code="flex-20", now=now)
    for number in range(5):
        make_published_plan(f"plan-{number}", name=f"Plan {number}", now=now)

    with django_assert_max_num_queries(20):
        page = pm.get("/plans/").content.decode()

    assert subscriber_counts([live.pk]) == {live.pk: 3}
    assert re.search(r"flex-20.*?<td class=\"number\">3</td>", page, re.DOTALL)


# ── a new plan ───────────────────────────────────────────────────────────────────────────────


def test_a_plan_made_from_a_template_opens_in_the_designer(pm: Client, tenant: Tenant) -> None:
    answer = pm.post("/plans/new/", {"name": "Summer Deal", "template": "prepaid-starter"})

    assert answer.headers["Location"] == "/plans/summer-deal/"
    assert selectors.find_version("summer-deal", 1).allowances.count() == 3


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"name": ""}, "id_name"),
        ({"name": "Ω"}, "id_code"),
        ({"name": "Flex", "code": "Flex 20"}, "id_code"),
        ({"name": "Flex", "code": "flex-20"}, "id_code"),
        ({"name": "Flex", "code": "rows"}, "id_code"),
        ({"name": "F" * 81}, "id_name"),
    ],
)
def test_a_plan_that_cannot_be_made_keeps_what_was_typed(
    pm: Client, draft: PlanVersion, posted: dict[str, str], field: str
) -> None:
    answer = pm.post("/plans/new/", posted)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{field}"' in page
    assert f'value="{posted["name"]}"' in page
    assert Plan.objects.count() == 1


# ── rating groups ────────────────────────────────────────────────────────────────────────────


def test_rating_groups_are_listed_with_their_slices(pm: Client, tenant: Tenant) -> None:
    page = pm.get("/plans/rating-groups/").content.decode()

    assert "Data: zero-rated" in page
    assert "100 MB" in page


def rating_group(**changes: str) -> dict[str, str]:
    return {
        "number": "320",
        "name": "Video",
        "service": "data",
        "unit": "OCTETS",
        "mode": "online",
        "grant": "0,5 GB",
        "grant_unit": "MB",
        "validity_time": "1 h",
        "holding_time": "0",
        "threshold_percent": "20",
        "final_unit_action": "TERMINATE",
        **changes,
    }


def test_a_rating_group_is_added(pm: Client, tenant: Tenant) -> None:
    answer = pm.post("/plans/rating-groups/new/", rating_group())

    row = RatingGroup.objects.get(number=320)
    assert answer.headers["Location"] == "/plans/rating-groups/"
    assert (row.grant, row.validity_time, row.holding_time) == (536_870_912, 3600, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "300"}, "number"),
        ({"number": "many"}, "number"),
        ({"name": ""}, "name"),
        ({"grant": "0"}, "grant"),
        ({"validity_time": "-1"}, "validity_time"),
        ({"unit": ""}, "unit"),
        ({"final_unit_action": "REDIRECT"}, "redirect_address"),
    ],
)
def test_a_refused_rating_group_says_where(
    pm: Client, tenant: Tenant, changes: dict[str, str], field: str
) -> None:
    answer = pm.post("/plans/rating-groups/new/", rating_group(**changes))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert RatingGroup.objects.count() == 6


def test_a_rating_group_is_changed_under_its_number(pm: Client, tenant: Tenant) -> None:
    pm.post("/plans/rating-groups/310/", rating_group(number="999", name="Social"))

    assert RatingGroup.objects.get(number=310).name == "Social"
    assert not RatingGroup.objects.filter(number=999).exists()


# ── who may ──────────────────────────────────────────────────────────────────────────────────


GUARDED = [
    ("post", "/plans/flex-20/save/", "viewer"),
    ("post", "/plans/flex-20/validate/", "viewer"),
    ("post", "/plans/flex-20/review/", "viewer"),
    ("post", "/plans/flex-20/draft/", "viewer"),
    ("post", "/plans/flex-20/v1/publish/", "viewer"),
    ("post", "/plans/flex-20/v1/retire/", "support"),
    ("post", "/plans/flex-20/v1/discard/", "support"),
    ("get", "/plans/new/", "viewer"),
    ("post", "/plans/new/", "viewer"),
    ("get", "/plans/rows/allowance/?service=data", "viewer"),
    ("post", "/plans/rating-groups/300/", "viewer"),
    ("post", "/plans/rating-groups/new/", "viewer"),
]
"""Method, address, and a role that is one permission short."""


@pytest.mark.parametrize(("method", "address", "role"), GUARDED)
def test_who_only_looks_changes_nothing(
    client_of: SignIn, draft: PlanVersion, method: str, address: str, role: str
) -> None:
    answer = getattr(client_of(role), method)(address)

    assert answer.status_code == 403
    assert selectors.find_version("flex-20", 1).state == "draft"


def test_who_only_looks_sees_the_draft_without_its_buttons(
    client_of: SignIn, draft: PlanVersion
) -> None:
    page = client_of("viewer").get("/plans/flex-20/").content.decode()

    assert "disabled" in page
    assert "Save draft" not in page
    assert "Add data" not in page


@pytest.mark.parametrize(
    "address",
    ["/plans/flex-20/", "/plans/flex-20/v1/", "/plans/flex-20/v1/publish/", "/plans/flex-20/v9/"],
)
def test_another_operators_plan_does_not_exist(
    client_of: SignIn, draft: PlanVersion, address: str
) -> None:
    other = make_tenant("contoso")
    draft_owner = client_of("admin")
    stranger = Client()
    stranger.force_login(make_user(other, "admin"))

    assert stranger.get(address).status_code == 404
    assert stranger.get("/plans/").content.decode().count("flex-20") == 0
    assert draft_owner.get("/plans/").content.decode().count("flex-20") > 0


def test_another_operators_draft_cannot_be_saved(draft: PlanVersion) -> None:
    other = make_tenant("contoso")
    stranger = Client()
    stranger.force_login(make_user(other, "admin"))

    assert stranger.post("/plans/flex-20/save/", typed(draft, price="1")).status_code == 404
    with tenant_scope(draft.tenant):
        assert selectors.find_version("flex-20", 1).revision == 0


def test_nobody_sees_plans_without_signing_in(draft: PlanVersion) -> None:
    answer = Client().get("/plans/")

    assert answer.status_code == 302
    assert "/sign-in/" in answer.headers["Location"]
