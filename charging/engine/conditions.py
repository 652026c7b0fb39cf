"""Where, when, how and with whom a service is used, and what is restricted to some of that.

Rates, buckets, factors and counters all carry `Conditions`; a request carries a `Situation`.
Empty means no restriction, so the common plan asks nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from charging.engine.calendar import Almanac, Band

ANY = "*any"
"""The destination group that every number belongs to, at a prefix of no digits."""

HOME = "home"
"""The zone of the subscriber's own network."""

ROAMING = "roaming"
"""The zone of every other network."""

Prefixes = tuple[tuple[int, frozenset[str]], ...]
"""Prefixes of a number that destination groups know, longest first: length and group codes."""

# ── why something does not apply; stored in traces, so never renamed ─────────────────────────

DESTINATION = "destination"
ZONE = "zone"
NETWORK = "network"
RAT = "rat"
DNN = "dnn"
SLICE = "slice"
CHARACTERISTICS = "characteristics"
NUMBER_CLASS = "number_class"
CATEGORY = "category"
ON_NET = "on_net"
CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything of a use of the network that may decide its price or what pays for it."""

    destination: str = ""
    """Called party or recipient as dialled, digits; empty when there is none."""
    prefixes: Prefixes = ()
    number_class: str = ""
    """The operator's class of the B-number: mobile, fixed, premium, …"""
    zones: frozenset[str] = frozenset((HOME,))
    """Zones the serving network is in; `home`, or `roaming` and the operator's own ones."""
    network: str = ""
    """Serving PLMN, MCC and MNC."""
    rat: str = ""
    """RatType of TS 29.571, "NR", "EUTRA", …"""
    dnn: str = ""
    slice: str = ""
    """S-NSSAI as "SST" or "SST-SD", SD in six upper-case hexadecimal digits."""
    characteristics: int = 0
    """Charging characteristics, 16 bits (TS 32.298 §5.1.2.2.7)."""
    category: str = ""
    """What kind of use, where one unit serves several: "call", "video"."""
    on_net: bool | None = None
    """Whether the other party is the operator's own; None where there is no other party."""
    is_emergency: bool = False
    """An emergency number was called: free, and never refused."""
    factor_key: str = ""
    """Selects a bucket's factor by name."""


HERE = Situation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Destination groups something is for, and those it is not for."""

    included: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def precision(self, prefixes: Prefixes) -> int | None:
        """The length of the prefix that lets a number in; None when it stays out.

        The longest prefix that the list knows decides, and an excluded group there rejects. A
        list of exclusions only lets in all else.
        """
        for length, groups in prefixes:
            if groups & self.excluded:
                return None
            if groups & self.included:
                return length
            if not self.included:
                return length
        if ANY in self.excluded:
            return None
        return 0 if ANY in self.included or not self.included else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must hold; every empty part holds always."""

    destinations: Destinations | None = None
    zones: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    rats: frozenset[str] = frozenset()
    dnns: frozenset[str] = frozenset()
    slices: frozenset[str] = frozenset()
    number_classes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    characteristics_mask: int = 0
    """Bits that are looked at; 0 asks for none."""
    characteristics_value: int = 0
    on_net: bool | None = None
    band: Band | None = None

    def precision(self, situation: Situation) -> int | None:
        """How exactly the destination matches, in digits; None when it does not."""
        if self.destinations is None:
            return 0
        return self.destinations.precision(situation.prefixes)

    def objection(self, situation: Situation) -> str:
        """Why the situation does not fit, destination and time apart; empty when it fits."""
        if self is ALWAYS:
            return ""
        if self.zones and not self.zones & situation.zones:
            return ZONE
        mask = self.characteristics_mask
        if mask and situation.characteristics & mask != self.characteristics_value:
            return CHARACTERISTICS
        if self.on_net is not None and self.on_net != situation.on_net:
            return ON_NET
        for allowed, value, reason in (
            (self.networks, situation.network, NETWORK),
            (self.rats, situation.rat, RAT),
            (self.dnns, situation.dnn, DNN),
            (self.slices, situation.slice, SLICE),
            (self.number_classes, situation.number_class, NUMBER_CLASS),
            (self.categories, situation.category, CATEGORY),
        ):
            if allowed and value not in allowed:
                return reason
        return ""

    def is_open(self, almanac: Almanac, at: datetime) -> bool:
        return self.band is None or almanac.is_open(self.band, at)


ALWAYS = Conditions()
"""No condition at all."""
