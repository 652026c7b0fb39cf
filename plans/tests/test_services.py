"""Drafts are saved with care for each other's work; what is published never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notifications.models import NotificationEvent
from plans import selectors, services
from plans.models import Plan, PlanVersion
from plans.specs import AllowanceSpec, VersionSpec
from portal.tenancy.actor import Actor, PermissionDenied
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.validation import Invalid
from tests.factories import flex_spec, make_plan, make_published_plan


def draft_of(plan: Plan) -> PlanVersion:
    draft = selectors.draft_version(plan)
    assert draft is not None
    return draft


def paths(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [error.path for error in refused.value.errors]


# ── plans ────────────────────────────────────────────────────────────────────────────────────


def test_a_new_plan_begins_with_an_empty_draft(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = services.create_plan(code="flex-20", name=" Flex 20 ", actor=ana, now=now)

    draft = draft_of(plan)
    assert (plan.name, draft.number, draft.state, draft.revision) == ("Flex 20", 1, "draft", 0)
    assert selectors.spec_of(draft).is_blank
    assert draft.updated_by == "Ana"


def test_a_code_is_taken_once_in_a_tenant(tenant: Tenant, ana: Actor, now: datetime) -> None:
    make_plan("flex-20", now=now)

    with pytest.raises(Invalid) as refused:
        services.create_plan(code="flex-20", name="Again", actor=ana, now=now)

    assert paths(refused) == ["code"]


@pytest.mark.parametrize("code", ["", "Flex 20", "flex_20", "-flex", "x" * 41, "new"])
def test_a_code_that_makes_no_address_is_refused(
    tenant: Tenant, ana: Actor, now: datetime, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        services.create_plan(code=code, name="Flex", actor=ana, now=now)

    assert paths(refused) == ["code"]
    assert not Plan.objects.exists()


def test_a_plan_with_a_mistake_inside_is_not_made(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    spec = VersionSpec(currency="EUR", allowances=(AllowanceSpec(name="", amount=0),))

    with pytest.raises(Invalid) as refused:
        services.create_plan(code="flex", name="Flex", spec=spec, actor=ana, now=now)

    assert paths(refused) == ["allowances/0/name", "allowances/0/service", "allowances/0/amount"]
    assert not Plan.objects.exists()


# ── drafts ───────────────────────────────────────────────────────────────────────────────────


def test_a_saved_draft_says_what_was_given(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = services.create_plan(code="flex-20", name="Flex 20", actor=ana, now=now)
    later = now + timedelta(minutes=1)

    saved = services.save_draft(
        version=draft_of(plan), spec=flex_spec(), revision=0, name="Flex", actor=ana, now=later
    )

    assert (saved.revision, saved.updated_at, saved.plan.name) == (1, later, "Flex")
    assert saved.price == 19_900_000_000
    assert [(row.name, row.unit, row.amount) for row in saved.allowances.all()] == [
        ("National data", "OCTETS", 21_474_836_480),
        ("Voice", "SECONDS", 18_000),
        ("SMS", "EVENTS", 500),
    ]
    first = saved.allowances.first()
    assert first is not None
    assert [(mark.name, str(mark.percent)) for mark in first.thresholds.all()] == [
        ("50 %", "50.00"),
        ("20 %", "20.00"),
        ("5 %", "5.00"),
    ]
    assert [(rate.service, rate.price, rate.per) for rate in saved.rates.all()] == [
        ("data", 10_000_000, 1_048_576),
        ("voice", 90_000_000, 60),
        ("sms", 90_000_000, 1),
    ]


def test_the_place_of_an_allowance_decides_its_weight(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    plan = make_plan(now=now)
    draft = draft_of(plan)
    spec = selectors.spec_of(draft, keeps_weights=False)

    saved = services.save_draft(
        version=draft,
        spec=replace(spec, allowances=spec.allowances[::-1]),
        revision=0,
        actor=ana,
        now=now,
    )

    assert [(row.name, row.weight) for row in saved.allowances.all()] == [
        ("SMS", 30),
        ("Voice", 20),
        ("National data", 10),
    ]


def test_saving_what_is_there_already_changes_nothing(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    draft = draft_of(make_plan(now=now))
    entries = AuditEntry.objects.count()

    saved = services.save_draft(
        version=draft,
        spec=selectors.spec_of(draft, keeps_weights=False),
        revision=0,
        actor=ana,
        now=now,
    )

    assert saved.revision == 0
    assert AuditEntry.objects.count() == entries


def test_a_colleagues_save_in_between_is_a_conflict_and_stays(
    tenant: Tenant, ana: Actor, ben: Actor, now: datetime
) -> None:
    draft = draft_of(make_plan(now=now))
    theirs = flex_spec(price=24_900_000_000)
    services.save_draft(version=draft, spec=theirs, revision=0, actor=ben, now=now)

    with pytest.raises(services.DraftConflict) as conflict:
        services.save_draft(
            version=draft, spec=flex_spec(price=1_000_000_000), revision=0, actor=ana, now=now
        )

    assert conflict.value.version.updated_by == "Ben"
    assert draft_of(draft.plan).price == 24_900_000_000


def test_a_save_is_in_the_audit_trail_with_what_changed(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    draft = draft_of(make_plan(now=now))
    spec = replace(selectors.spec_of(draft), price=24_900_000_000)

    services.save_draft(version=draft, spec=spec, revision=0, actor=ana, now=now)

    entry = AuditEntry.objects.order_by("pk").last()
    assert entry is not None
    assert (entry.action, entry.actor_name, entry.subject_id) == (
        "plan_version.saved",
        "Ana",
        "flex-20/v1",
    )
    assert (entry.before, entry.after) == ({"price": 19_900_000_000}, {"price": 24_900_000_000})


def test_a_new_draft_is_the_live_version_with_the_same_keys(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    live = make_published_plan(now=now)

    draft = services.create_draft(plan=live.plan, actor=ana, now=now)

    assert (draft.number, draft.state) == (2, "draft")
    assert selectors.spec_of(draft) == selectors.spec_of(live)


def test_a_draft_given_without_keys_finds_them_by_name(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    live = make_published_plan(now=now)
    keys = {row.name: row.key for row in live.allowances.all()}

    draft = services.create_draft(plan=live.plan, spec=flex_spec(), actor=ana, now=now)

    assert {row.name: row.key for row in draft.allowances.all()} == keys


def test_a_plan_has_one_draft_at_a_time(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = make_plan(now=now)

    with pytest.raises(services.DraftExists) as existing:
        services.create_draft(plan=plan, actor=ana, now=now)

    assert existing.value.version.number == 1


def test_a_draft_nobody_has_touched_is_filled(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = services.create_plan(code="flex-20", name="Flex 20", actor=ana, now=now)

    draft = services.create_draft(plan=plan, spec=flex_spec(), actor=ana, now=now)

    assert draft.number == 1
    assert draft.allowances.count() == 3


def test_a_discarded_first_draft_takes_its_plan_along(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    services.discard_draft(version=draft_of(make_plan(now=now)), actor=ana, now=now)

    assert not Plan.objects.exists()


def test_a_discarded_later_draft_leaves_the_live_version(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    live = make_published_plan(now=now)
    draft = services.create_draft(plan=live.plan, actor=ana, now=now)

    services.discard_draft(version=draft, actor=ana, now=now)

    assert [version.number for version in selectors.versions_of(live.plan)] == [1]


# ── publishing ───────────────────────────────────────────────────────────────────────────────


def test_publishing_retires_the_version_before(tenant: Tenant, ana: Actor, now: datetime) -> None:
    live = make_published_plan(now=now)
    draft = services.create_draft(plan=live.plan, actor=ana, now=now)
    later = now + timedelta(days=1)

    published = services.publish_version(version=draft, actor=ana, now=later)

    states = {version.number: version for version in selectors.versions_of(live.plan)}
    assert (published.number, published.published_by) == (2, "Ana")
    assert (states[1].state, states[1].retired_at) == ("retired", later)
    assert (states[2].state, states[2].published_at) == ("published", later)


def test_publishing_is_told_as_an_event(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = make_plan(now=now)

    services.publish_version(version=draft_of(plan), actor=ana, now=now)

    event = NotificationEvent.objects.get(type="plan_version.published")
    assert (event.subject_id, event.payload["version"], event.payload["retired"]) == (
        "flex-20/v1",
        1,
        None,
    )


def test_an_empty_draft_is_not_published(tenant: Tenant, ana: Actor, now: datetime) -> None:
    plan = services.create_plan(code="flex-20", name="Flex 20", actor=ana, now=now)

    with pytest.raises(Invalid) as refused:
        services.publish_version(version=draft_of(plan), actor=ana, now=now)

    assert paths(refused) == ["allowances"]
    assert draft_of(plan).state == "draft"


def test_only_what_was_reviewed_is_published(
    tenant: Tenant, ana: Actor, ben: Actor, now: datetime
) -> None:
    draft = draft_of(make_plan(now=now))
    services.save_draft(
        version=draft, spec=flex_spec(price=0), revision=draft.revision, actor=ben, now=now
    )

    with pytest.raises(services.DraftConflict):
        services.publish_version(version=draft, revision=draft.revision, actor=ana, now=now)

    assert draft_of(draft.plan).state == "draft"


def test_who_designs_need_not_be_allowed_to_publish(
    tenant: Tenant, ben: Actor, now: datetime
) -> None:
    draft = draft_of(make_plan(now=now))

    with pytest.raises(PermissionDenied, match=r"plans\.publish"):
        services.publish_version(version=draft, actor=ben, now=now)


def test_a_published_version_can_neither_be_saved_nor_published_nor_discarded(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    live = make_published_plan(now=now)

    with pytest.raises(services.NotADraft):
        services.save_draft(version=live, spec=flex_spec(), revision=0, actor=ana, now=now)
    with pytest.raises(services.NotADraft):
        services.publish_version(version=live, actor=ana, now=now)
    with pytest.raises(services.NotADraft):
        services.discard_draft(version=live, actor=ana, now=now)


def test_a_retired_plan_is_sold_no_more(tenant: Tenant, ana: Actor, now: datetime) -> None:
    live = make_published_plan(now=now)

    services.retire_version(version=live, actor=ana, now=now)

    assert selectors.newest_published_version("flex-20") is None
    with pytest.raises(services.NotPublished):
        services.retire_version(version=live, actor=ana, now=now)
