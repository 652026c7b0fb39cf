"""How imaginary subscribers use their phones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from charging.client.usage import ServedDevice, UsagePlan, data_usage, text_messages, voice_call
from portal.demo.operators import MEGABYTE
from subscribers.models import Device

DATA_GROUP: Final = 300
CONTENT_GROUP: Final = 310
VOICE_GROUP: Final = 100
SMS_GROUP: Final = 200
"""The rating groups that every new operator has."""

_SLICE_OCTETS: Final = 512 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A kind of subscriber."""

    activity: float
    """The chance of a session at each of the day's moments."""
    megabytes: tuple[int, int]
    call_seconds: tuple[int, int]


LIGHT: Final = Habit(activity=0.08, megabytes=(10, 120), call_seconds=(30, 300))
TYPICAL: Final = Habit(activity=0.16, megabytes=(80, 500), call_seconds=(40, 600))
HEAVY: Final = Habit(activity=0.3, megabytes=(300, 1400), call_seconds=(60, 1500))

HABITS: Final = (LIGHT, TYPICAL, TYPICAL, HEAVY, LIGHT, TYPICAL)
"""In turn."""


def next_session(device: Device, habit: Habit, choice: random.Random) -> UsagePlan | None:
    """What the device does now, mostly nothing."""
    if choice.random() > habit.activity:
        return None
    served = ServedDevice(
        subscriber_identifier=device.supi,
        gpsi=device.gpsi,
        home_plmn=device.home_plmn or device.tenant.home_plmn,
        charging_characteristics=device.charging_characteristics,
    )
    match choice.choices(("data", "voice", "sms"), weights=(6, 3, 2))[0]:
        case "data":
            return data_usage(
                served,
                choice.randint(*habit.megabytes) * MEGABYTE,
                rating_group=choice.choice((DATA_GROUP, DATA_GROUP, CONTENT_GROUP)),
                slice_octets=_SLICE_OCTETS,
            )
        case "voice":
            return voice_call(
                served,
                choice.randint(*habit.call_seconds),
                rating_group=VOICE_GROUP,
                called_number=_somebody(device, choice),
            )
        case _:
            return text_messages(
                served,
                choice.randint(1, 3),
                rating_group=SMS_GROUP,
                recipient=_somebody(device, choice),
            )


def _somebody(device: Device, choice: random.Random) -> str:
    """Another number of the same range."""
    return f"+{device.msisdn[:-2]}{choice.randint(1, 99):02d}"
