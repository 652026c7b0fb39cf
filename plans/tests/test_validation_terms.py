"""Each rule of rates, allowances, conditions, bands and examples, with the field it speaks at."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from datetime import time as wall_time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plans.rating_groups import DEFAULTS
from plans.references import References
from plans.specs import AllowanceSpec, ExampleSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.terms import (
    BandSpec,
    ConditionsSpec,
    DestinationsSpec,
    FactorSpec,
    LifetimeSpec,
    SlotSpec,
    WindowSpec,
)
from plans.tests.samples import FULL
from plans.validation import AMOUNT_MAX, validate_for_publishing, validate_spec

GROUPS = {spec.number: spec for spec in DEFAULTS}
KNOWN = References(
    destinations={"spain": "Spain", "spain-premium": "Spain, premium"},
    zones={"eu": "EU"},
    fallbacks={"basic": (), "flex": ("basic",)},
    published=frozenset({"basic"}),
    allows_zero_rating=False,
)
DATA = AllowanceSpec(name="Data", service="data", amount=1)
MONEY = AllowanceSpec(name="Money", service="money", amount=1)
COUNTER = AllowanceSpec(name="Count", service="data", amount=1, role="counts")
RATE = RateSpec(service="voice", price=90_000_000, per=60)
EVENING = BandSpec(code="evening", name="Evening", windows=(WindowSpec(start=64_800),))
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def paths(spec: VersionSpec) -> list[str]:
    return [error.path for error in validate_spec(spec, rating_groups=GROUPS, references=KNOWN)]


def version(**changes: Any) -> VersionSpec:
    return VersionSpec(currency="EUR", **changes)


def allowance(base: AllowanceSpec = DATA, **changes: Any) -> VersionSpec:
    return version(allowances=(replace(base, **changes),))


def mark(**changes: Any) -> VersionSpec:
    return allowance(thresholds=(ThresholdSpec(percent=Decimal(20), **changes),))


def rate(**changes: Any) -> VersionSpec:
    return version(rates=(replace(RATE, **changes),))


def slot(start: int, **changes: Any) -> SlotSpec:
    return SlotSpec(**{"start": start, "price": 1, "per": 60, "increment": 60, **changes})


def when(**conditions: Any) -> VersionSpec:
    return rate(conditions=ConditionsSpec(**conditions))


def window(**changes: Any) -> VersionSpec:
    return version(bands=(replace(EVENING, windows=(WindowSpec(**changes),)),))


def test_a_version_that_says_everything_is_sound() -> None:
    assert paths(FULL) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (version(anchor_day=0, renewal="month"), "anchor_day"),
        (version(anchor_day=32, renewal="month"), "anchor_day"),
        (version(anchor_day=5, renewal="day"), "anchor_day"),
        (version(start="later"), "start"),
        (version(proration="hour", anchor_day=5, renewal="month"), "proration"),
        (version(proration="day"), "proration"),
        (version(purchase_fee=-1_000_000_000), "purchase_fee"),
        (version(first_use_fee=1_000_000), "first_use_fee"),
        (version(grace_hours=-1), "grace_hours"),
        (version(retry_hours=8_785), "retry_hours"),
        (version(retries_max=3), "retry_hours"),
        (version(quantity_max=2), "quantity_max"),
        (version(is_add_on=True, quantity_max=0), "quantity_max"),
        (version(zero_rated=(999,)), "zero_rated"),
        (version(zero_rated=(380, 380)), "zero_rated"),
        (version(fallback_plans=("nowhere",)), "fallback_plans/0"),
        (version(fallback_plans=("basic", "basic")), "fallback_plans"),
    ],
)
def test_terms_of_a_version(spec: VersionSpec, path: str) -> None:
    assert paths(spec) == [path]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (rate(pricing="stairs"), "rates/0/pricing"),
        (rate(slots=(slot(0),)), "rates/0/slots/0/start"),
        (rate(slots=(slot(120), slot(60))), "rates/0/slots/1/start"),
        (rate(slots=(slot(120), slot(120))), "rates/0/slots/1/start"),
        (rate(slots=(slot(60, price=-1),)), "rates/0/slots/0/price"),
        (rate(slots=(slot(60, per=0),)), "rates/0/slots/0/per"),
        (rate(slots=(slot(60, increment=0),)), "rates/0/slots/0/increment"),
        (rate(slots=tuple(slot(60 * place) for place in range(1, 21))), "rates/0/slots"),
        (rate(pricing="package", increment=1), "rates/0/increment"),
        (
            rate(pricing="package", increment=60, slots=(slot(60, increment=30),)),
            "rates/0/slots/0/increment",
        ),
        (rate(pricing="package", increment=60, slots=(slot(90),)), "rates/0/slots/0/start"),
        (rate(rounding="nearest"), "rates/0/rounding"),
        (rate(decimals=10), "rates/0/decimals"),
        (rate(minimum=-1), "rates/0/minimum"),
        (rate(minimum=2, maximum=1), "rates/0/maximum"),
        (rate(maximum=AMOUNT_MAX + 1), "rates/0/maximum"),
        (rate(at_maximum="beep"), "rates/0/at_maximum"),
        (rate(weight=1_000_001), "rates/0/weight"),
        (rate(tax_percent=Decimal("19.555")), "rates/0/tax_percent"),
        (rate(tax_percent=Decimal(101)), "rates/0/tax_percent"),
        (rate(label="x" * 81), "rates/0/label"),
        (rate(service="generic"), "rates/0/service"),
    ],
)
def test_terms_of_a_rate(spec: VersionSpec, path: str) -> None:
    assert paths(spec) == [path]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (when(destinations=DestinationsSpec()), "destinations"),
        (when(destinations=DestinationsSpec(included=("mars",))), "destinations/included"),
        (when(destinations=DestinationsSpec(excluded=("mars",))), "destinations/excluded"),
        (
            when(destinations=DestinationsSpec(included=("spain",), excluded=("spain",))),
            "destinations/excluded",
        ),
        (when(zones=("moon",)), "zones"),
        (when(zones=("eu", "eu")), "zones"),
        (when(networks=("2620",)), "networks"),
        (when(rats=("6G",)), "rats"),
        (when(dnns=(" ",)), "dnns"),
        (when(slices=("256",)), "slices"),
        (when(slices=("1-00ff",)), "slices"),
        (when(number_classes=("",)), "number_classes"),
        (when(categories=("x" * 101,)), "categories"),
        (when(characteristics_mask=0x10000), "characteristics_mask"),
        (when(characteristics_mask=8, characteristics_value=1), "characteristics_value"),
        (when(band="evening"), "band"),
    ],
)
def test_conditions(spec: VersionSpec, path: str) -> None:
    assert paths(spec) == [f"rates/0/conditions/{path}"]


def test_conditions_know_the_groups_zones_and_bands_there_are() -> None:
    conditions = ConditionsSpec(
        destinations=DestinationsSpec(included=("spain", "*any"), excluded=("spain-premium",)),
        zones=("home", "roaming", "eu"),
        band="evening",
    )

    assert paths(replace(rate(conditions=conditions), bands=(EVENING,))) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (version(bands=(replace(EVENING, code="a b"),)), "bands/0/code"),
        (version(bands=(replace(EVENING, name=""),)), "bands/0/name"),
        (version(bands=(replace(EVENING, windows=()),)), "bands/0/windows"),
        (window(weekdays=(7,)), "bands/0/windows/0/weekdays"),
        (window(months=(0,)), "bands/0/windows/0/months"),
        (window(month_days=(32,)), "bands/0/windows/0/month_days"),
        (window(years=(1999,)), "bands/0/windows/0/years"),
        (window(weekdays=(1, 1)), "bands/0/windows/0/weekdays"),
        (window(start=86_400), "bands/0/windows/0/start"),
        (window(end=86_401), "bands/0/windows/0/end"),
    ],
)
def test_time_bands(spec: VersionSpec, path: str) -> None:
    assert paths(spec) == [path]


def test_two_time_bands_of_one_code() -> None:
    assert paths(version(bands=(EVENING, EVENING))) == ["bands/0/code", "bands/1/code"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (allowance(amount=0), "amount"),
        (allowance(validity_days=7, lifetime=LifetimeSpec(span="weeks")), "lifetime/span"),
        (allowance(lifetime=LifetimeSpec(span="moons")), "lifetime/span"),
        (allowance(lifetime=LifetimeSpec(span="weeks", count=0)), "lifetime/count"),
        (allowance(lifetime=LifetimeSpec(count=2)), "lifetime/count"),
        (allowance(lifetime=LifetimeSpec(span="until")), "lifetime/until"),
        (allowance(lifetime=LifetimeSpec(span="days", until=NEW_YEAR)), "lifetime/until"),
        (
            allowance(lifetime=LifetimeSpec(from_first_use=True)),
            "lifetime/from_first_use",
        ),
        (allowance(role="watches"), "role"),
        (allowance(COUNTER, is_blocker=True), "is_blocker"),
        (allowance(COUNTER, is_unlimited=True), "is_unlimited"),
        (allowance(COUNTER, own_rate=replace(RATE, service="data")), "own_rate"),
        (allowance(COUNTER, amount=0, limits=True), "amount"),
        (allowance(limits=True), "limits"),
        (allowance(is_unlimited=True, limits=True), "limits"),
        (allowance(step=0), "step"),
        (allowance(MONEY, step=2), "step"),
        (allowance(factors=(FactorSpec(times=0),)), "factors/0/times"),
        (allowance(factors=(FactorSpec(times=1001),)), "factors/0/times"),
        (
            allowance(factors=(FactorSpec(times=2, conditions=ConditionsSpec(band="x")),)),
            "factors/0/conditions/band",
        ),
        (allowance(MONEY, factors=(FactorSpec(times=2),)), "factors"),
        (allowance(own_rate=replace(RATE, per=0)), "own_rate/per"),
        (allowance(own_rate=replace(RATE, key=UUID(int=1))), "own_rate/key"),
        (allowance(own_rate=replace(RATE, pricing="volume")), "own_rate/pricing"),
        (allowance(service="money", own_rate=replace(RATE, service="data")), "own_rate"),
        (allowance(conditions=ConditionsSpec(zones=("moon",))), "conditions/zones"),
        (allowance(renewal="forget"), "renewal"),
        (allowance(roll_over_order="tallest"), "roll_over_order"),
        (allowance(roll_over_amount_max=5), "roll_over_amount_max"),
        (allowance(renewal="roll_over", roll_over_periods_max=0), "roll_over_periods_max"),
        (mark(action="shout"), "thresholds/0/action"),
        (mark(state="x" * 61), "thresholds/0/state"),
        (mark(target=UUID(int=1)), "thresholds/0/target"),
        (mark(action="block", target=UUID(int=1)), "thresholds/0/target"),
        (mark(quiet_from=wall_time(22)), "thresholds/0/quiet_until"),
        (mark(quiet_until=wall_time(7)), "thresholds/0/quiet_from"),
        (mark(quiet_from=wall_time(7), quiet_until=wall_time(7)), "thresholds/0/quiet_until"),
    ],
)
def test_terms_of_an_allowance(spec: VersionSpec, path: str) -> None:
    assert paths(spec) == [f"allowances/0/{path}"]


@pytest.mark.parametrize(
    "spec",
    [
        allowance(COUNTER, amount=0),
        allowance(is_unlimited=True, amount=0),
        allowance(validity_days=7, lifetime=LifetimeSpec(from_first_use=True)),
        allowance(lifetime=LifetimeSpec(span="end_of_month", count=2)),
        mark(action="block"),
        version(
            allowances=(
                replace(DATA, key=UUID(int=1)),
                replace(
                    COUNTER,
                    thresholds=(
                        ThresholdSpec(percent=Decimal(100), action="block", target=UUID(int=1)),
                    ),
                ),
            )
        ),
    ],
)
def test_what_an_allowance_may_say(spec: VersionSpec) -> None:
    assert paths(spec) == []


SMS_EVENT = {"op": "rate", "type": "sms", "answer_time": "2026-11-25T19:00:00Z", "usage": 1}


def example(**changes: Any) -> VersionSpec:
    case = {"events": [SMS_EVENT], "expect": [{"cost": "0.09"}], **changes}
    return version(examples=(ExampleSpec(title="An SMS", case=case),))


def event(**changes: Any) -> VersionSpec:
    return example(events=[{**SMS_EVENT, **changes}])


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        (example(events="x"), "", "Events: must be a list."),
        (example(given=1), "", "Given: must be an object."),
        (example(expect=[]), "", "Expect: must have one entry for each event."),
        (example(expected=[]), "", "Unknown field 'expected'."),
        (event(op="eat"), "", None),
        (event(uses=1), "", "Unknown field 'events[0].uses'."),
        (event(category="a\x00b"), "", "A text in it has a character that cannot be stored."),
        (event(category="x" * 70_000), "", "A case has at most 65,536 characters."),
        (event(repeat=1_001), "events", None),
        (event(type="voice", usage=2_678_401), "events/0", None),
    ],
)
def test_the_shape_of_an_example(spec: VersionSpec, path: str, words: str | None) -> None:
    (error,) = validate_spec(spec, rating_groups=GROUPS, references=KNOWN)

    assert error.path == f"examples/0/case/{path}".rstrip("/")
    assert words in (None, error.message)


def test_an_example_has_a_title_of_its_own() -> None:
    (spec,) = example().examples

    assert paths(version(examples=(replace(spec, title=""),))) == ["examples/0/title"]
    assert paths(version(examples=(spec, spec))) == ["examples/0/title", "examples/1/title"]


# ── publishing ───────────────────────────────────────────────────────────────────────────────


def test_zero_rating_is_published_where_the_operator_may() -> None:
    spec = replace(rate(), zero_rated=(380,))

    def told(references: References) -> list[str]:
        errors = validate_for_publishing(
            spec, rating_groups=GROUPS, currency="EUR", references=references
        )
        return [error.path for error in errors]

    assert told(KNOWN) == ["zero_rated"]
    assert told(replace(KNOWN, allows_zero_rating=True)) == []


def test_five_hundred_rates_are_checked_well_under_a_second() -> None:
    conditions = ConditionsSpec(
        destinations=DestinationsSpec(included=("spain",)), zones=("home",), band="evening"
    )
    many = tuple(replace(RATE, conditions=conditions, weight=place) for place in range(500))
    spec = version(rates=many, bands=(EVENING,))

    begin = time.process_time()
    errors = validate_spec(spec, rating_groups=GROUPS, references=KNOWN)

    assert errors == []
    assert time.process_time() - begin < 0.5
