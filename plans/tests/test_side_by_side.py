"""Two people at once, each with a connection of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connections

from plans import selectors, services
from plans.models import PlanVersion
from portal.tenancy.actor import Actor
from portal.tenancy.scope import tenant_scope
from tests.factories import flex_spec, make_plan, make_tenant

pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run the acts in threads that start together; what each returned or raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(timeout=10)
            return act()
        except Exception as error:  # noqa: BLE001  the test looks at what was raised
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_two_publishers_one_publishes_and_the_other_is_told(ana: Actor, now: datetime) -> None:
    tenant = make_tenant()
    with tenant_scope(tenant):
        draft = make_plan(now=now).versions.get()

    def publish() -> object:
        with tenant_scope(tenant):
            return services.publish_version(version=draft, actor=ana, now=now)

    outcomes = at_once(publish, publish)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotADraft", "PlanVersion"]
    with tenant_scope(tenant):
        assert PlanVersion.objects.filter(state="published").count() == 1


def test_of_two_savers_one_saves_and_the_other_meets_a_conflict(
    ana: Actor, ben: Actor, now: datetime
) -> None:
    tenant = make_tenant()
    with tenant_scope(tenant):
        draft = make_plan(now=now).versions.get()

    def save(price: int, actor: Actor) -> Callable[[], object]:
        def act() -> object:
            with tenant_scope(tenant):
                return services.save_draft(
                    version=draft, spec=flex_spec(price=price), revision=0, actor=actor, now=now
                )

        return act

    outcomes = at_once(save(10**10, ana), save(2 * 10**10, ben))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "DraftConflict",
        "PlanVersion",
    ]
    with tenant_scope(tenant):
        saved = selectors.find_version("flex-20", 1)
        assert saved.revision == 1
        assert saved.allowances.count() == 3


def test_of_two_who_begin_a_draft_one_makes_it_and_the_other_finds_it(
    ana: Actor, now: datetime
) -> None:
    tenant = make_tenant()
    with tenant_scope(tenant):
        plan = make_plan(now=now)
        services.publish_version(version=plan.versions.get(), actor=ana, now=now)

    def begin() -> object:
        with tenant_scope(tenant):
            return services.create_draft(plan=plan, actor=ana, now=now)

    outcomes = at_once(begin, begin)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DraftExists", "PlanVersion"]
