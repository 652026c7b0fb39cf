"""What plans name is not deleted; the refusal says who names it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from plans.models import PlanVersion
from plans.reference import services
from plans.reference.models import DestinationGroup, Zone
from plans.reference.services import DestinationGroupSpec, StillUsed, ZoneSpec
from plans.services import create_draft, discard_draft, retire_version
from plans.specs import RateSpec
from plans.terms import ConditionsSpec, DestinationsSpec
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import Tenant
from tests.factories import flex_spec, make_account, make_plan, make_published_plan
from tests.harness.rest import make_caller


@pytest.fixture
def named(tenant: Tenant, now: datetime) -> None:
    spec = DestinationGroupSpec(code="es", name="Spain")
    services.save_destination_group(spec=spec, actor=SYSTEM, now=now)
    zone = ZoneSpec(code="eu", name="EU", countries=("214",))
    services.save_zone(spec=zone, actor=SYSTEM, now=now)


def voice(**conditions: Any) -> dict[str, Any]:
    rate = RateSpec(service="voice", price=1, per=60, conditions=ConditionsSpec(**conditions))
    return {"rates": (*flex_spec().rates, rate)}


TO_SPAIN = voice(destinations=DestinationsSpec(included=("es",)))
NOT_TO_SPAIN = voice(destinations=DestinationsSpec(excluded=("es",)))
IN_THE_EU = voice(zones=("eu",))


@pytest.mark.parametrize("rates", [TO_SPAIN, NOT_TO_SPAIN])
def test_a_group_that_a_draft_names_stays(
    named: None, ana: Actor, now: datetime, rates: dict[str, Any]
) -> None:
    make_plan(spec=flex_spec(**rates), now=now)

    with pytest.raises(StillUsed, match=r"“Spain” cannot be deleted: Flex 20 v1 \(draft\) names"):
        services.delete_destination_group(code="es", actor=ana, now=now)

    assert DestinationGroup.objects.exists()


def test_a_zone_that_a_published_version_names_stays(
    named: None, ana: Actor, now: datetime
) -> None:
    make_published_plan(spec=flex_spec(**IN_THE_EU), now=now)

    with pytest.raises(StillUsed, match=r"v1 \(published\)"):
        services.delete_zone(code="eu", actor=ana, now=now)

    assert Zone.objects.exists()


def test_a_retired_version_holds_it_as_long_as_it_has_subscribers(
    named: None, ana: Actor, now: datetime
) -> None:
    version = make_published_plan(spec=flex_spec(**IN_THE_EU), now=now)
    free = make_published_plan("free", spec=flex_spec(**TO_SPAIN), now=now)
    make_account("acc-1", plan_code="flex-20", now=now)
    for sold in (version, free):
        retire_version(version=PlanVersion.objects.get(pk=sold.pk), actor=SYSTEM, now=now)

    with pytest.raises(StillUsed, match="retired"):
        services.delete_zone(code="eu", actor=ana, now=now)
    services.delete_destination_group(code="es", actor=ana, now=now)


def test_what_nobody_names_any_more_may_go(named: None, ana: Actor, now: datetime) -> None:
    plan = make_plan(spec=flex_spec(**TO_SPAIN), now=now)
    discard_draft(version=plan.versions.get(), actor=SYSTEM, now=now)

    services.delete_destination_group(code="es", actor=ana, now=now)


def test_another_name_like_it_does_not_hold_it(named: None, ana: Actor, now: datetime) -> None:
    spec = DestinationGroupSpec(code="es-mobile", name="Mobile")
    services.save_destination_group(spec=spec, actor=SYSTEM, now=now)
    make_plan(
        spec=flex_spec(**voice(destinations=DestinationsSpec(included=("es-mobile",)))), now=now
    )

    services.delete_destination_group(code="es", actor=ana, now=now)


def test_all_that_name_it_are_counted(named: None, ana: Actor, now: datetime) -> None:
    for number in range(5):
        make_published_plan(
            f"plan-{number}", name=f"Plan {number}", spec=flex_spec(**TO_SPAIN), now=now
        )

    with pytest.raises(StillUsed, match="Plan 2 v1 \\(published\\) and 2 more name it"):
        services.delete_destination_group(code="es", actor=ana, now=now)


def test_the_api_answers_a_conflict_with_the_reason(
    named: None, tenant: Tenant, now: datetime
) -> None:
    live = make_published_plan(spec=flex_spec(**IN_THE_EU), now=now)
    create_draft(plan=live.plan, actor=SYSTEM, now=now)
    rest = make_caller(tenant)

    refused = rest.delete("zones/eu/")

    assert refused.status_code == 409
    assert "Flex 20 v1 (published) and Flex 20 v2 (draft) name it" in refused.json()["detail"]
