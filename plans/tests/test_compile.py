"""What the engine is given is what the version says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charging.engine import values as engine
from plans import compile as compiling
from plans import selectors, services
from plans.specs import RateSpec, ThresholdSpec
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from tests.factories import flex_spec, make_plan, make_published_plan


def test_rates_are_compiled_in_their_order(tenant: Tenant, now: datetime) -> None:
    live = make_published_plan(now=now)

    tariff = compiling.compile_tariff(live)

    assert (tariff.version_id, tariff.label) == (live.pk, "Flex 20 v1")
    assert [
        (rate.service, rate.slots[0].price, rate.slots[0].per, rate.slots[0].increment)
        for rate in tariff.rates
    ] == [
        ("data", 10_000_000, 1_048_576, 1),
        ("voice", 90_000_000, 60, 60),
        ("sms", 90_000_000, 1, 1),
    ]
    assert [rate.key for rate in tariff.rates] == [str(rate.key) for rate in live.rates.all()]


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_money_is_rounded_to_the_places_of_the_currency(
    tenant: Tenant, now: datetime, currency: str, decimals: int
) -> None:
    tenant.currency = currency
    spec = flex_spec(currency=currency, price=5 * 10**9)

    tariff = compiling.compile_tariff(make_published_plan(spec=spec, now=now))

    assert {rate.decimals for rate in tariff.rates} == {decimals}


def test_a_frozen_version_is_compiled_once(tenant: Tenant, now: datetime) -> None:
    live = make_published_plan(now=now)
    compiling.compile_tariff(live)

    with CaptureQueriesContext(connection) as queries:
        compiling.compile_tariff(live)

    assert len(queries) == 0


def test_a_draft_is_compiled_as_it_is_now(tenant: Tenant, ana: Actor, now: datetime) -> None:
    draft = make_plan(now=now).versions.get()
    compiling.compile_tariff(draft)
    rates = (RateSpec(service="sms", price=1, per=1),)
    spec = replace(selectors.spec_of(draft), rates=rates)
    saved = services.save_draft(version=draft, spec=spec, revision=0, actor=ana, now=now)

    assert [rate.slots[0].price for rate in compiling.compile_tariff(saved).rates] == [1]


def test_thresholds_keep_two_decimals_or_an_amount(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    marks = (
        ThresholdSpec(percent=Decimal("12.25")),
        ThresholdSpec(name="nearly gone", amount=1_000),
    )
    spec = flex_spec()
    spec = replace(spec, allowances=(replace(spec.allowances[0], thresholds=marks),))
    live = make_published_plan(spec=spec, now=now)

    allowance = live.allowances.get()

    assert compiling.bucket_thresholds(allowance) == (
        engine.Threshold(name="12.25 %", percent_hundredths=1225),
        engine.Threshold(name="nearly gone", amount=1_000),
    )


def test_the_default_rating_groups_reach_the_engine(tenant: Tenant) -> None:
    groups = compiling.engine_rating_groups(tenant)

    assert {
        number: (group.service, str(group.unit), group.grant, group.validity_time)
        for number, group in groups.items()
    } == {
        100: ("voice", "SECONDS", 300, 3600),
        200: ("sms", "EVENTS", 1, 3600),
        300: ("data", "OCTETS", 104_857_600, 3600),
        310: ("data", "OCTETS", 104_857_600, 3600),
        380: ("data", "OCTETS", 104_857_600, 3600),
        400: ("money", "EVENTS", 1, 3600),
    }
