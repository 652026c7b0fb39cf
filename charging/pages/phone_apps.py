"""What is on the emulated phone: apps that use data, messages by the dozen, and a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from plans.models import RatingGroup, Service

ZERO_RATED_GROUP: Final = 380
"""The default rating group of traffic that costs nothing; shown when the tenant has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One tap: how much of which service, and in which rating group."""

    code: str
    label: str
    service: str
    volume: int | None
    """Octets, seconds or messages; None: a call until hung up."""
    size: str = ""
    icon: str
    colour: str
    rating_group: int | None = None


def apps(*, gigabyte_base: int) -> list[App]:
    """The apps of the open scope's tenant; a GB is what the tenant says it is."""
    megabyte, gigabyte = gigabyte_base**2, gigabyte_base**3
    found = [
        _data("episode", "Episode", 2 * gigabyte, "2 GB", "player-play", "red"),
        _data("podcast", "Podcast", 100 * megabyte, "100 MB", "wifi", "violet"),
        _data("social", "Social", 50 * megabyte, "50 MB", "users", "pink"),
        _data("messaging", "Messaging", 50 * megabyte, "50 MB", "message", "green"),
    ]
    if RatingGroup.objects.filter(number=ZERO_RATED_GROUP, service=Service.DATA).exists():
        found.append(
            _data(
                "music",
                "Music",
                100 * megabyte,
                "zero-rated",
                "bolt",
                "teal",
                rating_group=ZERO_RATED_GROUP,
            )
        )
    call = App(
        code="call",
        label="Call",
        service=Service.VOICE,
        volume=None,
        size="until hung up",
        icon="phone",
        colour="blue",
    )
    return [*found, call]


def sms_counts() -> list[App]:
    """Sending one message, or many at once."""
    return [
        App(
            code=f"sms-{count}",
            label=f"{count} SMS",
            service=Service.SMS,
            volume=count,
            icon="message",
            colour="green",
        )
        for count in (1, 5, 25, 100, 250)
    ]


def find_app(code: str, *, gigabyte_base: int) -> App | None:
    """The app that was tapped."""
    known = [*apps(gigabyte_base=gigabyte_base), *sms_counts()]
    return next((app for app in known if app.code == code), None)


def _data(
    code: str,
    label: str,
    octets: int,
    size: str,
    icon: str,
    colour: str,
    *,
    rating_group: int | None = None,
) -> App:
    return App(
        code=code,
        label=label,
        service=Service.DATA,
        volume=octets,
        size=size,
        icon=icon,
        colour=colour,
        rating_group=rating_group,
    )
