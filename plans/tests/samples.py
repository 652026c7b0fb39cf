"""A version that says something in every field that a version has."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final
from uuid import UUID

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

EURO: Final = 10**9
GIGABYTE: Final = 2**30
DATA, MINUTES, SPENT, PREMIUM = (UUID(int=number) for number in (1, 2, 3, 4))
SPAIN_EVENINGS = UUID(int=101)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)

EVENINGS = BandSpec(
    code="weekday-evenings",
    name="Weekday evenings",
    windows=(
        WindowSpec(weekdays=(1, 2, 3, 4, 5), start=18 * 3600, end=84_600),
        WindowSpec(years=(2026, 2027), months=(12,), month_days=(24, 25)),
    ),
    closed=(WindowSpec(holidays=True),),
)
TO_SPAIN = ConditionsSpec(
    destinations=DestinationsSpec(included=("spain",), excluded=("spain-premium",)),
    zones=("home",),
    networks=("26201",),
    rats=("NR", "EUTRA"),
    dnns=("internet",),
    slices=("1-0000FF",),
    number_classes=("mobile",),
    categories=("call",),
    characteristics_mask=0x0800,
    characteristics_value=0x0800,
    on_net=False,
    band="weekday-evenings",
)
EXAMPLE = ExampleSpec(
    title="2 MB beyond the allowance",
    case={
        "events": [
            {
                "op": "rate",
                "type": "data",
                "answer_time": "2026-11-25T19:00:00Z",
                "usage": 2097152,
            }
        ],
        "expect": [{"cost": "0.02"}],
    },
)

FULL = VersionSpec(
    currency="EUR",
    price=19_900_000_000,
    renewal="month",
    renewal_count=2,
    auto_renews=False,
    anchor_day=31,
    start="first_use",
    proration="day",
    purchase_fee=5 * EURO,
    first_use_fee=1 * EURO,
    grace_hours=48,
    retry_hours=6,
    retries_max=8,
    is_add_on=True,
    quantity_max=3,
    money_first=True,
    zero_rated=(380,),
    fallback_plans=("basic",),
    bands=(EVENINGS,),
    examples=(EXAMPLE,),
    allowances=(
        AllowanceSpec(
            key=DATA,
            name="Data",
            service="data",
            rating_groups=(300, 310),
            amount=20 * GIGABYTE,
            display_unit="GB",
            weight=40,
            thresholds=(
                ThresholdSpec(
                    name="low",
                    percent=Decimal("12.5"),
                    state="critical",
                    action="block",
                    target=PREMIUM,
                    quiet_from=time(22),
                    quiet_until=time(7, 30),
                    is_paused=True,
                ),
            ),
            lifetime=LifetimeSpec(span="weeks", count=2, from_first_use=True),
            conditions=ConditionsSpec(zones=("home",), rats=("NR",)),
            is_blocker=True,
            is_shared=True,
            step=1024,
            factors=(
                FactorSpec(times=3, conditions=ConditionsSpec(dnns=("video",))),
                FactorSpec(times=2, key="premium"),
            ),
            own_rate=RateSpec(
                service="data",
                price=10_000_000,
                per=2**20,
                slots=(SlotSpec(start=GIGABYTE, price=5_000_000, per=2**20),),
                conditions=ConditionsSpec(zones=("roaming",)),
            ),
            renewal="roll_over",
            roll_over_amount_max=5 * GIGABYTE,
            roll_over_periods_max=2,
            roll_over_order="newest",
        ),
        AllowanceSpec(
            key=MINUTES,
            name="Fair use minutes",
            service="voice",
            amount=60_000,
            display_unit="min",
            weight=40,
            is_unlimited=True,
            lifetime=LifetimeSpec(span="until", until=NEW_YEAR),
            renewal="extend",
        ),
        AllowanceSpec(
            key=PREMIUM,
            name="Neutral units",
            service="generic",
            amount=100,
            display_unit="units",
            weight=20,
            validity_days=7,
        ),
        AllowanceSpec(
            key=SPENT,
            name="Spent abroad",
            service="money",
            amount=50 * EURO,
            display_unit="EUR",
            weight=10,
            role="counts",
            limits=True,
            conditions=ConditionsSpec(zones=("roaming",)),
            thresholds=(
                ThresholdSpec(name="most of it", percent=Decimal(80), action="throttle"),
                ThresholdSpec(name="nearly spent", amount=45 * EURO, action="suspend"),
            ),
        ),
    ),
    rates=(
        RateSpec(
            key=SPAIN_EVENINGS,
            service="voice",
            rating_groups=(100,),
            price=90_000_000,
            per=60,
            increment=60,
            connect_fee=50_000_000,
            pricing="package",
            slots=(
                SlotSpec(start=600, price=80_000_000, per=60, increment=60),
                SlotSpec(start=3_600, price=70_000_000, per=300, increment=300),
            ),
            rounding="up",
            decimals=4,
            minimum=100_000_000,
            maximum=2 * EURO,
            at_maximum="stop",
            conditions=TO_SPAIN,
            weight=5,
            active_from=NEW_YEAR,
            tax_percent=Decimal("19.5"),
            label="Spain, evenings",
        ),
        RateSpec(
            key=UUID(int=102),
            service="data",
            price=10_000_000,
            per=2**20,
            pricing="volume",
            slots=(SlotSpec(start=GIGABYTE, price=5_000_000, per=2**20),),
        ),
    ),
)
