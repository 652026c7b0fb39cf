"""A version is published when its examples come true, and told which do not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from plans import examples, selectors, services
from plans.models import PlanVersion
from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday
from plans.specs import ExampleSpec, RateSpec, VersionSpec
from plans.terms import BandSpec, ConditionsSpec, DestinationsSpec, WindowSpec
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.validation import Invalid
from tests.factories import make_plan, make_published_plan

CENT = 10_000_000
WEDNESDAY_EVENING = "2026-11-25T18:30:00Z"
"""19:30 in Madrid."""
TO_SPAIN = DestinationsSpec(included=("spain",))
VOICE = RateSpec(service="voice", price=20 * CENT, per=60)
SPAIN = RateSpec(
    service="voice",
    price=9 * CENT,
    per=60,
    increment=60,
    conditions=ConditionsSpec(destinations=TO_SPAIN),
)
SPAIN_EVENINGS = RateSpec(
    service="voice",
    price=5 * CENT,
    per=60,
    increment=60,
    conditions=ConditionsSpec(destinations=TO_SPAIN, band="evening"),
)
EVENING = BandSpec(
    code="evening",
    name="Evenings",
    windows=(WindowSpec(start=19 * 3600),),
    closed=(WindowSpec(holidays=True),),
)


def call(cost: str, title: str = "A 4:12 call", **changes: Any) -> ExampleSpec:
    event = {
        "op": "rate",
        "type": "voice",
        "destination": "34911234567",
        "answer_time": "2026-11-25T12:00:00Z",
        "usage": 252,
        **changes,
    }
    return ExampleSpec(title=title, case={"events": [event], "expect": [{"cost": cost}]})


def spec_with(*shown: ExampleSpec, **changes: Any) -> VersionSpec:
    fields = {"rates": (VOICE, SPAIN, SPAIN_EVENINGS), "bands": (EVENING,), **changes}
    return VersionSpec(currency="EUR", examples=shown, **fields)


@pytest.fixture(autouse=True)
def spain(tenant: Tenant) -> None:
    """Spain's numbers, and an operator in Madrid."""
    tenant.time_zone = "Europe/Madrid"
    group = DestinationGroup.objects.create(code="spain", name="Spain")
    DestinationPrefix.objects.create(group=group, prefix="34")


def test_examples_run_on_the_draft_with_the_operators_numbers_and_hours(
    tenant: Tenant, now: datetime
) -> None:
    """By the started minute: five of them at 9 cents, in the evening at 5; elsewhere by the second
    at 20 cents a minute, 84 cents."""
    live = make_published_plan(
        spec=spec_with(
            call("0.45", "To Spain at noon"),
            call("0.25", "To Spain in the evening", answer_time=WEDNESDAY_EVENING),
            call("0.84", "To France", destination="33123456789"),
        ),
        now=now,
    )

    assert live.state == PlanVersion.State.PUBLISHED


def test_an_example_that_does_not_come_true_keeps_a_version_from_being_published(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    spec = spec_with(call("0.45"), call("0.45", "To France", destination="33123456789"))
    draft = make_plan(spec=spec, now=now).versions.get()

    with pytest.raises(Invalid) as refused:
        services.publish_version(version=draft, actor=ana, now=now)

    assert [(error.path, error.message) for error in refused.value.errors] == [
        ("examples/1", "“To France”: expected 0.45 got 0.84 (cost of event 1).")
    ]
    assert selectors.find_version("flex-20", 1).state == PlanVersion.State.DRAFT


def test_a_holiday_closes_a_band_for_examples_too(tenant: Tenant, now: datetime) -> None:
    Holiday.objects.create(date=date(2026, 11, 25), name="A holiday")
    spec = spec_with(call("0.25", answer_time=WEDNESDAY_EVENING))
    make_plan(spec=spec, now=now)

    (error,) = examples.failures_of(selectors.find_version("flex-20", 1))

    assert "expected 0.25 got 0.45" in error.message


def test_an_example_may_name_a_rating_group(tenant: Tenant, now: datetime) -> None:
    content = RateSpec(service="data", rating_groups=(310,), price=2 * CENT, per=2**20)
    data = RateSpec(service="data", price=CENT, per=2**20)
    use = {"type": "data", "destination": "", "usage": 3 * 2**20}
    spec = spec_with(
        call("0.03", "Data", **use),
        call("0.06", "Content", **use, category="310"),
        rates=(content, data),
    )

    assert make_published_plan(spec=spec, now=now).pk


def test_an_example_may_have_balances(tenant: Tenant, now: datetime) -> None:
    """100 s are there: the other 152 s are three minutes at 9 cents."""
    balances = [
        {"id": "minutes", "type": "voice", "value": "100"},
        {"id": "money", "type": "monetary", "value": "1.00"},
    ]
    case = {
        **call("0.27", op="debit").case,
        "given": {"account": {"id": "ana", "balances": balances}},
    }
    case["expect"] = [{"cost": "0.27", "balances": {"minutes": "0", "money": "0.73"}}]

    spec = spec_with(ExampleSpec(title="Beyond the minutes", case=case))

    assert make_published_plan(spec=spec, now=now).pk


def test_fallback_plans_price_examples(tenant: Tenant, now: datetime) -> None:
    make_published_plan("basic", spec=spec_with(), now=now)
    spec = spec_with(
        call("0.45"),
        rates=(RateSpec(service="sms", price=CENT, per=1),),
        bands=(),
        fallback_plans=("basic",),
    )

    assert make_published_plan(spec=spec, now=now).pk


def test_the_review_tells_which_example_is_wrong(
    client_of: Callable[[str], Client], tenant: Tenant, now: datetime
) -> None:
    tenant.save()
    make_plan(spec=spec_with(call("0.40")), now=now)

    page = client_of("product-manager").get("/plans/flex-20/v1/publish/").content.decode()

    assert "“A 4:12 call”: expected 0.40 got 0.45 (cost of event 1)." in page
