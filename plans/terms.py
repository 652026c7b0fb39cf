"""The parts of a version that say where, when and how something applies, as plain values.

Names are those of the engine's (charging/engine/conditions.py, calendar.py), with codes for what
a plan only refers to: time bands of its version, and the operator's destination groups and zones.
Empty means no restriction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationsSpec:
    """Codes of destination groups something is for, and of those it is not for."""

    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsSpec:
    """What must hold; every empty part holds always."""

    destinations: DestinationsSpec | None = None
    zones: tuple[str, ...] = ()
    """Codes; `home` and `roaming` are every operator's."""
    networks: tuple[str, ...] = ()
    """Serving PLMNs: MCC and MNC, five or six digits."""
    rats: tuple[str, ...] = ()
    """RatType of TS 29.571: NR, EUTRA, …"""
    dnns: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    """S-NSSAI as "SST" or "SST-SD", SD in six upper-case hexadecimal digits."""
    number_classes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    characteristics_mask: int = 0
    """Bits of the charging characteristics that are looked at; 0 asks for none."""
    characteristics_value: int = 0
    on_net: bool | None = None
    band: str = ""
    """Code of a time band of the version; empty: at any time."""


ALWAYS = ConditionsSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec:
    """Part of the days it names, [start, end) in seconds of the local day; empty names all.

    An end at or before the start lies on the next day. `holidays` None: holidays or not.
    """

    years: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    """0 is Sunday."""
    start: int = 0
    end: int = DAY_SECONDS
    holidays: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSpec:
    """Open while one of its windows is and none of those that close it."""

    code: str
    name: str
    windows: tuple[WindowSpec, ...] = ()
    closed: tuple[WindowSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSpec:
    """From `start` units of usage on: `price` nano-units per `per` units, in whole `increment`s."""

    start: int
    price: int
    per: int
    increment: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSpec:
    """Takes `times` units for each unit used, where the conditions hold or for a named factor."""

    times: int
    key: str = ""
    """Set: for usage that names this factor, whatever the conditions."""
    conditions: ConditionsSpec = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeSpec:
    """How long what is given lives, from purchase or from first use."""

    span: str = "period"
    count: int = 1
    from_first_use: bool = False
    until: datetime | None = None


UNTIL_THE_PERIOD_ENDS = LifetimeSpec()
