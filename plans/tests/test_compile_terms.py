"""What the engine is given of a version's terms is what the version says."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from charging.engine import conditions as when
from charging.engine import tariff as engine
from charging.engine.calendar import Band, Window
from charging.engine.lifetimes import Lifetime, Span
from plans import compile as compiling
from plans import services
from plans.models import PlanVersion
from plans.overrides import (
    NO_OVERRIDES,
    AllowanceOverride,
    Overrides,
    RateOverride,
    read_overrides,
    stored_overrides,
)
from plans.reference.models import DestinationGroup
from plans.specs import RateSpec, ThresholdSpec
from plans.terms import ConditionsSpec, DestinationsSpec, LifetimeSpec
from plans.tests.samples import (
    DATA,
    FULL,
    GIGABYTE,
    MINUTES,
    NEW_YEAR,
    PREMIUM,
    SPAIN_EVENINGS,
    SPENT,
)
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from tests.factories import flex_spec, make_plan, make_published_plan

WEEKDAYS = frozenset({1, 2, 3, 4, 5})
EVENINGS = Band(
    key="weekday-evenings",
    windows=(
        Window(weekdays=WEEKDAYS, start=64_800, end=84_600),
        Window(
            years=frozenset({2026, 2027}), months=frozenset({12}), month_days=frozenset({24, 25})
        ),
    ),
    closed=(Window(holidays=True),),
)
TO_SPAIN = when.Conditions(
    destinations=when.Destinations(
        included=frozenset({"spain"}), excluded=frozenset({"spain-premium"})
    ),
    zones=frozenset({"home"}),
    networks=frozenset({"26201"}),
    rats=frozenset({"NR", "EUTRA"}),
    dnns=frozenset({"internet"}),
    slices=frozenset({"1-0000FF"}),
    number_classes=frozenset({"mobile"}),
    categories=frozenset({"call"}),
    characteristics_mask=2048,
    characteristics_value=2048,
    on_net=False,
    band=EVENINGS,
)


@pytest.fixture
def basic(tenant: Tenant, now: datetime) -> PlanVersion:
    """What the sample names: a plan to fall back on, and destinations."""
    for code in ("spain", "spain-premium"):
        DestinationGroup.objects.create(code=code, name=code.title())
    tenant.allows_zero_rating = True
    return make_published_plan("basic", now=now)


@pytest.fixture
def full(basic: PlanVersion, now: datetime) -> PlanVersion:
    return make_published_plan(spec=FULL, now=now)


def test_a_rate_says_everything_to_the_engine(full: PlanVersion) -> None:
    rate, volume = compiling.compile_tariff(full).rates

    assert rate == engine.Rate(
        key=str(SPAIN_EVENINGS),
        service="voice",
        rating_groups=frozenset({100}),
        slots=(
            engine.Slot(price=90_000_000, per=60, increment=60),
            engine.Slot(start=600, price=80_000_000, per=60, increment=60),
            engine.Slot(start=3_600, price=70_000_000, per=300, increment=300),
        ),
        connect_fee=50_000_000,
        decimals=4,
        rounding=engine.Rounding.UP,
        minimum=100_000_000,
        maximum=2_000_000_000,
        at_maximum=engine.AtMaximum.STOP,
        when=TO_SPAIN,
        weight=5,
        active_from=NEW_YEAR,
        tax_hundredths=1950,
        label="Spain, evenings",
    )
    assert (volume.is_volume, volume.decimals) == (True, 2)
    assert volume.when is when.ALWAYS
    assert [slot.start for slot in volume.slots] == [0, GIGABYTE]


def test_a_tariff_knows_what_is_free_and_where_it_falls_back(
    full: PlanVersion, basic: PlanVersion
) -> None:
    tariff = compiling.compile_tariff(full)

    assert tariff.zero_rated == frozenset({380})
    assert tariff.money_first is True
    assert [[rate.key for rate in rates] for rates in tariff.fallbacks] == [
        [str(rate.key) for rate in basic.rates.all()]
    ]


def test_a_fallback_stays_the_version_of_the_day_of_publishing(
    full: PlanVersion, basic: PlanVersion, ana: Actor, now: datetime
) -> None:
    spec = flex_spec(rates=(RateSpec(service="sms", price=1, per=1),))
    newer = services.create_draft(plan=basic.plan, spec=spec, actor=ana, now=now)
    services.publish_version(version=newer, actor=ana, now=now)

    (rates,) = compiling.compile_tariff(full).fallbacks

    assert {rate.key for rate in rates} == {str(rate.key) for rate in basic.rates.all()}


def test_a_draft_falls_back_on_what_is_published_now(basic: PlanVersion, now: datetime) -> None:
    draft = make_plan("top", spec=flex_spec(fallback_plans=("basic",)), now=now).versions.get()

    assert len(compiling.compile_tariff(draft).fallbacks) == 1


def test_an_allowance_says_everything_to_the_engine(full: PlanVersion) -> None:
    terms = compiling.allowance_terms(full.allowances.get(key=DATA))

    own = engine.Rate(
        key=str(DATA),
        service="data",
        slots=(
            engine.Slot(price=10_000_000, per=2**20),
            engine.Slot(start=GIGABYTE, price=5_000_000, per=2**20),
        ),
        when=when.Conditions(zones=frozenset({"roaming"})),
    )
    assert terms == engine.Terms(
        when=when.Conditions(zones=frozenset({"home"}), rats=frozenset({"NR"})),
        is_blocker=True,
        step=1024,
        factors=(
            engine.Factor(times=Fraction(3), when=when.Conditions(dnns=frozenset({"video"}))),
            engine.Factor(times=Fraction(2), key="premium"),
        ),
        tariffs=(engine.Tariff(version_id=full.pk, label="Data", rates=engine.Rates((own,))),),
        lifetime=Lifetime(span=Span.WEEKS, count=2, from_first_use=True),
    )


def test_counters_and_unlimited_allowances(full: PlanVersion) -> None:
    spent = compiling.allowance_terms(full.allowances.get(key=SPENT))
    minutes = compiling.allowance_terms(full.allowances.get(key=MINUTES))

    assert (spent.role, spent.limits) == (engine.Role.COUNTS, True)
    assert spent.when == when.Conditions(zones=frozenset({"roaming"}))
    assert minutes == engine.Terms(is_unlimited=True)


def test_neutral_units_are_units_of_no_service(full: PlanVersion) -> None:
    assert full.allowances.get(key=PREMIUM).unit == engine.Unit.GENERIC


@pytest.mark.parametrize(
    ("key", "lifetime"),
    [
        (DATA, Lifetime(span=Span.WEEKS, count=2, from_first_use=True)),
        (MINUTES, Lifetime(span=Span.UNTIL, until=NEW_YEAR)),
        (PREMIUM, Lifetime(span=Span.DAYS, count=7)),
        (SPENT, Lifetime()),
    ],
)
def test_lifetimes(full: PlanVersion, key: UUID, lifetime: Lifetime) -> None:
    assert compiling.allowance_lifetime(full.allowances.get(key=key)) == lifetime


def test_thresholds_say_what_they_do_and_when_nobody_is_told(full: PlanVersion) -> None:
    (low,) = compiling.bucket_thresholds(full.allowances.get(key=DATA))

    assert low == engine.Threshold(
        name="low",
        percent_hundredths=1250,
        state="critical",
        action=engine.Action.BLOCK,
        target=str(PREMIUM),
        quiet=Window(start=79_200, end=27_000),
        is_paused=True,
    )
    assert [
        mark.action for mark in compiling.bucket_thresholds(full.allowances.get(key=SPENT))
    ] == [engine.Action.THROTTLE, engine.Action.SUSPEND]


def test_terms_of_a_frozen_version_are_compiled_once(full: PlanVersion) -> None:
    allowance = full.allowances.get(key=DATA)
    compiling.compile_tariff(full)
    compiling.allowance_terms(allowance)
    compiling.bucket_thresholds(allowance)

    again = full.allowances.get(key=DATA)
    with CaptureQueriesContext(connection) as queries:
        compiling.compile_tariff(full)
        compiling.allowance_terms(again)
        compiling.bucket_thresholds(again)

    assert len(queries) == 0


def test_what_is_described_compiles_to_what_is_saved(full: PlanVersion) -> None:
    saved = compiling.compile_tariff(full)
    described = compiling.compile_spec(
        FULL, label=saved.label, rating_groups={}, fallbacks=saved.fallbacks
    )

    assert replace(described, version_id=full.pk) == saved


def test_five_hundred_rates_compile_well_under_a_second(basic: PlanVersion, now: datetime) -> None:
    conditions = ConditionsSpec(destinations=DestinationsSpec(included=("spain",)))
    rates = tuple(
        RateSpec(service="voice", price=place, per=60, conditions=conditions, weight=place)
        for place in range(500)
    )
    live = make_published_plan("many", spec=flex_spec(rates=rates), now=now)

    begin = time.process_time()
    tariff = compiling.compile_tariff(live)

    assert len(tariff.rates) == 500
    assert time.process_time() - begin < 0.5


# ── a subscription's own terms ───────────────────────────────────────────────────────────────

OWN = Overrides(
    price=0,
    rates={SPAIN_EVENINGS: RateOverride(price=50_000_000)},
    allowances={
        DATA: AllowanceOverride(
            amount=30 * GIGABYTE,
            validity_days=10,
            thresholds=(ThresholdSpec(name="last gigabyte", amount=GIGABYTE),),
        ),
        MINUTES: AllowanceOverride(lifetime=LifetimeSpec(span="unlimited")),
    },
)


def test_overrides_are_stored_and_read_back() -> None:
    stored = stored_overrides(OWN)

    assert stored == {
        "price": 0,
        "rates": {str(SPAIN_EVENINGS): {"price": 50_000_000}},
        "allowances": {
            str(DATA): {
                "amount": 32_212_254_720,
                "validity_days": 10,
                "thresholds": [{"name": "last gigabyte", "amount": 1_073_741_824}],
            },
            str(MINUTES): {"lifetime": {"span": "unlimited"}},
        },
    }
    assert read_overrides(stored) == OWN
    assert read_overrides({}) is NO_OVERRIDES


def test_a_digest_names_what_is_said_in_any_order() -> None:
    turned = replace(OWN, allowances=dict(reversed(list(OWN.allowances.items()))))

    assert turned.digest == OWN.digest
    assert replace(OWN, price=1).digest != OWN.digest
    assert (NO_OVERRIDES.digest, Overrides(rates={DATA: RateOverride()}).digest) == ("", "")


def test_overrides_change_the_first_price_and_keep_the_rest(full: PlanVersion) -> None:
    usual = compiling.compile_tariff(full)

    own = compiling.compile_tariff(full, OWN)

    assert [slot.price for slot in own.rates[0].slots] == [50_000_000, 80_000_000, 70_000_000]
    assert replace(own.rates[0], slots=usual.rates[0].slots) == usual.rates[0]
    assert own.rates[1:] == usual.rates[1:]


def test_overrides_change_amount_marks_and_validity(full: PlanVersion) -> None:
    data = full.allowances.get(key=DATA)
    premium = full.allowances.get(key=PREMIUM)

    assert compiling.allowance_amount(data, OWN) == 32_212_254_720
    assert compiling.allowance_amount(premium, OWN) == 100
    assert compiling.bucket_thresholds(data, OWN) == (
        engine.Threshold(name="last gigabyte", amount=GIGABYTE),
    )
    assert compiling.allowance_terms(data, OWN).lifetime == Lifetime(
        span=Span.DAYS, count=10, from_first_use=True
    )
    minutes = full.allowances.get(key=MINUTES)
    assert compiling.allowance_lifetime(minutes, OWN) == Lifetime(span=Span.UNLIMITED)


def test_each_set_of_overrides_is_compiled_once(full: PlanVersion) -> None:
    first = compiling.compile_tariff(full, OWN)
    same = read_overrides(stored_overrides(OWN))

    with CaptureQueriesContext(connection) as queries:
        second = compiling.compile_tariff(full, same)

    assert len(queries) == 0
    assert second.rates is first.rates
    assert compiling.compile_tariff(full).rates is not first.rates
