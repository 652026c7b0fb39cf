"""Every field of a version is kept: saved, read, copied into the next draft, and frozen."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest

from plans import selectors, services
from plans.models import PlanVersion
from plans.records import changed_parts, recorded
from plans.reference.models import DestinationGroup
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.stored import plain, read
from plans.terms import ConditionsSpec, DestinationsSpec, WindowSpec
from plans.tests.samples import EVENINGS, FULL, TO_SPAIN
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.validation import Invalid
from tests.factories import flex_spec, make_plan, make_published_plan


@pytest.fixture(autouse=True)
def spain(tenant: Tenant) -> None:
    """What the sample's conditions name."""
    for code in ("spain", "spain-premium"):
        DestinationGroup.objects.create(code=code, name=code.title())


def said(specs: list[Any]) -> set[str]:
    """Fields in which at least one of the specs says something."""
    return {
        field.name
        for spec in specs
        for field in fields(spec)
        if getattr(spec, field.name) != field.default
    }


@pytest.mark.parametrize(
    ("kind", "specs"),
    [
        (VersionSpec, [FULL]),
        (AllowanceSpec, list(FULL.allowances)),
        (ThresholdSpec, [mark for row in FULL.allowances for mark in row.thresholds]),
        (RateSpec, list(FULL.rates)),
        (ConditionsSpec, [TO_SPAIN]),
        (WindowSpec, [*EVENINGS.windows, *EVENINGS.closed]),
    ],
)
def test_the_sample_says_something_in_every_field(kind: type, specs: list[Any]) -> None:
    assert said(specs) >= {field.name for field in fields(kind)}


def test_a_version_keeps_every_field(tenant: Tenant, now: datetime) -> None:
    make_published_plan("basic", now=now)
    draft = make_plan(spec=FULL, now=now).versions.get()

    assert selectors.spec_of(draft) == FULL


def test_the_next_draft_copies_every_field(tenant: Tenant, ana: Actor, now: datetime) -> None:
    make_published_plan("basic", now=now)
    live = make_published_plan(spec=replace(FULL, zero_rated=()), now=now)

    draft = services.create_draft(plan=live.plan, actor=ana, now=now)

    assert selectors.spec_of(draft) == replace(FULL, zero_rated=())


def test_saving_what_is_there_changes_nothing(tenant: Tenant, ana: Actor, now: datetime) -> None:
    make_published_plan("basic", now=now)
    draft = make_plan(spec=FULL, now=now).versions.get()

    saved = services.save_draft(version=draft, spec=FULL, revision=0, actor=ana, now=now)

    assert saved.revision == 0


def test_the_audit_trail_names_what_changed_back_to_nothing() -> None:
    old, new = changed_parts(recorded(FULL), recorded(replace(FULL, quantity_max=None, bands=())))

    assert old == {"quantity_max": 3, "bands": [plain(EVENINGS)]}
    assert new == {"quantity_max": None, "bands": []}


def test_a_stored_spec_says_only_what_is_not_usual() -> None:
    stored = plain(ConditionsSpec(destinations=DestinationsSpec(included=("spain",)), band="x"))

    assert stored == {"destinations": {"included": ["spain"]}, "band": "x"}
    assert read(ConditionsSpec, stored).band == "x"
    assert plain(ConditionsSpec()) == {}


# ── fallback plans ───────────────────────────────────────────────────────────────────────────


def test_publishing_notes_the_versions_to_fall_back_on(tenant: Tenant, now: datetime) -> None:
    basic = make_published_plan("basic", now=now)
    middle = make_published_plan("middle", spec=flex_spec(fallback_plans=("basic",)), now=now)

    top = make_published_plan("top", spec=flex_spec(fallback_plans=("middle",)), now=now)

    assert top.fallback_versions == [middle.pk, basic.pk]
    assert PlanVersion.objects.get(pk=top.pk).fallback_versions == [middle.pk, basic.pk]


def test_a_plan_to_fall_back_on_must_exist(tenant: Tenant, now: datetime) -> None:
    with pytest.raises(Invalid, match="fallback_plans/0: There is no plan “nowhere”"):
        make_plan(spec=flex_spec(fallback_plans=("nowhere",)), now=now)


def test_a_plan_to_fall_back_on_must_be_published(tenant: Tenant, now: datetime) -> None:
    make_plan("basic", now=now)

    with pytest.raises(Invalid, match="fallback_plans/0: “basic” is not published"):
        make_published_plan(spec=flex_spec(fallback_plans=("basic",)), now=now)


def test_plans_do_not_fall_back_in_a_circle(tenant: Tenant, ana: Actor, now: datetime) -> None:
    basic = make_published_plan("basic", now=now)
    make_published_plan("top", spec=flex_spec(fallback_plans=("basic",)), now=now)

    with pytest.raises(Invalid, match="circle: basic → top → basic"):
        services.create_draft(
            plan=basic.plan, spec=flex_spec(fallback_plans=("top",)), actor=ana, now=now
        )
    with pytest.raises(Invalid, match="circle: basic → basic"):
        services.create_draft(
            plan=basic.plan, spec=flex_spec(fallback_plans=("basic",)), actor=ana, now=now
        )


# ── zero-rating ──────────────────────────────────────────────────────────────────────────────


def test_zero_rating_is_drafted_and_not_published(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    draft = make_plan(spec=flex_spec(zero_rated=(380,)), now=now).versions.get()

    with pytest.raises(Invalid) as refused:
        services.publish_version(version=draft, actor=ana, now=now)

    assert [error.path for error in refused.value.errors] == ["zero_rated"]
