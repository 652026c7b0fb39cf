"""What a subscription may have of its own, and what is wrong with it, by field."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plans.overrides import (
    NO_OVERRIDES,
    AllowanceOverride,
    Overrides,
    RateOverride,
    apply_overrides,
    validate_overrides,
)
from plans.serializers import OverridesIn, overrides_spec, spoken_overrides
from plans.specs import ThresholdSpec
from plans.terms import LifetimeSpec
from plans.tests.samples import DATA, FULL, SPAIN_EVENINGS, SPENT
from portal.tenancy.validation import Invalid

NOBODY = UUID(int=999)
BLOCKS_NOBODY = ThresholdSpec(percent=Decimal(1), action="block", target=NOBODY)


def allowance(key: UUID = DATA, **fields: Any) -> Overrides:
    return Overrides(allowances={key: AllowanceOverride(**fields)})


def rate(key: UUID = SPAIN_EVENINGS, **fields: Any) -> Overrides:
    return Overrides(rates={key: RateOverride(**fields)})


@pytest.mark.parametrize(
    "overrides",
    [
        NO_OVERRIDES,
        Overrides(price=0, purchase_fee=10**9, first_use_fee=0),
        rate(price=0, connect_fee=0),
        allowance(amount=1, validity_days=3),
        allowance(lifetime=LifetimeSpec(span="months", count=2)),
        allowance(thresholds=()),
        allowance(SPENT, amount=100 * 10**9),
    ],
)
def test_what_may_differ(overrides: Overrides) -> None:
    assert validate_overrides(overrides, FULL) == []


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        (Overrides(price=-(10**9)), "price"),
        (Overrides(price=1), "price"),
        (Overrides(purchase_fee=10**18 + 10**9), "purchase_fee"),
        (rate(NOBODY, price=1), f"rates/{NOBODY}"),
        (rate(price=-1), f"rates/{SPAIN_EVENINGS}/price"),
        (rate(connect_fee=-1), f"rates/{SPAIN_EVENINGS}/connect_fee"),
        (allowance(NOBODY, amount=1), f"allowances/{NOBODY}"),
        (allowance(amount=0), f"allowances/{DATA}/amount"),
        (allowance(SPENT, amount=0), f"allowances/{SPENT}/amount"),
        (allowance(validity_days=0), f"allowances/{DATA}/validity_days"),
        (
            allowance(validity_days=1, lifetime=LifetimeSpec(span="days")),
            f"allowances/{DATA}/lifetime",
        ),
        (allowance(lifetime=LifetimeSpec(span="until")), f"allowances/{DATA}/lifetime/until"),
        (
            allowance(thresholds=(ThresholdSpec(percent=Decimal(101)),)),
            f"allowances/{DATA}/thresholds/0/percent",
        ),
        (
            allowance(thresholds=(BLOCKS_NOBODY,)),
            f"allowances/{DATA}/thresholds/0/target",
        ),
    ],
)  # fmt: skip
def test_what_may_not(overrides: Overrides, path: str) -> None:
    assert [error.path for error in validate_overrides(overrides, FULL)] == [path]


def test_a_version_under_nothing_is_the_version() -> None:
    assert apply_overrides(FULL, NO_OVERRIDES) is FULL


def test_a_version_under_overrides_differs_in_what_they_say() -> None:
    own = Overrides(price=9 * 10**9, rates={SPAIN_EVENINGS: RateOverride(connect_fee=0)})

    changed = apply_overrides(FULL, own)

    assert changed == replace(
        FULL, price=9 * 10**9, rates=(replace(FULL.rates[0], connect_fee=0), FULL.rates[1])
    )


# ── in JSON ──────────────────────────────────────────────────────────────────────────────────

BODY: dict[str, Any] = {
    "price": "9.90",
    "rates": {str(SPAIN_EVENINGS): {"price": "0.05", "connect_fee": "0.00"}},
    "allowances": {
        str(DATA): {
            "amount": 32212254720,
            "lifetime": {"span": "months", "count": 2},
            "thresholds": [{"name": "low", "percent": 12.5}, {"name": "last", "amount": 1024}],
        },
        str(SPENT): {"amount": "100.00", "thresholds": [{"name": "half", "amount": "50.00"}]},
    },
}


def read(body: dict[str, Any]) -> Overrides:
    serializer = OverridesIn(data=body)
    serializer.is_valid(raise_exception=True)
    return overrides_spec(serializer.validated_data, FULL)


def test_overrides_are_read_from_json_and_said_again() -> None:
    overrides = read(BODY)

    assert overrides.price == 9_900_000_000
    assert overrides.allowances[SPENT].amount == 100_000_000_000
    assert spoken_overrides(overrides, FULL) == BODY


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"rates": {"spain": {"price": "1"}}}, "rates/spain"),
        ({"allowances": {str(SPENT): {"amount": "ten"}}}, f"allowances/{SPENT}/amount"),
        ({"allowances": {str(DATA): {"amount": "10.50"}}}, f"allowances/{DATA}/amount"),
        ({"allowances": {str(NOBODY): {"amount": 1}}}, f"allowances/{NOBODY}"),
    ],
)
def test_what_is_wrong_with_a_body(body: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(body)

    assert [error.path for error in refused.value.errors] == [path]


def test_unknown_fields_of_a_body_are_errors() -> None:
    serializer = OverridesIn(data={"rates": {str(SPAIN_EVENINGS): {"prices": "1"}}})

    assert not serializer.is_valid()
    assert "prices" in str(serializer.errors["rates"])
