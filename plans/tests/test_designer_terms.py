"""The designer's pages with a version that says more than they edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client

from plans import selectors
from plans.conventions import conventions
from plans.designer.form import texts_of
from plans.models import PlanVersion
from plans.reference.models import DestinationGroup
from plans.tests.samples import FULL
from portal.tenancy.models import Tenant
from tests.factories import make_plan, make_published_plan

HTMX = {"HX-Request": "true"}


@pytest.fixture
def pm(client_of: Callable[[str], Client]) -> Client:
    return client_of("product-manager")


@pytest.fixture
def draft(tenant: Tenant, now: datetime) -> PlanVersion:
    """The sample as a draft, with what it names."""
    for code in ("spain", "spain-premium"):
        DestinationGroup.objects.create(code=code, name=code.title())
    make_published_plan("basic", now=now)
    make_plan(spec=FULL, now=now)
    return selectors.find_version("flex-20", 1)


def typed(version: PlanVersion, **changes: str) -> dict[str, str]:
    spec = selectors.spec_of(version)
    return {**texts_of(version.plan, version.revision, spec, conventions()), **changes}


def test_a_saved_page_keeps_every_term_it_does_not_edit(pm: Client, draft: PlanVersion) -> None:
    answer = pm.post(
        "/plans/flex-20/save/", {**typed(draft, price="9.90"), "explicit": "yes"}, headers=HTMX
    )

    assert answer.status_code == 200, answer.content.decode()
    saved = selectors.find_version("flex-20", 1)
    assert (saved.revision, saved.price) == (1, 9_900_000_000)
    assert selectors.spec_of(saved) == replace(FULL, price=9_900_000_000)


def test_a_row_says_its_other_terms(pm: Client, draft: PlanVersion) -> None:
    page = pm.get("/plans/flex-20/").content.decode()

    assert "also: Spain, evenings, sold in whole packages" in page
    assert "to Spain, not to Spain-Premium" in page
    assert "also: abroad, counts what is spent, and no more is granted" in page
    assert "Kind: add-on, at most 3 at once" in page


def test_the_row_and_the_aside_are_redrawn_with_them(pm: Client, draft: PlanVersion) -> None:
    data = typed(draft)
    name = next(name for name in data if name.startswith("rates-") and name.endswith("-price"))

    row = pm.post(f"/plans/flex-20/validate/?f={name}", data, headers=HTMX).content.decode()
    aside = pm.post("/plans/flex-20/preview/", data, headers=HTMX).content.decode()

    assert "also: Spain, evenings" in row
    assert "at most €2.00, then no more" in aside


def test_the_publish_page_tells_what_cannot_be_published(pm: Client, draft: PlanVersion) -> None:
    page = pm.get("/plans/flex-20/v1/publish/").content.decode()

    assert "This operator may not make chosen services free of charge." in page
