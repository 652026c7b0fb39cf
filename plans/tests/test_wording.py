"""A plan in words, what differs between two, and what deserves a second look."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from plans.checks import findings
from plans.conventions import Conventions
from plans.diff import Change, changes_between
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.wording import describe, say_period, say_rate, summary
from tests.factories import GIGABYTE, MEGABYTE, flex_spec


def keyed(spec: VersionSpec) -> VersionSpec:
    """The same with keys, as saved versions have them."""
    return replace(
        spec,
        allowances=tuple(
            replace(row, key=UUID(int=place + 1)) for place, row in enumerate(spec.allowances)
        ),
        rates=tuple(
            replace(row, key=UUID(int=place + 100)) for place, row in enumerate(spec.rates)
        ),
    )


@pytest.mark.parametrize(
    ("amount", "service", "words"),
    [(1, "money", "1 event"), (3, "money", "3 events"), (1, "sms", "1 SMS"), (3, "sms", "3 SMS")],
)
def test_one_event_is_not_said_as_many(
    by: Conventions, amount: int, service: str, words: str
) -> None:
    assert by.quantity(amount, "EVENTS", service=service) == words


def test_flex_20_is_described_as_it_would_be_sold(by: Conventions) -> None:
    offer = describe(flex_spec(), by)

    assert (offer.price, offer.period) == ("€19.90", "every 30 days")
    assert [(line.name, line.amount, line.notes) for line in offer.given] == [
        ("National data", "20 GB", ("warning at 50 %, 20 %, 5 %",)),
        ("Voice", "300 min", ("warning at 20 %",)),
        ("SMS", "500 SMS", ()),
    ]
    assert [(line.what, line.price) for line in offer.afterwards] == [
        ("Data", "€0.01 per MB"),
        ("Voice", "€0.09 per min, in started steps of 1 min"),
        ("SMS", "€0.09 per SMS"),
    ]


def test_the_allowances_fit_in_one_line(by: Conventions) -> None:
    assert summary(flex_spec(), by) == "20 GB · 300 min · 500 SMS"


def test_an_amount_keeps_the_unit_it_was_typed_in(by: Conventions) -> None:
    allowance = AllowanceSpec(
        name="Data", service="data", amount=20 * GIGABYTE, display_unit="MB", rating_groups=(310,)
    )

    given = describe(VersionSpec(currency="EUR", allowances=(allowance,)), by).given

    assert given[0].amount == "20,480 MB"
    assert given[0].notes == ("only for Data: content",)


def test_a_service_without_a_rate_is_refused_afterwards(by: Conventions) -> None:
    offer = describe(replace(flex_spec(), rates=()), by)

    assert [(line.what, line.price, line.is_refused) for line in offer.afterwards] == [
        ("Voice", "refused", True),
        ("SMS", "refused", True),
        ("Data", "refused", True),
    ]


@pytest.mark.parametrize(
    ("renewal", "count", "words"),
    [
        ("day", 30, "every 30 days"),
        ("day", 1, "every day"),
        ("week", 2, "every 2 weeks"),
        ("month", 1, "every month"),
        ("none", 1, "once"),
    ],
)
def test_periods_read_like_speech(renewal: str, count: int, words: str) -> None:
    spec = VersionSpec(currency="EUR", renewal=renewal, renewal_count=count)

    assert say_period(spec) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (RateSpec(service="voice", price=0, per=60), "free"),
        (RateSpec(service="voice", price=90_000_000, per=60), "€0.09 per min"),
        (RateSpec(service="voice", price=1_500_000, per=1), "€0.0015 per s"),
        (
            RateSpec(service="voice", price=90_000_000, per=30, connect_fee=100_000_000),
            "€0.09 per 30 s, plus €0.10 a call",
        ),
        (
            RateSpec(service="data", price=5_000_000_000, per=GIGABYTE, increment=MEGABYTE),
            "€5.00 per GB, in started steps of 1 MB",
        ),
        (RateSpec(rating_groups=(400,), price=10**9, per=1), "€1.00 per event"),
    ],
)
def test_rates_read_like_a_price_list(by: Conventions, rate: RateSpec, words: str) -> None:
    assert say_rate(rate, by) == words


# ── differences ──────────────────────────────────────────────────────────────────────────────


def test_equal_versions_do_not_differ(by: Conventions) -> None:
    assert changes_between(keyed(flex_spec()), keyed(flex_spec()), by) == []


def test_every_field_that_changed_is_told_with_both_sides(by: Conventions) -> None:
    before = keyed(flex_spec())
    data, voice, sms = before.allowances
    after = replace(
        before,
        price=24_900_000_000,
        renewal="month",
        renewal_count=1,
        allowances=(
            replace(voice, name="Calls", validity_days=7),
            replace(
                data,
                amount=24 * GIGABYTE,
                thresholds=(ThresholdSpec(percent=Decimal(10)),),
                rating_groups=(300,),
            ),
            AllowanceSpec(name="Bonus", service="money", amount=5 * 10**9),
        ),
        rates=(replace(before.rates[1], price=120_000_000), before.rates[0]),
    )

    assert changes_between(before, after, by) == [
        Change("Price", "€19.90", "€24.90"),
        Change("Renewal", "every 30 days", "every month"),
        Change("Name", "Voice", "Calls"),
        Change("Calls · valid", "until the period ends", "7 days"),
        Change("National data · amount", "20 GB", "24 GB"),
        Change("National data · applies to", "All data", "Data"),
        Change("National data · warnings", "50 %, 20 %, 5 %", "10 %"),
        Change("Bonus", "", "€5.00"),
        Change("SMS", "500 SMS", ""),
        Change("Used in this order", "National data → Voice", "Calls → National data"),
        Change(
            "Voice · rate",
            "€0.09 per min, in started steps of 1 min",
            "€0.12 per min, in started steps of 1 min",
        ),
        Change("SMS · rate", "€0.09 per SMS", ""),
    ]
    assert sms.name == "SMS"


# ── second looks ─────────────────────────────────────────────────────────────────────────────


def test_flex_20_gives_no_cause_for_a_second_look(by: Conventions) -> None:
    assert [finding.tone for finding in findings(flex_spec(), by)] == ["good"]


def test_missing_prices_are_told_by_service(by: Conventions) -> None:
    spec = replace(flex_spec(), allowances=flex_spec().allowances[:1], rates=flex_spec().rates[2:])

    assert [finding.text for finding in findings(spec, by)] == [
        "No rate for data: refused once the allowance is used up.",
        "Neither allowance nor rate for voice: refused.",
    ]


def test_a_warning_above_the_amount_is_reached_from_the_start(by: Conventions) -> None:
    spec = flex_spec()
    loud = replace(spec.allowances[2], thresholds=(ThresholdSpec(name="low", amount=500),))

    found = findings(replace(spec, allowances=(*spec.allowances[:2], loud)), by)

    assert [(finding.text, finding.path) for finding in found] == [
        (
            "SMS: the warning “low” is reached from the start.",
            "allowances/2/thresholds/0/percent",
        )
    ]


def test_a_rate_below_one_that_covers_the_same_is_never_used(by: Conventions) -> None:
    spec = flex_spec()
    late = RateSpec(service="data", rating_groups=(310,), price=0, per=1)

    assert [finding.path for finding in findings(replace(spec, rates=(*spec.rates, late)), by)] == [
        "rates/3/price"
    ]
    assert [finding.tone for finding in findings(replace(spec, rates=(late, *spec.rates)), by)] == [
        "good"
    ]
