"""Conditions and time bands in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from plans.conventions import Conventions
from plans.terms import DAY_SECONDS, BandSpec, ConditionsSpec, WindowSpec

BandNames = Mapping[str, str]
"""Names of the version's time bands by code."""

_WEEKDAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def say_conditions(spec: ConditionsSpec, bands: BandNames, by: Conventions) -> str:
    """to Spain, at home, weekday evenings."""
    known = by.references
    parts: list[str] = []
    if spec.destinations is not None:
        included = [known.destination_name(code) for code in spec.destinations.included]
        excluded = [known.destination_name(code) for code in spec.destinations.excluded]
        if included:
            parts.append(f"to {any_of(['any number' if c == '*any' else c for c in included])}")
        if excluded:
            parts.append(f"not to {any_of(excluded)}")
    if spec.number_classes:
        parts.append(f"to {any_of(spec.number_classes)} numbers")
    if spec.on_net is not None:
        parts.append("within the own network" if spec.on_net else "to other networks")
    if spec.zones:
        parts.append(any_of([_say_zone(code, by) for code in spec.zones]))
    if spec.networks:
        parts.append(f"in network {any_of(spec.networks)}")
    if spec.rats:
        parts.append(f"over {any_of(spec.rats)}")
    if spec.dnns:
        parts.append(f"on {any_of(spec.dnns)}")
    if spec.slices:
        parts.append(f"in slice {any_of(spec.slices)}")
    if spec.categories:
        parts.append(f"as {any_of(spec.categories)}")
    if spec.characteristics_mask:
        parts.append(
            f"with charging characteristics {spec.characteristics_value:04X} "
            f"of {spec.characteristics_mask:04X}"
        )
    if spec.band:
        parts.append(_in_sentence(bands.get(spec.band, spec.band)))
    return ", ".join(parts)


def _say_zone(code: str, by: Conventions) -> str:
    usual = {"home": "at home", "roaming": "abroad"}
    return usual.get(code) or f"in {by.references.zone_name(code)}"


def say_band(band: BandSpec) -> str:
    """Mon–Fri 18:00–23:30; not on holidays."""
    open_in = "; ".join(_say_window(window) for window in band.windows)
    shut_in = "; ".join(_say_window(window) for window in band.closed)
    return f"{open_in}; but not {shut_in}" if shut_in else open_in


def _say_window(window: WindowSpec) -> str:
    parts = []
    if window.weekdays:
        parts.append(_runs([_WEEKDAYS[day] for day in sorted(window.weekdays, key=_from_monday)]))
    if window.month_days:
        parts.append(f"on the {any_of([ordinal(day) for day in window.month_days])}")
    if window.months:
        parts.append(f"in {any_of([MONTHS[month - 1] for month in window.months])}")
    if window.years:
        parts.append(f"of {any_of([str(year) for year in window.years])}")
    if window.holidays is not None:
        parts.append("on holidays" if window.holidays else "except holidays")
    if (window.start, window.end) != (0, DAY_SECONDS):
        parts.append(f"{say_time(window.start)}–{say_time(window.end)}")
    return " ".join(parts) or "always"


def say_time(seconds: int) -> str:
    """18:00, 24:00."""
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def _from_monday(weekday: int) -> int:
    return (weekday - 1) % 7


def _runs(names: Sequence[str]) -> str:
    """Mon–Fri; Sat, Sun."""
    week = [_WEEKDAYS[(day + 1) % 7] for day in range(7)]
    places = [week.index(name) for name in names]
    if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{names[0]}–{names[-1]}"
    return ", ".join(names)


# ── words ────────────────────────────────────────────────────────────────────────────────────


def any_of(words: Iterable[str]) -> str:
    """Spain, France or Italy."""
    listed = list(words)
    return " or ".join(filter(None, [", ".join(listed[:-1]), *listed[-1:]]))


def ordinal(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _in_sentence(name: str) -> str:
    """A name in the middle of a sentence: its first letter is small unless it is an acronym."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name
