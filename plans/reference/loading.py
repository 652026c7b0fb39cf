"""The reference data of one tenant as the charger keeps it, and what it makes of a request.

`load_reference` costs a read of every prefix, so what it returns is kept by its `revision`, which
every change of reference data counts (Tenant.reference_revision).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from charging.engine.calendar import Almanac
from charging.engine.conditions import Prefixes, Situation
from charging.engine.networks import Zone as EngineZone
from charging.engine.networks import ZoneTable
from charging.engine.numbers import NumberingPlan
from charging.engine.prefixes import PrefixTable
from plans.reference import selectors
from plans.reference.models import DestinationGroup, DestinationPrefix
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

EMERGENCY_SHOWN: Final = 40
"""How much of an emergency's address is kept where it holds no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Numbers, networks and days as one operator sees them."""

    revision: int = 0
    numbering: NumberingPlan = field(default_factory=NumberingPlan)
    prefixes: PrefixTable = field(default_factory=PrefixTable)
    zones: ZoneTable = field(default_factory=ZoneTable)
    holidays: frozenset[date] = frozenset()
    number_classes: dict[str, str] = field(default_factory=dict)
    """By group code, of the groups that have one."""
    own_network: frozenset[str] = frozenset()
    """Codes of the groups whose numbers are the operator's own."""

    def situation(
        self,
        *,
        number: str = "",
        network: str = "",
        home: str,
        rat: str = "",
        dnn: str = "",
        slice: str = "",
        characteristics: int = 0,
        category: str = "",
    ) -> Situation:
        """What conditions are asked about.

        `number` is the other party as dialled, "" where there is none; `network` the serving
        PLMN, "" when nobody told it, and `home` the subscriber's own.
        """
        digits, is_emergency = "", False
        prefixes: Prefixes = ()
        if number:
            is_emergency = self.numbering.is_emergency(number)
            digits = self.numbering.digits(number) or number[:EMERGENCY_SHOWN] * is_emergency
            prefixes = self.prefixes.match(digits)
        return Situation(
            destination=digits,
            prefixes=prefixes,
            number_class=self._class_of(prefixes),
            zones=self.zones.zones(network, home=home),
            network=network if network.isdigit() else "",
            rat=rat,
            dnn=dnn,
            slice=slice,
            characteristics=characteristics,
            category=category,
            on_net=self._is_own(prefixes) if digits else None,
            is_emergency=is_emergency,
        )

    def almanac(self, zone: ZoneInfo) -> Almanac:
        """The operator's holidays in one account's wall time."""
        return Almanac(zone=zone, holidays=self.holidays)

    def _class_of(self, prefixes: Prefixes) -> str:
        """The class of the longest prefix that has one; of several the first in the alphabet."""
        for _, groups in prefixes:
            found = [self.number_classes[code] for code in groups if code in self.number_classes]
            if found:
                return min(found)
        return ""

    def _is_own(self, prefixes: Prefixes) -> bool:
        """Whether the longest known prefix is one of the operator's own."""
        return bool(prefixes) and not self.own_network.isdisjoint(prefixes[0][1])


def load_reference(tenant: Tenant) -> Reference:
    """Read all of it. The caller keeps it as long as the tenant's revision stays."""
    with tenant_scope(tenant):
        # With its revision first of all: a change in between is then read again, not missed.
        tenant = Tenant.objects.get(pk=tenant.pk)
        groups = {group.pk: group for group in DestinationGroup.objects.all()}
        return Reference(
            revision=tenant.reference_revision,
            numbering=selectors.plan_of(tenant),
            prefixes=PrefixTable(_pairs(groups)),
            zones=ZoneTable(
                EngineZone(
                    code=zone.code,
                    networks=frozenset(zone.networks),
                    countries=frozenset(zone.countries),
                )
                for zone in selectors.zones()
            ),
            holidays=frozenset(selectors.holidays().values_list("date", flat=True)),
            number_classes={
                group.code: group.number_class for group in groups.values() if group.number_class
            },
            own_network=frozenset(group.code for group in groups.values() if group.is_own_network),
        )


def _pairs(groups: dict[int, DestinationGroup]) -> Iterable[tuple[str, str]]:
    """(prefix, group code); without a join, which the planner may do row by row."""
    codes = {key: group.code for key, group in groups.items()}
    rows = DestinationPrefix.objects.order_by().values_list("prefix", "group_id")
    # A group that came in between is read with the next revision.
    return ((prefix, codes[key]) for prefix, key in rows.iterator(10_000) if key in codes)
