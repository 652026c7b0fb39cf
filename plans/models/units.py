"""Services as a subscriber calls them, and the units in which they are counted."""

from __future__ import annotations

from typing import Final

from django.db import models


class Service(models.TextChoices):
    """What a subscriber would call it; decides the unit."""

    VOICE = "voice", "Voice"
    SMS = "sms", "SMS"
    DATA = "data", "Data"
    MONEY = "money", "Money"


class Unit(models.TextChoices):
    """What a rating group or bucket counts."""

    OCTETS = "OCTETS", "Octets"
    SECONDS = "SECONDS", "Seconds"
    EVENTS = "EVENTS", "Events"
    GENERIC = "GENERIC", "Units of any service"
    NANO_MONEY = "NANO_MONEY", "Money (10⁻⁹)"


UNIT_OF_SERVICE = {
    Service.VOICE: Unit.SECONDS,
    Service.SMS: Unit.EVENTS,
    Service.DATA: Unit.OCTETS,
    Service.MONEY: Unit.NANO_MONEY,
}

GENERIC_SERVICE: Final = "generic"
"""The service of allowances of neutral units, which pay for any real one."""

ALLOWANCE_SERVICES: Final = [*Service.choices, (GENERIC_SERVICE, "Any service")]
