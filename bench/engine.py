"""Decisions a second of the charging engine, by kind of request and number of buckets.

`make bench-engine`. One process, no database, no HTTP: what `charge` alone costs, trace included,
in processor time. Every figure is the best of a few rounds, since a busy machine only ever adds
time; ratios are taken within one run.

Requests: an SMS as immediate event, paid in money or from a bundle; a call of ten minutes
reported at its end, five of them in the evening's band; an update of a data session in which three
rating groups report 80 MB and ask for 100 MB each. The fourth, a terabyte in steps of one octet,
shows that nothing is done per unit.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from charging.engine.calendar import Almanac, Band, Window
from charging.engine.conditions import Conditions
from charging.engine.session import charge
from charging.engine.tariff import Rate, Rates, RatingGroup, Tariff, Threshold, Unit
from charging.engine.values import (
    Account,
    Bucket,
    ChargingRequest,
    Kind,
    LineRequest,
    SessionState,
    UsedUnits,
)

ROUNDS: Final = 5
SECONDS_A_ROUND: Final = 0.4
BUCKETS: Final = (1, 10, 100)

NOW: Final = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 18:00 in Berlin: the evening begins
CENT: Final = 10**7
MB: Final = 2**20

VOICE = RatingGroup(number=100, name="Voice", service="voice", unit=Unit.SECONDS, grant=300)
SMS = RatingGroup(number=200, name="SMS", service="sms", unit=Unit.EVENTS, grant=1)
DATA = tuple(
    RatingGroup(number=number, name=name, service="data", unit=Unit.OCTETS, grant=100 * MB)
    for number, name in ((300, "Internet"), (310, "Video"), (320, "Social"))
)
GROUPS: Final = {group.number: group for group in (VOICE, SMS, *DATA)}

DAY = Band(key="day", windows=(Window(start=8 * 3600, end=18 * 3600),))
EVENING = Band(key="evening", windows=(Window(start=18 * 3600, end=8 * 3600),))
RATES: Final = Rates(
    (
        Rate.flat(key="sms", service="sms", price=9 * CENT, per=1),
        Rate.flat(key="data", service="data", price=CENT, per=MB),
        Rate.flat(key="day", service="voice", price=9 * CENT, per=60, when=Conditions(band=DAY)),
        Rate.flat(
            key="evening", service="voice", price=5 * CENT, per=60, when=Conditions(band=EVENING)
        ),
    )
)
TARIFF: Final = Tariff(version_id=1, label="Flex 20 v3", rates=RATES)
MARKS: Final = tuple(
    Threshold(name=f"{percent} %", percent_hundredths=percent * 100) for percent in (50, 20, 5)
)


def account(number_of_buckets: int) -> Account:
    """So many buckets, a third of each service's units; the first of money pays for calls."""
    kinds = ((Unit.OCTETS, "data"), (Unit.EVENTS, "sms"), (Unit.NANO_MONEY, "money"))
    buckets = [
        Bucket(
            id=1,
            name="Main balance",
            unit=Unit.NANO_MONEY,
            service="money",
            granted=10**15,
            available=10**15,
            valid_from=NOW - timedelta(days=1),
        )
    ]
    for number in range(2, number_of_buckets + 1):
        unit, service = kinds[number % 3]
        buckets.append(
            Bucket(
                id=number,
                name=f"Bucket {number}",
                unit=unit,
                service=service,
                weight=number % 5,
                granted=10**13,
                available=10**13,
                valid_from=NOW - timedelta(days=1),
                expires_at=NOW + timedelta(days=number),
                thresholds=MARKS,
            )
        )
    return Account(
        id=1,
        buckets=tuple(buckets),
        tariffs=(TARIFF,),
        rating_groups=GROUPS,
        almanac=Almanac(zone=ZoneInfo("Europe/Berlin")),
    )


def an_sms() -> ChargingRequest:
    line = LineRequest(rating_group=200, wants_quota=True, requested=1)
    return ChargingRequest(kind=Kind.IMMEDIATE_EVENT, at=NOW, lines=(line,))


def a_call_over_two_bands() -> ChargingRequest:
    """Ten minutes that end five minutes into the evening, reported at once."""
    ended_at = NOW + timedelta(minutes=5)
    usage = UsedUnits(amount=600, at=ended_at, started_at=NOW - timedelta(minutes=5))
    line = LineRequest(rating_group=100, used=(usage,))
    return ChargingRequest(kind=Kind.RELEASE, at=ended_at, lines=(line,))


def a_data_update() -> ChargingRequest:
    """Three rating groups, each of which reports and asks for more."""
    lines = tuple(
        LineRequest(
            rating_group=group.number,
            wants_quota=True,
            requested=100 * MB,
            used=(UsedUnits(amount=80 * MB, at=NOW),),
        )
        for group in DATA
    )
    return ChargingRequest(kind=Kind.UPDATE, at=NOW, lines=lines)


def a_terabyte() -> ChargingRequest:
    """Charged in steps of one octet."""
    line = LineRequest(rating_group=300, used=(UsedUnits(amount=2**40, at=NOW),))
    return ChargingRequest(kind=Kind.RELEASE, at=NOW, lines=(line,))


def session_of(subscriber: Account) -> SessionState:
    """A data session whose three rating groups hold quota."""
    lines = tuple(
        LineRequest(rating_group=group.number, wants_quota=True, requested=100 * MB)
        for group in DATA
    )
    return charge(subscriber, None, ChargingRequest(kind=Kind.START, at=NOW, lines=lines)).session


def per_second(decide: Callable[[], object]) -> float:
    """Decisions a second, the best round."""
    best = 0.0
    for _ in range(ROUNDS):
        count, started = 0, time.process_time()
        while (passed := time.process_time() - started) < SECONDS_A_ROUND:
            for _ in range(20):
                decide()
            count += 20
        best = max(best, count / passed)
    return best


def main() -> int:
    print(f"Python {platform.python_version()}, {platform.machine()}, one process")
    print(f"{'decisions/s':<34}" + "".join(f"{f'{n} buckets':>14}" for n in BUCKETS))
    ratios: list[tuple[str, float]] = []
    for name, request, has_session in (
        ("sms", an_sms(), False),
        ("voice_over_two_bands", a_call_over_two_bands(), False),
        ("data_3_rating_groups", a_data_update(), True),
        ("terabyte_by_the_octet", a_terabyte(), False),
    ):
        figures = []
        for number in BUCKETS:
            subscriber = account(number)
            session = session_of(subscriber) if has_session else None
            figures.append(per_second(lambda: charge(subscriber, session, request)))  # noqa: B023  called at once
        print(f"{name:<34}" + "".join(f"{figure:>14,.0f}" for figure in figures))
        ratios.append((f"{name}_100_over_1", figures[-1] / figures[0]))
    for name, ratio in ratios:
        print(f"ratio {name} {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
