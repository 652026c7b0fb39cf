"""Which zones a serving network is in: home, or roaming and the operator's own zones.

A network is a PLMN, MCC and MNC in digits: "26202" and "262002" are two different networks
(TS 23.003 §2.2), so the MNC keeps the length it came with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from charging.engine.conditions import HOME, ROAMING

_AT_HOME: Final = frozenset((HOME,))
_ABROAD: Final = frozenset((ROAMING,))
_MCC_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Networks one by one, whole countries by their MCC, or both."""

    code: str
    networks: frozenset[str] = frozenset()
    """PLMNs of five or six digits."""
    countries: frozenset[str] = frozenset()
    """Mobile country codes of three digits."""


class ZoneTable:
    """The operator's zones by network and by country; they may overlap."""

    __slots__ = ("_of_country", "_of_network")

    def __init__(self, zones: Iterable[Zone] = ()) -> None:
        of_country: dict[str, frozenset[str]] = {}
        of_network: dict[str, frozenset[str]] = {}
        known = tuple(zones)
        for zone in known:
            for country in zone.countries:
                of_country[country] = of_country.get(country, _ABROAD) | {zone.code}
        for zone in known:
            for network in zone.networks:
                so_far = of_network.get(network) or of_country.get(network[:_MCC_DIGITS], _ABROAD)
                of_network[network] = so_far | {zone.code}
        self._of_country = of_country
        self._of_network = of_network

    def zones(self, network: str, *, home: str) -> frozenset[str]:
        """The zones of a serving network for a subscriber whose own network is `home`.

        Of the home network, and when no network was told, only `home`; of every other `roaming`
        and each of the operator's zones that names it or its country.
        """
        if not network or network == home:
            return _AT_HOME
        known = self._of_network.get(network)
        if known is None:
            known = self._of_country.get(network[:_MCC_DIGITS], _ABROAD)
        return known
