"""Who the two operators are and what they sell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec

NANO: Final = 10**9
CENT: Final = NANO // 100
MINUTE: Final = 60
MEGABYTE: Final = 2**20
GIGABYTE: Final = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStory:
    """A plan and what became of it: its versions from the first on."""

    code: str
    name: str
    description: str
    versions: tuple[VersionSpec, ...]
    published_days_ago: tuple[int, ...]
    """One for each published version; what follows is a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An imaginary operator; numbers are of ranges that nobody has."""

    slug: str
    name: str
    currency: str
    time_zone: str
    home_plmn: str
    account_prefix: str
    imsi_format: str
    """Digits with a place for the subscriber's number, 1 to 100."""
    msisdn_format: str
    first_name: int
    """Where in the list of names its subscribers begin."""
    plans: tuple[PlanStory, ...]

    def account_id(self, number: int) -> str:
        """Public id of its n-th account, from 1."""
        return f"{self.account_prefix}-{10_000 + number}"


def _warnings(*percents: int) -> tuple[ThresholdSpec, ...]:
    return tuple(ThresholdSpec(percent=Decimal(percent)) for percent in percents)


def _data(gigabytes: int, *, name: str = "National data") -> AllowanceSpec:
    return AllowanceSpec(
        name=name,
        service="data",
        amount=gigabytes * GIGABYTE,
        display_unit="GB",
        thresholds=_warnings(50, 20, 5),
    )


def _voice(minutes: int) -> AllowanceSpec:
    return AllowanceSpec(
        name="Calls to all networks",
        service="voice",
        amount=minutes * MINUTE,
        display_unit="min",
        thresholds=_warnings(20),
    )


def _messages(count: int) -> AllowanceSpec:
    return AllowanceSpec(name="Messages", service="sms", amount=count, thresholds=_warnings(10))


def _rates(*, data_per_mb: int, voice_per_minute: int, sms: int) -> tuple[RateSpec, ...]:
    """Prices in hundredths of the currency."""
    return (
        RateSpec(service="data", price=data_per_mb * CENT, per=MEGABYTE, increment=MEGABYTE),
        RateSpec(service="voice", price=voice_per_minute * CENT, per=MINUTE),
        RateSpec(service="sms", price=sms * CENT, per=1),
    )


def _version(currency: str, price: int, allowances: Iterable[AllowanceSpec]) -> VersionSpec:
    """A monthly version; `price` in hundredths of the currency."""
    return VersionSpec(
        currency=currency,
        price=price * CENT,
        renewal="month",
        renewal_count=1,
        allowances=tuple(allowances),
        rates=_rates(data_per_mb=1, voice_per_minute=9, sms=9),
    )


def _changed(version: VersionSpec, price: int, allowances: Iterable[AllowanceSpec]) -> VersionSpec:
    return replace(version, price=price * CENT, allowances=tuple(allowances))


def _everyday(currency: str) -> PlanStory:
    """Retired, published, and a draft beside it."""
    first = _version(currency, 1290, (_data(8), _voice(200), _messages(200)))
    second = _changed(first, 1490, (_data(10), _voice(200), _messages(300)))
    third = _changed(second, 1490, (_data(12), _voice(300), _messages(300)))
    return PlanStory(
        code="everyday-10",
        name="Everyday 10",
        description="Data for every day, with calls and messages",
        versions=(first, second, third),
        published_days_ago=(45, 17),
    )


def _talk(currency: str) -> PlanStory:
    """One version, published."""
    return PlanStory(
        code="talk",
        name="Talk",
        description="For people who call more than they surf",
        versions=(_version(currency, 990, (_voice(500), _messages(1000), _data(2))),),
        published_days_ago=(40,),
    )


def _family(currency: str) -> PlanStory:
    """A draft that was never published."""
    version = _version(
        currency, 3990, (_data(50), _data(5, name="Roaming data"), _voice(1000), _messages(1000))
    )
    return PlanStory(
        code="family-50",
        name="Family 50",
        description="One bundle for everybody at home",
        versions=(version,),
        published_days_ago=(),
    )


OPERATORS: Final = (
    Operator(
        slug="northwind",
        name="Northwind Mobile",
        currency="EUR",
        time_zone="Europe/Berlin",
        home_plmn="26298",
        account_prefix="nw",
        imsi_format="2629877000{:05d}",
        msisdn_format="4915177{:06d}",
        first_name=0,
        plans=(_everyday("EUR"), _talk("EUR"), _family("EUR")),
    ),
    Operator(
        slug="contoso",
        name="Contoso Wireless",
        currency="USD",
        time_zone="America/New_York",
        home_plmn="310998",
        account_prefix="cw",
        imsi_format="3109988000{:05d}",
        msisdn_format="1202555{:04d}",
        first_name=150,
        plans=(_everyday("USD"), _talk("USD"), _family("USD")),
    ),
)
