"""Every term of a version in plain words, exactly as it is; and what differs between two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plans.checks import findings
from plans.conventions import Conventions
from plans.designer.form import DraftForm, texts_of
from plans.diff import Change, changes_between
from plans.models import Plan
from plans.references import References
from plans.specs import AllowanceSpec, RateSpec, VersionSpec
from plans.terms import (
    BandSpec,
    ConditionsSpec,
    DestinationsSpec,
    LifetimeSpec,
    SlotSpec,
    WindowSpec,
)
from plans.tests.samples import EVENINGS, FULL, NEW_YEAR
from plans.wording import describe, say_rate, summary
from plans.wording_conditions import say_band, say_conditions
from plans.wording_terms import say_validity, say_whole_rate, version_terms

VOICE = RateSpec(service="voice", price=90_000_000, per=60)
DATA = RateSpec(service="data", price=10_000_000, per=2**20)
MINUTE = 60
HOURS = "Mon–Fri 18:00–23:30; on the 24th or 25th in December of 2026 or 2027; but not on holidays"


@pytest.fixture
def named(by: Conventions) -> Conventions:
    return replace(
        by,
        references=References(
            destinations={"spain": "Spain", "spain-premium": "Spain, premium"},
            zones={"eu": "the EU"},
        ),
    )


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, ""),
        ({"destinations": DestinationsSpec(included=("spain",))}, "to Spain"),
        (
            {"destinations": DestinationsSpec(excluded=("spain", "spain-premium"))},
            "not to Spain or Spain, premium",
        ),
        ({"destinations": DestinationsSpec(included=("*any",))}, "to any number"),
        ({"zones": ("home",)}, "at home"),
        ({"zones": ("roaming", "eu")}, "abroad or in the EU"),
        ({"networks": ("26201",)}, "in network 26201"),
        ({"rats": ("NR", "EUTRA")}, "over NR or EUTRA"),
        ({"dnns": ("internet",)}, "on internet"),
        ({"slices": ("1-0000FF",)}, "in slice 1-0000FF"),
        ({"number_classes": ("mobile",)}, "to mobile numbers"),
        ({"categories": ("video",)}, "as video"),
        ({"on_net": True}, "within the own network"),
        ({"on_net": False}, "to other networks"),
        (
            {"characteristics_mask": 0x0F00, "characteristics_value": 0x0800},
            "with charging characteristics 0800 of 0F00",
        ),
        ({"band": "weekday-evenings", "zones": ("home",)}, "at home, weekday evenings"),
    ],
)
def test_conditions_in_words(named: Conventions, conditions: dict[str, Any], words: str) -> None:
    bands = {"weekday-evenings": "Weekday evenings"}

    assert say_conditions(ConditionsSpec(**conditions), bands, named) == words


@pytest.mark.parametrize(
    ("windows", "closed", "words"),
    [
        (EVENINGS.windows[:1], (), "Mon–Fri 18:00–23:30"),
        (EVENINGS.windows[1:], (), "on the 24th or 25th in December of 2026 or 2027"),
        ((WindowSpec(weekdays=(0, 6)),), (), "Sat, Sun"),
        ((WindowSpec(start=22 * 3600, end=6 * 3600),), (), "22:00–06:00"),
        ((WindowSpec(),), (WindowSpec(holidays=True),), "always; but not on holidays"),
    ],
)
def test_time_bands_in_words(
    windows: tuple[WindowSpec, ...], closed: tuple[WindowSpec, ...], words: str
) -> None:
    assert say_band(BandSpec(code="x", name="X", windows=windows, closed=closed)) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "until the period ends"),
        ({"validity_days": 7}, "7 days"),
        ({"lifetime": LifetimeSpec(span="weeks", count=2, from_first_use=True)},
         "2 weeks from its first use"),
        ({"lifetime": LifetimeSpec(span="end_of_month")}, "until the month ends"),
        ({"lifetime": LifetimeSpec(span="end_of_month", count=2)}, "until the 2nd month ends"),
        ({"lifetime": LifetimeSpec(span="until", until=NEW_YEAR)}, "until 1 January 2027"),
        ({"lifetime": LifetimeSpec(span="unlimited")}, "without end"),
    ],
)  # fmt: skip
def test_lifetimes_in_words(changes: dict[str, Any], words: str) -> None:
    allowance = AllowanceSpec(name="Data", service="data", amount=1, **changes)

    assert say_validity(allowance) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (
            replace(VOICE, slots=(SlotSpec(start=600, price=50_000_000, per=MINUTE),)),
            "€0.09 per min; from 10 min €0.05 per min",
        ),
        (
            replace(
                DATA, pricing="volume", slots=(SlotSpec(start=2**30, price=5_000_000, per=2**20),)
            ),
            "€0.01 per MB; from 1 GB €0.005 per MB for all of it",
        ),
        (
            replace(VOICE, pricing="package", per=300, increment=300, connect_fee=50_000_000),
            "€0.09 for each started 5 min, plus €0.05 a call",
        ),
    ],
)
def test_prices_in_words(by: Conventions, rate: RateSpec, words: str) -> None:
    assert say_rate(rate, by) == words


def test_a_rate_with_every_term_in_words(named: Conventions) -> None:
    rate = replace(
        FULL.rates[0],
        conditions=ConditionsSpec(
            destinations=DestinationsSpec(included=("spain",)), band="weekday-evenings"
        ),
    )

    assert say_whole_rate(rate, FULL, named) == (
        "€0.09 for each started min, plus €0.05 a call; from 10 min €0.08 for each started min; "
        "from 60 min €0.07 for each started 5 min, to Spain, weekday evenings, at least €0.10, "
        "at most €2.00, then no more, rounded up to 4 decimals, from 1 January 2027, "
        "19.5 % tax included, weight 5"
    )


def test_what_the_subscriber_gets_of_the_sample(named: Conventions) -> None:
    offer = describe(FULL, named)

    assert offer.notes == (
        "Kind: add-on, at most 3 at once",
        "Purchase fee: €5.00",
        "First-use fee: €1.00",
        "Start: with its first use",
        "Periods: ends with the first",
        "Anchor: periods begin on the 31st",
        "First period: charged by the day",
        "When money is short: goes on for 48 hours; tries again 8 times, every 6 hours",
        "Order: money is used before allowances",
        "Free of charge: Data: zero-rated",
        "Falls back on: basic",
        f"Time band Weekday evenings: {HOURS}",
    )
    data, minutes, units, spent = offer.given
    assert data.notes == (
        "only for Data, Data: content",
        "valid 2 weeks from its first use",
        "at home, over NR",
        "nothing after it is used",
        "shared with the group and children",
        "taken in steps of 1 KB",
        "3 for one on video; 2 for one as “premium”",
        "costs €0.01 per MB; from 1 GB €0.005 per MB, abroad",
        "what is left rolls over, at most 5 GB, for 2 periods, used after the new",
        "“low” blocks Neutral units, is called “critical”, quiet 22:00–07:30, paused",
        "warning at 12.5 %",
    )
    assert (minutes.amount, minutes.notes) == (
        "unlimited voice",
        (
            "valid until 1 January 2027",
            "fair use 1,000 min",
            "what is left is added to the next period’s",
        ),
    )
    assert (units.amount, units.notes) == ("100 units", ("valid 7 days",))
    assert (spent.amount, spent.notes) == (
        "€50.00",
        (
            "abroad",
            "counts what is spent, and no more is granted",
            "“most of it” slows down; “nearly spent” suspends the account",
            "warning at 80 %, €45.00",
        ),
    )


def test_counters_give_nothing(by: Conventions) -> None:
    assert summary(FULL, by) == "20 GB · unlimited voice · 100 units"


def test_what_conditions_leave_out_is_refused(named: Conventions) -> None:
    spain = replace(
        VOICE, conditions=ConditionsSpec(destinations=DestinationsSpec(included=("spain",)))
    )

    offer = describe(VersionSpec(currency="EUR", rates=(spain, DATA)), named)

    assert [(line.what, line.price, line.notes, line.is_refused) for line in offer.afterwards] == [
        ("Voice", "€0.09 per min", ("to Spain",), False),
        ("Data", "€0.01 per MB", (), False),
        ("Other voice", "refused", (), True),
        ("SMS", "refused", (), True),
    ]


def test_with_a_plan_to_fall_back_on_nothing_is_refused(by: Conventions) -> None:
    offer = describe(VersionSpec(currency="EUR", rates=(VOICE,), fallback_plans=("basic",)), by)

    assert [(line.what, line.price) for line in offer.afterwards[1:]] == [
        ("SMS", "as in basic"),
        ("Data", "as in basic"),
    ]


def test_a_usual_version_says_nothing_more() -> None:
    assert version_terms(VersionSpec(currency="EUR"), None) == {}  # type: ignore[arg-type]


# ── differences ──────────────────────────────────────────────────────────────────────────────


def test_nothing_differs_between_a_version_and_itself(named: Conventions) -> None:
    assert changes_between(FULL, FULL, named) == []


def test_differences_of_terms_in_words(named: Conventions) -> None:
    data, *others = FULL.allowances
    after = replace(
        FULL,
        quantity_max=5,
        money_first=False,
        bands=(),
        allowances=(
            replace(data, renewal="replace", roll_over_amount_max=None, is_shared=False),
            *others,
        ),
        rates=(replace(FULL.rates[0], maximum=None, conditions=ConditionsSpec()), FULL.rates[1]),
        examples=(),
    )

    changes = changes_between(FULL, after, named)

    assert [change for change in changes if "rate" not in change.field] == [
        Change("Kind", "add-on, at most 3 at once", "add-on, at most 5 at once"),
        Change("Order", "money is used before allowances", ""),
        Change("Time band Weekday evenings", HOURS, ""),
        Change("Data · sharing", "shared with the group and children", ""),
        Change(
            "Data · renewal",
            "what is left rolls over, at most 5 GB, for 2 periods, used after the new",
            "what is left is lost when the next period begins",
        ),
        Change("Example", "2 MB beyond the allowance", ""),
    ]  # fmt: skip
    (rate,) = [change for change in changes if "rate" in change.field]
    assert rate.field == "Spain, evenings · rate"
    assert "weekday evenings" in rate.old
    assert "weekday evenings" not in rate.new
    assert ("at most" in rate.old, "at most" in rate.new) == (True, False)


# ── worth a second look ──────────────────────────────────────────────────────────────────────


def test_a_rate_for_some_hours_hides_nothing(by: Conventions) -> None:
    evening = replace(VOICE, conditions=ConditionsSpec(band="evening"))
    band = BandSpec(code="evening", name="Evening", windows=(WindowSpec(start=64_800),))
    sms = RateSpec(service="sms", price=1, per=1)
    spec = VersionSpec(currency="EUR", rates=(evening, VOICE, sms, DATA), bands=(band,))

    assert not [check.text for check in findings(spec, by) if "never used" in check.text]


# ── the designer ─────────────────────────────────────────────────────────────────────────────

PLAN = Plan(code="flex-20", name="Flex 20")


def test_the_designer_keeps_every_term_it_does_not_edit(by: Conventions) -> None:
    form = DraftForm(texts_of(PLAN, 1, FULL, by), by, FULL)

    assert form.validate(), form.error_links
    assert form.spec == FULL


def test_the_designer_keeps_terms_of_rows_that_are_moved_and_changed(by: Conventions) -> None:
    texts = texts_of(PLAN, 1, FULL, by)
    first = f"rates-{FULL.rates[0].key.hex}"  # type: ignore[union-attr]
    row = {name: text for name, text in texts.items() if name.startswith(first)}
    moved = {name: text for name, text in texts.items() if name not in row} | row
    moved[f"{first}-price"] = "0.10"

    spec = DraftForm(moved, by, FULL).spec

    assert spec.rates == (FULL.rates[1], replace(FULL.rates[0], price=100_000_000))


def test_days_typed_in_the_designer_replace_another_lifetime(by: Conventions) -> None:
    data = f"allowances-{FULL.allowances[0].key.hex}"  # type: ignore[union-attr]
    texts = {**texts_of(PLAN, 1, FULL, by), f"{data}-validity_days": "10"}

    form = DraftForm(texts, by, FULL)

    assert form.validate(), form.error_links
    allowance = form.spec.allowances[0]
    assert (allowance.validity_days, allowance.lifetime.span) == (10, "period")
    assert allowance.lifetime.from_first_use


def test_moved_allowances_are_weighed_by_their_place(by: Conventions) -> None:
    """The sample's weights are 40, 40, 20, 10; they are kept while they agree with the order."""
    texts = texts_of(PLAN, 1, FULL, by)
    first = f"allowances-{FULL.allowances[0].key.hex}"  # type: ignore[union-attr]
    row = {name: text for name, text in texts.items() if name.startswith(first)}
    moved = {name: text for name, text in texts.items() if name not in row} | row

    assert [part.weight for part in DraftForm(texts, by, FULL).spec.allowances] == [40, 40, 20, 10]
    assert {part.weight for part in DraftForm(moved, by, FULL).spec.allowances} == {None}


def test_a_row_says_what_the_page_does_not_edit(named: Conventions) -> None:
    form = DraftForm(texts_of(PLAN, 1, FULL, named), named, FULL)

    spain, volume = form.rates
    assert spain.also.startswith("Spain, evenings, sold in whole packages, from 10 min €0.08")
    assert "to Spain, not to Spain, premium" in spain.also
    assert volume.also == "from 1 GB €0.005 per MB for all of it"
    assert form.allowances[2].also == ""
    assert form.allowances[3].also.startswith("abroad, counts what is spent")
