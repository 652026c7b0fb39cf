"""What a new plan can start from: complete, publishable versions to be changed to taste."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from plans.conventions import Conventions
from plans.rating_groups import DATA_SLICE_OCTETS
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.terms import BandSpec, ConditionsSpec, LifetimeSpec, WindowSpec
from portal.formatting import NANO, currency_decimals

CONTENT_RATING_GROUP: Final = 310


@dataclass(frozen=True, slots=True)
class Template:
    """A named start; `build` makes its version in a tenant's currency."""

    code: str
    name: str
    text: str
    icon: str
    build: Callable[[Conventions], VersionSpec]


def _price(text: str, by: Conventions) -> int:
    """Nano-units of a price given in a currency with cents; without cents it is a hundredfold."""
    scale = 1 if currency_decimals(by.currency) else 100
    return int(Decimal(text) * scale * NANO)


def _percents(*marks: int) -> tuple[ThresholdSpec, ...]:
    return tuple(ThresholdSpec(percent=Decimal(mark)) for mark in marks)


def _gigabytes(count: int, by: Conventions) -> int:
    return count * by.gigabyte_base**3


def _voice_rate(price: str, by: Conventions) -> RateSpec:
    return RateSpec(service="voice", price=_price(price, by), per=60, increment=1)


def _sms_rate(price: str, by: Conventions) -> RateSpec:
    return RateSpec(service="sms", price=_price(price, by), per=1)


def _data_rate(price: str, by: Conventions) -> RateSpec:
    megabyte = by.gigabyte_base**2
    return RateSpec(
        service="data", price=_price(price, by), per=megabyte, increment=by.gigabyte_base
    )


def _prepaid_starter(by: Conventions) -> VersionSpec:
    return VersionSpec(
        currency=by.currency,
        price=_price("9.90", by),
        renewal="day",
        renewal_count=30,
        allowances=(
            AllowanceSpec(
                name="National data",
                service="data",
                amount=_gigabytes(5, by),
                display_unit="GB",
                thresholds=_percents(50, 20, 5),
            ),
            AllowanceSpec(
                name="Voice to all networks",
                service="voice",
                amount=100 * 60,
                display_unit="min",
                thresholds=_percents(20),
            ),
            AllowanceSpec(name="SMS", service="sms", amount=100, thresholds=_percents(10)),
        ),
        rates=(_voice_rate("0.09", by), _sms_rate("0.09", by), _data_rate("0.01", by)),
    )


def _unlimited_social(by: Conventions) -> VersionSpec:
    has_content = CONTENT_RATING_GROUP in by.rating_groups
    social = RateSpec(
        service="data",
        rating_groups=(CONTENT_RATING_GROUP,),
        price=0,
        per=by.gigabyte_base**2,
    )
    return VersionSpec(
        currency=by.currency,
        price=_price("14.90", by),
        renewal="month",
        renewal_count=1,
        allowances=(
            AllowanceSpec(
                name="Data for everything else",
                service="data",
                rating_groups=_other_data_groups(by) if has_content else (),
                amount=_gigabytes(10, by),
                display_unit="GB",
                thresholds=_percents(50, 20, 5),
            ),
            AllowanceSpec(
                name="Voice to all networks",
                service="voice",
                amount=200 * 60,
                display_unit="min",
                thresholds=_percents(20),
            ),
        ),
        rates=(
            *((social,) if has_content else ()),
            _voice_rate("0.09", by),
            _sms_rate("0.09", by),
            _data_rate("0.01", by),
        ),
    )


def _other_data_groups(by: Conventions) -> tuple[int, ...]:
    return tuple(
        group.number for group in by.groups_of("data") if group.number != CONTENT_RATING_GROUP
    )


def _iot_meter(by: Conventions) -> VersionSpec:
    return VersionSpec(
        currency=by.currency,
        price=_price("1.20", by),
        renewal="month",
        renewal_count=1,
        allowances=(
            AllowanceSpec(
                name="Meter data",
                service="data",
                amount=DATA_SLICE_OCTETS // 2,
                display_unit="MB",
                thresholds=_percents(20),
            ),
            AllowanceSpec(name="Wake-up SMS", service="sms", amount=20, thresholds=_percents(20)),
        ),
        rates=(_data_rate("0.05", by), _sms_rate("0.07", by)),
    )


def _fair_use(by: Conventions) -> VersionSpec:
    """Unlimited within reason: beyond the fair use it goes on, slower."""
    return VersionSpec(
        currency=by.currency,
        price=_price("24.90", by),
        renewal="month",
        renewal_count=1,
        bands=(
            BandSpec(
                code="evenings",
                name="Evenings and weekends",
                windows=(
                    WindowSpec(weekdays=(1, 2, 3, 4, 5), start=19 * 3600, end=7 * 3600),
                    WindowSpec(weekdays=(0, 6)),
                    WindowSpec(holidays=True),
                ),
            ),
        ),
        allowances=(
            AllowanceSpec(
                name="Unlimited data",
                service="data",
                amount=_gigabytes(50, by),
                display_unit="GB",
                is_unlimited=True,
                conditions=ConditionsSpec(zones=("home",)),
                thresholds=(
                    ThresholdSpec(percent=Decimal(20)),
                    ThresholdSpec(name="Fair use reached", percent=Decimal(0), action="throttle"),
                ),
            ),
            AllowanceSpec(
                name="Minutes",
                service="voice",
                amount=300 * 60,
                display_unit="min",
                renewal="roll_over",
                roll_over_periods_max=1,
                thresholds=_percents(20),
            ),
        ),
        rates=(
            replace(_voice_rate("0.04", by), conditions=ConditionsSpec(band="evenings")),
            _voice_rate("0.09", by),
            _sms_rate("0.09", by),
            _data_rate("0.01", by),
        ),
    )


def _travel_week(by: Conventions) -> VersionSpec:
    """An add-on for abroad that begins with its first use and cannot shock: what is spent abroad
    is counted, told at 80 % and 100 % of 50, and capped there."""
    abroad = ConditionsSpec(zones=("roaming",))
    return VersionSpec(
        currency=by.currency,
        renewal="none",
        renewal_count=1,
        is_add_on=True,
        quantity_max=4,
        start="first_use",
        purchase_fee=_price("9.90", by),
        allowances=(
            AllowanceSpec(
                name="Data abroad",
                service="data",
                amount=_gigabytes(3, by),
                display_unit="GB",
                conditions=abroad,
                lifetime=LifetimeSpec(span="weeks", from_first_use=True),
                thresholds=_percents(20),
            ),
            AllowanceSpec(
                name="Spent on data abroad",
                service="money",
                rating_groups=tuple(group.number for group in by.groups_of("data")),
                amount=_price("50", by),
                role="counts",
                limits=True,
                conditions=abroad,
                thresholds=_percents(80, 100),
            ),
        ),
        rates=(replace(_data_rate("0.05", by), conditions=abroad),),
    )


TEMPLATES: Final = {
    template.code: template
    for template in (
        Template(
            "prepaid-starter",
            "Prepaid starter",
            "Data, minutes and SMS for 30 days, then pay as you go.",
            "device-mobile",
            _prepaid_starter,
        ),
        Template(
            "unlimited-social",
            "Unlimited social",
            "Social apps without limit, 10 GB for everything else.",
            "users",
            _unlimited_social,
        ),
        Template(
            "iot-meter",
            "IoT meter",
            "A few megabytes a month for a device that reports readings.",
            "activity",
            _iot_meter,
        ),
        Template(
            "fair-use",
            "Unlimited, fair use",
            "Data without end, slower beyond 50 GB; cheaper calls in the evening.",
            "bolt",
            _fair_use,
        ),
        Template(
            "travel-week",
            "Travel week",
            "An add-on for abroad, from its first use on, with a cap on what it can cost.",
            "world",
            _travel_week,
        ),
    )
}
