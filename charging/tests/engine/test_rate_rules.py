"""What a rate applies to: destination, hours, zone and price lists together, on calls and data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from charging.engine.calendar import Almanac, Band, Window
from charging.engine.conditions import Conditions, Destinations, Situation
from charging.engine.tariff import Rate, Terms
from charging.engine.trace import SKIPPED
from charging.tests.engine.builders import (
    CENT,
    EURO,
    MB,
    PER_MB,
    PER_MINUTE,
    PER_SECOND,
    Phone,
    line,
    minutes,
    money,
    used,
)

MADRID = ZoneInfo("Europe/Madrid")
HOUR = 3600
MINUTE = timedelta(minutes=1)
EVENING = Band(key="evening", windows=(Window(start=20 * HOUR, end=24 * HOUR),))
LATE = Band(key="late", windows=(Window(start=22 * HOUR, end=24 * HOUR),))
HOLIDAYS = Band(key="holidays", windows=(Window(holidays=True),))
CHRISTMAS = Almanac(zone=MADRID, holidays=frozenset({date(2026, 12, 25)}))

SPAIN = Situation(prefixes=((2, frozenset({"es"})),))
FRANCE = Situation(prefixes=((2, frozenset({"fr"})),))
ABROAD = frozenset({"roaming", "eu"})


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)


def by_the_minute(key: str, cents: int, **other: object) -> Rate:
    """`cents` for each started minute."""
    return Rate.flat(key=key, service="voice", price=cents * CENT, per=60, increment=60, **other)


def to(*groups: str) -> Destinations:
    return Destinations(included=frozenset(groups))


def cost_of_a_minute(rates: tuple[Rate, ...], situation: Situation, at: datetime) -> int:
    """In cents."""
    phone = Phone(money(1, 100 * EURO), rates=rates, almanac=CHRISTMAS)
    call = used(60, started_at=at, at=at + MINUTE)
    outcome = phone.release(line(reports=(call,)), at=at + MINUTE, situation=situation)
    return outcome.cost // CENT


MATRIX = (
    by_the_minute("any", 9),
    by_the_minute("spain", 8, when=Conditions(destinations=to("es"))),
    by_the_minute("spain-evening", 5, when=Conditions(destinations=to("es"), band=EVENING)),
    by_the_minute(
        "spain-evening-eu",
        20,
        weight=1,
        when=Conditions(destinations=to("es"), band=EVENING, zones=frozenset({"eu"})),
    ),
    by_the_minute("on-net", 1, when=Conditions(on_net=True), weight=1),
)


@pytest.mark.parametrize(
    ("situation", "at", "cents"),
    [
        (SPAIN, "2026-11-23T12:00", 8),
        (SPAIN, "2026-11-23T20:00", 5),
        (replace(SPAIN, zones=ABROAD), "2026-11-23T20:00", 20),
        (replace(SPAIN, zones=ABROAD), "2026-11-23T12:00", 8),
        (FRANCE, "2026-11-23T20:00", 9),
        (replace(FRANCE, on_net=True), "2026-11-23T20:00", 1),
        (replace(FRANCE, on_net=False), "2026-11-23T20:00", 9),
    ],
)
def test_destination_hours_and_zone_find_the_price_together(situation, at, cents):
    assert cost_of_a_minute(MATRIX, situation, madrid(at)) == cents


@pytest.mark.parametrize(
    ("at", "cents"),
    [
        ("2026-11-23T12:00", 9),
        ("2026-11-23T21:00", 6),
        ("2026-11-23T22:30", 3),
        ("2026-12-25T22:30", 1),  # 12 of 365 days are a narrower band than two hours a day
    ],
)
def test_among_equally_heavy_rates_the_narrower_band_is_taken(at, cents):
    rates = (
        by_the_minute("always", 9),
        by_the_minute("evening", 6, when=Conditions(band=EVENING)),
        by_the_minute("late", 3, when=Conditions(band=LATE)),
        by_the_minute("holidays", 1, when=Conditions(band=HOLIDAYS)),
    )

    assert cost_of_a_minute(rates, Situation(), madrid(at)) == cents
    assert cost_of_a_minute(rates[::-1], Situation(), madrid(at)) == cents


def test_the_heavier_rate_is_taken_before_the_narrower_band():
    rates = (
        by_the_minute("always", 9, weight=1),
        by_the_minute("evening", 6, when=Conditions(band=EVENING)),
    )

    assert cost_of_a_minute(rates, Situation(), madrid("2026-11-23T21:00")) == 9


def test_a_call_over_a_bands_border_is_split_there_in_the_operators_time():
    """19:58 to 20:03 in Madrid: 2 min at 0.09 and 3 min at 0.03."""
    cheap = Rate.flat(
        key="evening", service="voice", price=3 * CENT, per=60, when=Conditions(band=EVENING)
    )
    phone = Phone(money(1, EURO), rates=(PER_SECOND, cheap), almanac=Almanac(zone=MADRID))
    begins = madrid("2026-11-23T19:58")
    call = used(300, started_at=begins, at=begins + 5 * MINUTE)

    outcome = phone.release(line(reports=(call,)), at=begins + 5 * MINUTE)

    assert outcome.cost == 27 * CENT


def test_a_grant_of_seconds_ends_where_the_band_begins():
    cheap = replace(PER_SECOND, key="evening", when=Conditions(band=EVENING))
    phone = Phone(money(1, EURO), rates=(PER_SECOND, cheap), almanac=Almanac(zone=MADRID))

    (answer,) = phone.start(line(asks=300), at=madrid("2026-11-23T19:58")).answers

    assert (answer.granted, answer.is_final) == (120, False)


def test_data_is_priced_by_the_band_of_its_report():
    cheap = replace(
        PER_MB,
        key="evening",
        slots=(replace(PER_MB.slots[0], price=CENT // 10),),
        when=Conditions(band=EVENING),
    )
    phone = Phone(money(1, EURO), rates=(PER_MB, cheap), almanac=Almanac(zone=MADRID))
    before, after = madrid("2026-11-23T19:59:59"), madrid("2026-11-23T20:00")

    costs = [
        phone.update(line(300, reports=(used(10 * MB, at=at),)), at=at).cost
        for at in (before, after)
    ]

    assert costs == [10 * CENT, 1 * CENT]


def test_a_night_bundle_pays_at_night_and_is_passed_over_with_its_reason_by_day():
    night = Terms(when=Conditions(band=EVENING))
    phone = Phone(
        minutes(1, 600, terms=night), money(2, EURO), rates=(PER_MINUTE,),
        almanac=Almanac(zone=MADRID),
    )  # fmt: skip
    by_day, by_night = madrid("2026-11-23T12:00"), madrid("2026-11-23T21:00")

    outcome = phone.start(line(asks=60), at=by_day)
    assert (SKIPPED, 1, "closed") in outcome.trace
    assert phone.amounts(2)[1] == 9 * CENT

    phone.update(line(asks=60), at=by_night)
    assert phone.amounts(1) == (540, 60, 0)
    assert phone.amounts(2)[1] == 0
