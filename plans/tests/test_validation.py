"""Each rule of a version and of a rating group, with the field it speaks at."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from plans.rating_groups import DEFAULTS
from plans.specs import AllowanceSpec, RateSpec, RatingGroupSpec, ThresholdSpec, VersionSpec
from plans.validation import validate_for_publishing, validate_rating_group, validate_spec

GROUPS = {spec.number: spec for spec in DEFAULTS}
DATA = AllowanceSpec(name="Data", service="data", amount=1)
VOICE_RATE = RateSpec(service="voice", price=90_000_000, per=60)
KEY = UUID(int=1)


def with_allowance(**changes: object) -> VersionSpec:
    return VersionSpec(currency="EUR", allowances=(replace(DATA, **changes),))  # type: ignore[arg-type]


def with_mark(**fields: object) -> VersionSpec:
    return with_allowance(thresholds=(ThresholdSpec(**fields),))  # type: ignore[arg-type]


def with_rate(**changes: object) -> VersionSpec:
    return VersionSpec(currency="EUR", rates=(replace(VOICE_RATE, **changes),))  # type: ignore[arg-type]


def test_a_sound_version_has_no_errors() -> None:
    spec = VersionSpec(
        currency="EUR", price=19_900_000_000, allowances=(DATA,), rates=(VOICE_RATE,)
    )

    assert validate_spec(spec, rating_groups=GROUPS, currency="EUR") == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (VersionSpec(currency="EUR", price=-1), "price"),
        (VersionSpec(currency="EUR", price=10**18 + 10**9), "price"),
        (VersionSpec(currency="EUR", price=1_000_000), "price"),
        (VersionSpec(currency="EUR", renewal="decade"), "renewal"),
        (VersionSpec(currency="EUR", renewal_count=0), "renewal_count"),
        (VersionSpec(currency="EUR", renewal_count=367), "renewal_count"),
        (with_allowance(name=" "), "allowances/0/name"),
        (with_allowance(name="x" * 81), "allowances/0/name"),
        (with_allowance(name="a\x00b"), "allowances/0/name"),
        (with_allowance(amount=0), "allowances/0/amount"),
        (with_allowance(amount=10**18 + 1), "allowances/0/amount"),
        (with_allowance(service=""), "allowances/0/service"),
        (with_allowance(service="mms"), "allowances/0/service"),
        (with_allowance(rating_groups=(999,)), "allowances/0/rating_groups"),
        (with_allowance(rating_groups=(300, 300)), "allowances/0/rating_groups"),
        (with_allowance(rating_groups=(300, 100)), "allowances/0/rating_groups"),
        (with_allowance(validity_days=0), "allowances/0/validity_days"),
        (with_allowance(weight=1_000_001), "allowances/0/weight"),
        (with_mark(name="low"), "allowances/0/thresholds/0/percent"),
        (with_mark(percent=Decimal(20), amount=5), "allowances/0/thresholds/0/percent"),
        (with_mark(percent=Decimal("100.01")), "allowances/0/thresholds/0/percent"),
        (with_mark(percent=Decimal(-1)), "allowances/0/thresholds/0/percent"),
        (with_mark(percent=Decimal("12.345")), "allowances/0/thresholds/0/percent"),
        (with_mark(percent=Decimal("NaN")), "allowances/0/thresholds/0/percent"),
        (with_mark(name="low", amount=-1), "allowances/0/thresholds/0/amount"),
        (with_mark(amount=5), "allowances/0/thresholds/0/name"),
        (with_rate(price=-1), "rates/0/price"),
        (with_rate(per=0), "rates/0/per"),
        (with_rate(increment=0), "rates/0/increment"),
        (with_rate(connect_fee=-1), "rates/0/connect_fee"),
        (with_rate(service=""), "rates/0/service"),
    ],
)
def test_a_mistake_is_told_at_its_field(spec: VersionSpec, path: str) -> None:
    errors = validate_spec(spec, rating_groups=GROUPS, currency="EUR")

    assert [error.path for error in errors] == [path]


def test_a_yen_price_has_no_decimals() -> None:
    errors = validate_spec(
        VersionSpec(currency="JPY", price=1_500_000_000), rating_groups=GROUPS, currency="JPY"
    )

    assert [(error.path, error.message) for error in errors] == [
        ("price", "A price in JPY has no decimals.")
    ]


def test_a_plan_is_priced_in_the_tenants_currency() -> None:
    errors = validate_spec(VersionSpec(currency="USD"), rating_groups=GROUPS, currency="EUR")

    assert [error.path for error in errors] == ["currency"]


def test_two_thresholds_of_one_name_are_both_told() -> None:
    marks = (ThresholdSpec(percent=Decimal(20)), ThresholdSpec(name="20 %", amount=5))

    errors = validate_spec(with_allowance(thresholds=marks), rating_groups=GROUPS)

    assert [error.path for error in errors] == [
        "allowances/0/thresholds/0/name",
        "allowances/0/thresholds/1/name",
    ]


def test_two_allowances_of_one_key_are_both_told() -> None:
    twice = (replace(DATA, key=KEY), replace(DATA, key=KEY))

    errors = validate_spec(VersionSpec(currency="EUR", allowances=twice), rating_groups=GROUPS)

    assert [error.path for error in errors] == ["allowances/0/key", "allowances/1/key"]


def test_money_may_be_kept_for_rating_groups_of_different_units() -> None:
    spec = with_allowance(service="money", amount=5 * 10**9, rating_groups=(100, 300))

    assert validate_spec(spec, rating_groups=GROUPS) == []


def test_rating_groups_stand_for_the_service_they_count() -> None:
    assert validate_spec(with_rate(service="", rating_groups=(100,)), rating_groups=GROUPS) == []


def test_nothing_cannot_be_published() -> None:
    errors = validate_for_publishing(
        VersionSpec(currency="EUR"), rating_groups=GROUPS, currency="EUR"
    )

    assert [error.path for error in errors] == ["allowances"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"number": -1}, "number"),
        ({"number": 2**32}, "number"),
        ({"name": ""}, "name"),
        ({"service": "mms"}, "service"),
        ({"unit": "PARSECS"}, "unit"),
        ({"mode": "later"}, "mode"),
        ({"grant": 0}, "grant"),
        ({"validity_time": -1}, "validity_time"),
        ({"validity_time": 604_801}, "validity_time"),
        ({"holding_time": -1}, "holding_time"),
        ({"threshold_percent": 100}, "threshold_percent"),
        ({"final_unit_action": "EXPLODE"}, "final_unit_action"),
        ({"final_unit_action": "REDIRECT"}, "redirect_address"),
        ({"redirect_address": "javascript:alert(1)"}, "redirect_address"),
    ],
)
def test_a_rating_groups_mistake_is_told_at_its_field(
    changes: dict[str, object], path: str
) -> None:
    sound = RatingGroupSpec(number=7, name="Video", service="data", unit="OCTETS", grant=1)

    errors = validate_rating_group(replace(sound, **changes))  # type: ignore[arg-type]

    assert [error.path for error in errors] == [path]
