"""How much somebody uses a day: the profiles that a plan is tried out with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from plans.models import Service

MB: Final = 2**20
OCTETS_A_DAY_MAX: Final = 100 * 2**30
SECONDS_A_DAY_MAX: Final = 86_400
MESSAGES_A_DAY_MAX: Final = 2_000

_WEEK: Final = {
    Service.DATA: (85, 95, 90, 100, 115, 125, 90),
    Service.VOICE: (110, 120, 95, 105, 115, 80, 75),
    Service.SMS: (90, 80, 110, 95, 120, 115, 90),
}
"""Percent of the average on each day of a week, adding up to 700: no two days are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Average use a day."""

    code: str
    name: str
    octets: int
    seconds: int
    messages: int

    def on_day(self, day: int) -> Iterator[tuple[str, int]]:
        """(service, amount) of one day; whole weeks add up to seven times the average."""
        averages = {
            Service.DATA: self.octets,
            Service.VOICE: self.seconds,
            Service.SMS: self.messages,
        }
        for service, average in averages.items():
            week, weekday = divmod(day - 1, 7)
            before = sum(_WEEK[service][:weekday]) + 700 * week
            until = before + _WEEK[service][weekday]
            yield service, average * until // 100 - average * before // 100


PROFILES: Final = {
    profile.code: profile
    for profile in (
        Profile(code="light", name="Light user", octets=180 * MB, seconds=180, messages=3),
        Profile(code="typical", name="Typical user", octets=900 * MB, seconds=540, messages=12),
        Profile(code="heavy", name="Heavy user", octets=2_500 * MB, seconds=1_500, messages=35),
    )
}
DEFAULT_PROFILE: Final = "typical"
CUSTOM: Final = "custom"
