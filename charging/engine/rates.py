"""Which rate prices a use: longest prefix, then weight, then the narrower band, then the newest.

Looking one up costs the length of the dialled number, not the number of rates: a version's rates
are indexed once by destination group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from charging.engine.balances import NEVER
from charging.engine.calendar import Almanac, Band
from charging.engine.conditions import ANY, Situation
from charging.engine.tariff import Rate, Rates, RatingGroup, Tariff

_BORDERS_MAX = 64
"""Bands that leave the price as it is are looked past so often; then usage is split there."""


class Found(NamedTuple):
    rate: Rate
    tariff: Tariff


class Covering:
    """The rates of one list that cover one rating group, in the order equals are taken."""

    __slots__ = ("_anywhere", "_by_destination", "_only", "activations", "bands")

    def __init__(self, rates: Iterable[Rate]) -> None:
        ranked = sorted(rates, key=_rank)
        self.bands: tuple[Band, ...] = tuple(
            {rate.when.band: None for rate in ranked if rate.when.band is not None}
        )
        self.activations = tuple(
            sorted({rate.active_from for rate in ranked if rate.active_from is not None})
        )
        self._by_destination: dict[str, list[tuple[int, Rate]]] = {}
        self._anywhere: list[Rate] = []
        for place, rate in enumerate(ranked):
            destinations = rate.when.destinations
            included = destinations.included if destinations else frozenset()
            for code in included - {ANY}:
                self._by_destination.setdefault(code, []).append((place, rate))
            if not included or ANY in included:
                self._anywhere.append(rate)
        is_plain = len(ranked) == 1 and _is_plain(ranked[0])
        self._only = ranked[0] if is_plain else None

    def find(
        self, situation: Situation, almanac: Almanac, at: datetime, *, nearest_start: bool
    ) -> Rate | None:
        if self._only is not None:
            return self._only
        if self._by_destination:
            for length, codes in situation.prefixes:
                places = [
                    pair
                    for code in codes
                    for pair in self._by_destination.get(code, ())
                    if pair[1].when.precision(situation) == length
                ]
                ranked = (rate for _, rate in sorted(places, key=lambda pair: pair[0]))
                if rate := _first(ranked, situation, almanac, at, nearest_start):
                    return rate
        fitting = (rate for rate in self._anywhere if rate.when.precision(situation) is not None)
        return _first(fitting, situation, almanac, at, nearest_start)


def _rank(rate: Rate) -> tuple[int, int, timedelta]:
    """Heavier first, then the narrower band, then the newest price; the plan's order decides
    among equals, since sorting keeps it."""
    width = rate.when.band.width if rate.when.band is not None else _ALWAYS_OPEN
    age = NEVER - rate.active_from if rate.active_from is not None else timedelta.max
    return (-rate.weight, width, age)


_ALWAYS_OPEN = 366 * 86_400


def _is_plain(rate: Rate) -> bool:
    when = rate.when
    return (
        rate.active_from is None
        and when.band is None
        and when.destinations is None
        and not when.objection(Situation())
        and not _asks(rate)
    )


def _asks(rate: Rate) -> bool:
    when = rate.when
    return bool(
        when.zones
        or when.networks
        or when.rats
        or when.dnns
        or when.slices
        or when.number_classes
        or when.categories
        or when.characteristics_mask
        or when.on_net is not None
    )


def _first(
    rates: Iterable[Rate], situation: Situation, almanac: Almanac, at: datetime, nearest: bool
) -> Rate | None:
    """The first of ranked rates that applies now; with `nearest`, among equally heavy ones the
    one whose band opened last."""
    best: Rate | None = None
    for rate in rates:
        if best is not None and (not nearest or rate.weight < best.weight):
            return best
        if rate.active_from is not None and rate.active_from > at:
            continue
        if rate.when.objection(situation) or not rate.when.is_open(almanac, at):
            continue
        if best is None or _opened(rate, almanac, at) > _opened(best, almanac, at):
            best = rate
    return best


def _opened(rate: Rate, almanac: Almanac, at: datetime) -> int:
    return almanac.opened_at(rate.when.band, at) if rate.when.band is not None else 0


def covering(rates: Rates, rating_group: RatingGroup) -> Covering:
    """The list's rates for one rating group, looked out once and remembered with the list."""
    key = (rating_group.number, rating_group.service)
    found = rates.looked_out.get(key)
    if found is None:
        found = Covering(rate for rate in rates if rate.covers(rating_group))
        rates.looked_out[key] = found
    assert isinstance(found, Covering)
    return found


def find_rate(
    tariffs: Iterable[Tariff],
    rating_group: RatingGroup,
    *,
    at: datetime,
    situation: Situation,
    almanac: Almanac,
    nearest_start: bool = False,
) -> Found | None:
    """The rate that prices a use at `at`, or None when nothing has a price for it.

    Tariffs in force at `at` are asked in the order given, each one's fallback lists after all of
    them.
    """
    for tariff, rates in _lists(tariffs, at):
        rate = covering(rates, rating_group).find(
            situation, almanac, at, nearest_start=nearest_start
        )
        if rate is not None:
            return Found(rate, tariff)
    return None


def _lists(tariffs: Iterable[Tariff], at: datetime) -> Iterator[tuple[Tariff, Rates]]:
    later: list[tuple[Tariff, Rates]] = []
    for tariff in tariffs:
        if tariff.is_in_force(at):
            yield tariff, tariff.rates
            later.extend((tariff, rates) for rates in tariff.fallbacks)
    yield from later


def next_border(
    tariffs: Iterable[Tariff], rating_group: RatingGroup, *, almanac: Almanac, at: datetime
) -> datetime | None:
    """The next instant after `at` at which another price may apply; None if never."""
    bands: list[Band] = []
    nearest: datetime | None = None
    for tariff in tariffs:
        borders = [tariff.starts_at, tariff.ends_at]
        for rates in (tariff.rates, *tariff.fallbacks):
            mine = covering(rates, rating_group)
            bands.extend(mine.bands)
            borders.extend(mine.activations)
        for border in borders:
            if border is not None and border > at and (nearest is None or border < nearest):
                nearest = border
    if bands:
        border = almanac.next_border(bands, at)
        if border is not None and (nearest is None or border < nearest):
            nearest = border
    return nearest


def price_changes_at(
    tariffs: tuple[Tariff, ...],
    rating_group: RatingGroup,
    *,
    at: datetime,
    until: datetime,
    situation: Situation,
    almanac: Almanac,
) -> datetime | None:
    """The first instant in (at, until) from which another rate applies than at `at`."""
    border = next_border(tariffs, rating_group, almanac=almanac, at=at)
    if border is None or border >= until:
        return None
    rate = find_rate(tariffs, rating_group, at=at, situation=situation, almanac=almanac)
    for _ in range(_BORDERS_MAX):
        then = find_rate(tariffs, rating_group, at=border, situation=situation, almanac=almanac)
        if (then and then.rate) is not (rate and rate.rate):
            return border
        following = next_border(tariffs, rating_group, almanac=almanac, at=border)
        if following is None or following >= until:
            return None
        border = following
    return border
