"""What plans may refer to by code: the operator's destination groups, zones and other plans.

None of it is part of a frozen version. Passed in like rating groups are, so that the rules stay
plain functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ANY_DESTINATION: Final = "*any"
"""The destination group that every number belongs to."""
OWN_ZONES: Final = frozenset({"home", "roaming"})
"""The zones of every operator: its own network, and all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Names by code, None where nobody looked: then every code is let pass."""

    destinations: Mapping[str, str] | None = None
    zones: Mapping[str, str] | None = None
    fallbacks: Mapping[str, tuple[str, ...]] | None = None
    """Every plan's code → the codes its published version falls back on."""
    published: frozenset[str] = frozenset()
    """Codes of the plans that have a published version."""
    allows_zero_rating: bool = True
    plan: str = ""
    """The code of the plan that is looked at; empty: a new one."""

    def knows_destination(self, code: str) -> bool:
        return self.destinations is None or code in self.destinations

    def knows_zone(self, code: str) -> bool:
        return self.zones is None or code in self.zones

    def destination_name(self, code: str) -> str:
        return (self.destinations or {}).get(code, code)

    def zone_name(self, code: str) -> str:
        return (self.zones or {}).get(code, code)


NO_REFERENCES: Final = References()


def fallback_loop(references: References, codes: tuple[str, ...]) -> tuple[str, ...]:
    """The way from one of `codes` back to the plan itself or to a plan passed already; empty
    when there is none."""
    known = references.fallbacks or {}
    clean: set[str] = set()

    def walk(code: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if code in way:
            return (*way, code)
        if code in clean:
            return ()
        for further in known.get(code, ()):
            if found := walk(further, (*way, code)):
                return found
        clean.add(code)
        return ()

    start = (references.plan,) if references.plan else ()
    return next((found for code in codes if (found := walk(code, start))), ())
