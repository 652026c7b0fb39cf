"""Which rate prices a use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from charging.engine.calendar import Almanac
from charging.engine.conditions import Conditions, Destinations, Situation
from charging.engine.rates import find_rate, next_border, price_changes_at
from charging.engine.tariff import Rate, Rates, RatingGroup, Tariff
from charging.tests.engine.builders import (
    CENT,
    DATA,
    NOW,
    PER_MB,
    PER_MINUTE,
    PER_SECOND,
    PER_SMS,
    VIDEO,
    VOICE,
)

SECOND = timedelta(seconds=1)
HERE = Situation()
UTC_DAYS = Almanac()


def tariff(*rates: Rate, **other: object) -> Tariff:
    return Tariff(version_id=1, label="Flex", rates=Rates(rates), **other)  # type: ignore[arg-type]


def found(
    tariffs: tuple[Tariff, ...], group: RatingGroup, *, at=NOW, situation: Situation = HERE
) -> Rate | None:
    answer = find_rate(tariffs, group, at=at, situation=situation, almanac=UTC_DAYS)
    return answer.rate if answer else None


def voice(key: str, *groups: str, **other: object) -> Rate:
    when = Conditions(destinations=Destinations(included=frozenset(groups)) if groups else None)
    price: dict[str, object] = {"price": CENT, "per": 60, "when": when, **other}
    return Rate.flat(key=key, service="voice", **price)  # type: ignore[arg-type]


def calling(*prefixes: tuple[int, str]) -> Situation:
    return Situation(
        destination="34911",
        prefixes=tuple((length, frozenset({group})) for length, group in prefixes),
    )


def test_the_first_rate_that_covers_the_rating_group_is_taken():
    video = Rate.flat(key="video", service="data", rating_groups=frozenset({310}), price=1, per=1)
    base, add_on = tariff(PER_SECOND, video, PER_MB), tariff(PER_SMS)

    assert found((base, add_on), VIDEO) is video
    assert found((base, add_on), DATA) is PER_MB
    assert found((add_on, base), VOICE) is PER_SECOND
    assert found((add_on,), VOICE) is None


def test_a_tariff_rates_from_its_start_until_before_its_end():
    old, new = tariff(PER_SECOND, ends_at=NOW), tariff(PER_MINUTE, starts_at=NOW)

    assert found((old, new), VOICE, at=NOW - SECOND) is PER_SECOND
    assert found((old, new), VOICE, at=NOW) is PER_MINUTE
    assert found((old,), VOICE) is None
    assert found((new,), VOICE, at=NOW - SECOND) is None


def test_the_longest_prefix_decides_before_any_weight():
    everywhere, europe, spain = voice("any"), voice("eu", "europe", weight=9), voice("es", "spain")
    rates = (tariff(everywhere, europe, spain),)

    assert found(rates, VOICE, situation=calling((2, "spain"), (1, "europe"))) is spain
    assert found(rates, VOICE, situation=calling((1, "europe"))) is europe
    assert found(rates, VOICE, situation=calling((3, "peru"))) is everywhere
    assert found(rates, VOICE) is everywhere


def test_among_equally_long_prefixes_the_heavier_rate_is_taken_then_the_first():
    first, heavy, second = voice("a", "spain"), voice("b", "spain", weight=1), voice("c", "spain")

    assert found((tariff(first, heavy, second),), VOICE, situation=calling((2, "spain"))) is heavy
    assert found((tariff(first, second),), VOICE, situation=calling((2, "spain"))) is first


def test_a_rate_that_does_not_apply_leaves_the_use_to_a_shorter_prefix():
    roaming = replace(
        voice("es", "spain"),
        when=Conditions(
            destinations=Destinations(included=frozenset({"spain"})), zones=frozenset({"roaming"})
        ),
    )
    europe = voice("eu", "europe")
    situation = calling((2, "spain"), (1, "europe"))

    assert found((tariff(roaming, europe),), VOICE, situation=situation) is europe
    abroad = replace(situation, zones=frozenset({"roaming"}))
    assert found((tariff(roaming, europe),), VOICE, situation=abroad) is roaming


def test_a_future_price_is_taken_from_its_activation_on():
    now, later = voice("now"), voice("later", active_from=NOW + SECOND)
    rates = (tariff(now, later),)

    assert found(rates, VOICE) is now
    assert found(rates, VOICE, at=NOW + SECOND) is later
    assert next_border(rates, VOICE, almanac=UTC_DAYS, at=NOW) == NOW + SECOND
    assert next_border(rates, VOICE, almanac=UTC_DAYS, at=NOW + SECOND) is None


def test_fallback_lists_are_asked_in_order_after_all_rates():
    own = tariff(PER_SMS, fallbacks=(Rates((PER_MB,)), Rates((PER_SECOND,))))
    other = tariff(PER_MINUTE)

    assert found((own,), VOICE) is PER_SECOND
    assert found((own, other), VOICE) is PER_MINUTE


def test_a_border_at_which_the_price_stays_is_looked_past():
    same = tariff(PER_SECOND, starts_at=NOW - SECOND), tariff(PER_MB, starts_at=NOW + SECOND)
    dearer = tariff(PER_SECOND, ends_at=NOW + 2 * SECOND), tariff(PER_MINUTE)

    def change(rates):
        return price_changes_at(
            rates,
            VOICE,
            at=NOW,
            until=NOW + timedelta(hours=1),
            situation=HERE,
            almanac=UTC_DAYS,
        )

    assert change(same) is None
    assert change(dearer) == NOW + 2 * SECOND
