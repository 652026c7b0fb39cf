"""The designer's form reads back what it wrote, and keeps what was typed when it is wrong."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from plans.conventions import Conventions
from plans.designer.examples import example_of
from plans.designer.form import DraftForm, texts_of
from plans.designer.new_rows import new_row
from plans.models import Plan
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.templates_catalogue import TEMPLATES
from plans.validation import validate_for_publishing
from tests.factories import GIGABYTE

PLAN = Plan(code="flex-20", name="Flex 20")
SPEC = VersionSpec(
    currency="EUR",
    price=19_900_000_000,
    allowances=(
        AllowanceSpec(
            key=UUID(int=1),
            name="National data",
            service="data",
            amount=20 * GIGABYTE,
            display_unit="GB",
            validity_days=7,
            thresholds=(
                ThresholdSpec(percent=Decimal("12.5")),
                ThresholdSpec(name="nearly gone", amount=GIGABYTE),
            ),
        ),
        AllowanceSpec(
            key=UUID(int=2),
            name="Bonus",
            service="money",
            amount=5_500_000_000,
            display_unit="EUR",
            thresholds=(ThresholdSpec(name="low", amount=10**9),),
        ),
    ),
    rates=(
        RateSpec(
            key=UUID(int=3),
            service="voice",
            rating_groups=(100,),
            price=90_000_000,
            per=60,
            increment=60,
            connect_fee=50_000_000,
        ),
    ),
)
DATA_ROW = f"allowances-{UUID(int=1).hex}"
BONUS_ROW = f"allowances-{UUID(int=2).hex}"
RATE_ROW = f"rates-{UUID(int=3).hex}"


def posted(by: Conventions, **changes: str) -> dict[str, str]:
    texts = texts_of(PLAN, 4, SPEC, by)
    return {**texts, **{name.replace("__", "-"): text for name, text in changes.items()}}


def test_what_the_form_writes_it_reads_back(by: Conventions) -> None:
    form = DraftForm(posted(by), by)

    assert form.validate(), form.error_links
    assert form.spec == SPEC
    assert form.revision == 4


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_template_can_be_published_and_edited(by: Conventions, code: str) -> None:
    spec = TEMPLATES[code].build(by)

    form = DraftForm(texts_of(PLAN, 0, spec, by), by, spec)

    assert form.validate(), form.error_links
    assert not validate_for_publishing(spec, rating_groups=by.metered, currency="EUR")
    assert [(row.name, row.amount) for row in form.spec.allowances] == [
        (row.name, row.amount) for row in spec.allowances
    ]


def test_the_order_of_fields_is_the_order_of_rows(by: Conventions) -> None:
    texts = posted(by)
    last = {name: text for name, text in texts.items() if name.startswith(DATA_ROW)}
    turned = {name: text for name, text in texts.items() if name not in last} | last

    form = DraftForm(turned, by)

    assert [row.name for row in form.spec.allowances] == ["Bonus", "National data"]


def test_a_unit_typed_with_the_number_wins_over_the_chosen_one(by: Conventions) -> None:
    form = DraftForm({**posted(by), f"{DATA_ROW}-amount": "1500 MB"}, by)

    assert form.validate()
    assert form.spec.allowances[0].amount == 1_572_864_000
    assert form.spec.allowances[0].display_unit == "MB"


def test_what_cannot_be_read_stays_as_typed_with_its_message(by: Conventions) -> None:
    form = DraftForm({**posted(by), f"{DATA_ROW}-amount": "plenty", "price": "ten"}, by)

    assert not form.validate()
    amount = form.allowances[0]["amount"]
    assert (amount.value, bool(amount.error)) == ("plenty", True)
    assert [link["id"] for link in form.error_links] == ["id_price", f"id_{DATA_ROW}-amount"]


def test_errors_of_the_rules_stand_at_their_controls(by: Conventions) -> None:
    texts = {
        **posted(by),
        f"{DATA_ROW}-name": "",
        f"{BONUS_ROW}-amount": "0",
        f"{RATE_ROW}-per": "0",
        "renewal_count": "0",
    }

    form = DraftForm(texts, by)

    assert not form.validate()
    assert {link["id"] for link in form.error_links} == {
        f"id_{DATA_ROW}-name",
        f"id_{BONUS_ROW}-amount",
        f"id_{RATE_ROW}-per",
        "id_renewal_count",
    }


def test_one_field_can_be_asked_about_alone(by: Conventions) -> None:
    form = DraftForm({**posted(by), f"{DATA_ROW}-name": "", "price": "ten"}, by)
    form.validate()

    form.keep_error_of(f"{DATA_ROW}-name")

    assert [link["id"] for link in form.error_links] == [f"id_{DATA_ROW}-name"]


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"allowances-zz-service": "data"},
        {"allowances-1-service": "teleport", "allowances-1-amount": "\x00"},
        {"rates-1-applies_to": "99999999999999999999,x"},
        {"allowances-1-thresholds-2-level": "5", "renewal_count": "9" * 5000},
        {"allowances-1-service": "data", "allowances-1-amount_unit": "parsec"},
        {"price": "NaN", "revision": "-1", "name": "x" * 5000},
        {"revision": "9" * 5000, "allowances-1-applies_to": "9" * 5000},
    ],
)
def test_garbage_is_answered_with_messages(by: Conventions, texts: dict[str, str]) -> None:
    form = DraftForm(texts, by)

    assert not form.validate()
    assert form.error_links


def test_each_rate_shows_what_an_ordinary_use_costs(by: Conventions) -> None:
    per_second = RateSpec(service="voice", price=90_000_000, per=60)

    assert example_of(per_second, by) == "4:12 → €0.38"
    assert example_of(replace(per_second, increment=60), by) == "4:12 → €0.45"
    assert example_of(replace(per_second, increment=60, connect_fee=10**8), by) == "4:12 → €0.55"


@pytest.mark.parametrize("service", ["data", "voice", "sms", "money"])
def test_a_new_allowance_lacks_only_its_amount(by: Conventions, service: str) -> None:
    row = new_row("allowance", {"service": service}, by)

    assert row is not None
    assert row["name"].value
    assert row["amount"].value == ""
    assert not any(control.error for control in row.controls.values())


def test_a_new_row_may_be_for_one_rating_group(by: Conventions) -> None:
    row = new_row("allowance", {"rating_group": "310"}, by)

    assert row is not None
    assert (row["name"].value, row["applies_to"].value) == ("Data: content", "310")


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("allowance", {}),
        ("allowance", {"service": "mms"}),
        ("allowance", {"rating_group": "999"}),
        ("teapot", {"service": "data"}),
        ("threshold", {"allowance": "../x"}),
    ],
)
def test_no_row_comes_of_a_question_that_makes_no_sense(
    by: Conventions, kind: str, query: dict[str, str]
) -> None:
    assert new_row(kind, query, by) is None
