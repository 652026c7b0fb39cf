"""The designer and publishing, answer by answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from plans import selectors, services
from plans.conventions import conventions
from plans.designer.form import texts_of
from plans.models import PlanVersion
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import Tenant
from tests.factories import (
    flex_spec,
    make_plan,
    make_published_plan,
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


# ── the designer ─────────────────────────────────────────────────────────────────────────────


def test_the_designer_shows_the_draft_with_preview_and_examples(
    pm: Client, draft: PlanVersion
) -> None:
    page = pm.get("/plans/flex-20/").content.decode()

    assert 'value="National data"' in page
    assert "What the subscriber gets" in page
    assert "4:12 → €0.45" in page
    assert "empty on day" in page or "lasts the month" in page
    assert "Review &amp; publish" in page


def test_a_published_version_is_read_only_with_a_way_to_a_new_draft(
    pm: Client, tenant: Tenant, now: datetime
) -> None:
    make_published_plan(now=now)

    page = pm.get("/plans/flex-20/v1/").content.decode()

    assert '<fieldset class="plain stack" id="draft-fields" disabled>' in page
    assert "Edit as new draft" in page
    assert "Save draft" not in page
    assert pm.post("/plans/flex-20/draft/").headers["Location"] == "/plans/flex-20/"
    assert selectors.find_version("flex-20", 2).state == "draft"


def test_saving_answers_the_next_revision(pm: Client, draft: PlanVersion) -> None:
    answer = save(pm, typed(draft, price="24,90"))

    assert answer.status_code == 200
    assert '<input type="hidden" name="revision" id="draft-revision" value="1">' in (
        answer.content.decode()
    )
    assert "Draft saved" in answer.headers["HX-Trigger"]
    assert selectors.find_version("flex-20", 1).price == 24_900_000_000


def test_saving_without_javascript_leads_back_to_the_designer(
    pm: Client, draft: PlanVersion
) -> None:
    answer = pm.post("/plans/flex-20/save/", typed(draft, price="5"))

    assert answer.headers["Location"] == "/plans/flex-20/"
    assert selectors.find_version("flex-20", 1).price == 5_000_000_000


def test_a_refused_save_keeps_all_that_was_typed(pm: Client, draft: PlanVersion) -> None:
    data = typed(draft, price="ten euros", name="Flex 21")

    answer = save(pm, data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="ten euros"' in page
    assert 'value="Flex 21"' in page
    assert 'href="#id_price"' in page
    assert 'id="id_price_error"' in page
    assert selectors.find_version("flex-20", 1).plan.name == "Flex 20"


def test_a_refused_save_without_javascript_is_the_whole_page(
    pm: Client, draft: PlanVersion
) -> None:
    answer = pm.post("/plans/flex-20/save/", typed(draft, price="ten euros"))

    assert answer.status_code == 422
    assert "<html" in answer.content.decode()


def test_a_quiet_save_never_marks_fields_while_somebody_types(
    pm: Client, draft: PlanVersion
) -> None:
    answer = save(pm, typed(draft, price=""), quietly=True)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 field to correct" in page
    assert "id_price" not in page


def test_a_conflict_shows_both_sides_and_loses_nothing(
    pm: Client, draft: PlanVersion, ana: Actor, now: datetime
) -> None:
    mine = typed(draft, price="1.00")
    services.save_draft(
        version=draft, spec=flex_spec(price=2 * 10**9), revision=0, actor=ana, now=now
    )

    answer = save(pm, mine)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ana saved this draft" in page
    assert "€2.00" in page
    assert "€1.00" in page
    assert selectors.find_version("flex-20", 1).price == 2 * 10**9

    kept = pm.post("/plans/flex-20/save/", {**mine, "over_revision": "1"}, headers=HTMX)

    assert kept.status_code == 200
    assert selectors.find_version("flex-20", 1).price == 10**9


def test_a_draft_published_meanwhile_is_not_saved_over(
    pm: Client, draft: PlanVersion, now: datetime
) -> None:
    data = typed(draft, price="1.00")
    services.publish_version(version=draft, actor=SYSTEM, now=now)

    assert save(pm, data).status_code == 404
    assert selectors.find_version("flex-20", 1).price == 19_900_000_000


def test_a_field_is_checked_when_it_is_left(pm: Client, draft: PlanVersion) -> None:
    row = next(name for name in typed(draft) if name.endswith("-amount"))

    answer = pm.post(
        f"/plans/flex-20/validate/?f={row}", typed(draft, **{row: "much", "price": "?"})
    )

    page = answer.content.decode()
    assert f'id="id_{row}_error"' in page
    assert 'value="much"' in page
    assert "id_price_error" not in page


def test_the_preview_follows_what_is_typed(pm: Client, draft: PlanVersion) -> None:
    row = next(name for name in typed(draft) if name.endswith("-amount"))

    answer = pm.post("/plans/flex-20/preview/", {**typed(draft, **{row: "24"}), "profile": "heavy"})

    page = answer.content.decode()
    assert "24 GB" in page
    assert 'value="heavy" selected' in page
    assert page.count("<hx-partial") == 3
    assert selectors.find_version("flex-20", 1).revision == 0


def test_a_custom_profile_brings_its_own_fields(pm: Client, draft: PlanVersion) -> None:
    answer = pm.post(
        "/plans/flex-20/preview/",
        {**typed(draft), "profile": "custom", "megabytes": "2048", "minutes": "x", "messages": ""},
    )

    page = answer.content.decode()
    assert 'value="2048"' in page
    assert "empty on day 11" in page  # 10 full days use 20 GB but for a wave of the week


def test_a_preview_of_nonsense_says_what_to_do(pm: Client, draft: PlanVersion) -> None:
    page = pm.post("/plans/flex-20/preview/", {"price": "?"}).content.decode()

    assert "Correct the marked fields" in page


# ── publishing ───────────────────────────────────────────────────────────────────────────────


def test_review_saves_and_shows_the_difference(pm: Client, tenant: Tenant, now: datetime) -> None:
    live = make_published_plan(now=now)
    draft = services.create_draft(plan=live.plan, actor=SYSTEM, now=now)

    answer = pm.post("/plans/flex-20/review/", typed(draft, price="24.90"), headers=HTMX)

    page = answer.content.decode()
    assert "1 change against v1" in page
    assert "€19.90" in page
    assert "€24.90" in page
    assert "Publish v2" in page
    assert selectors.find_version("flex-20", 2).price == 24_900_000_000


def test_publishing_leads_to_the_published_version(pm: Client, draft: PlanVersion) -> None:
    answer = pm.post("/plans/flex-20/v1/publish/", {"revision": "0"}, headers=HTMX)

    assert answer.headers["HX-Redirect"] == "/plans/flex-20/v1/"
    assert selectors.find_version("flex-20", 1).state == "published"


def test_publishing_works_without_javascript(pm: Client, draft: PlanVersion) -> None:
    assert "Publish v1" in pm.get("/plans/flex-20/v1/publish/").content.decode()

    answer = pm.post("/plans/flex-20/v1/publish/", {"revision": "0"})

    assert answer.headers["Location"] == "/plans/flex-20/v1/"


def test_a_changed_draft_is_reviewed_again(pm: Client, draft: PlanVersion, now: datetime) -> None:
    services.save_draft(version=draft, spec=flex_spec(price=0), revision=0, actor=SYSTEM, now=now)

    answer = pm.post("/plans/flex-20/v1/publish/", {"revision": "0"}, headers=HTMX)

    assert answer.status_code == 409
    assert "Look at it again" in answer.content.decode()
    assert selectors.find_version("flex-20", 1).state == "draft"


@pytest.mark.parametrize("revision", ["", "none", "-1", "9" * 5000])
def test_nothing_is_published_without_the_revision_that_was_reviewed(
    pm: Client, draft: PlanVersion, revision: str
) -> None:
    answer = pm.post("/plans/flex-20/v1/publish/", {"revision": revision})

    assert answer.status_code == 409
    assert selectors.find_version("flex-20", 1).state == "draft"


def test_an_empty_draft_says_what_it_lacks(pm: Client, tenant: Tenant, now: datetime) -> None:
    services.create_plan(code="empty", name="Empty", actor=SYSTEM, now=now)

    page = pm.get("/plans/empty/v1/publish/").content.decode()

    assert "Add at least one allowance or one rate." in page
    assert "Publish v1</button>" not in page


def test_duties_can_be_separated(pm: Client, draft: PlanVersion, tenant: Tenant) -> None:
    tenant.separates_duties = True
    tenant.save()

    assert pm.post("/plans/flex-20/v1/publish/", {"revision": "0"}).status_code == 403
    page = pm.post("/plans/flex-20/review/", typed(draft), headers=HTMX).content.decode()
    assert "Publishing needs the permission" in page


def test_retiring_and_discarding_ask_first(pm: Client, tenant: Tenant, now: datetime) -> None:
    live = make_published_plan(now=now)
    services.create_draft(plan=live.plan, actor=SYSTEM, now=now)

    assert "Retire" in pm.get("/plans/flex-20/v1/retire/", headers=HTMX).content.decode()
    assert "Discard" in pm.get("/plans/flex-20/v2/discard/").content.decode()

    pm.post("/plans/flex-20/v2/discard/")
    pm.post("/plans/flex-20/v1/retire/", headers=HTMX)

    states = [(row.number, row.state) for row in selectors.versions_of(live.plan)]
    assert states == [(1, "retired")]
