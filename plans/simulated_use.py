"""How a day's use of a service becomes the sessions that a network would report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from plans.models import RatingGroup, Service, Unit
from plans.specs import AllowanceSpec, RateSpec, VersionSpec

CALL_SECONDS: Final = 190
CALLS_A_DAY_MAX: Final = 12
DATA_SESSIONS_A_DAY: Final = 3


def numbers_for(
    service: str, spec: VersionSpec, groups: Mapping[int, RatingGroup]
) -> Iterator[int]:
    """The rating groups that the service's usage is reported under: the first of it, and those
    that an allowance or a rate names, so that they are seen at work."""
    unit = {Service.VOICE: Unit.SECONDS, Service.SMS: Unit.EVENTS}.get(
        Service(service), Unit.OCTETS
    )
    usable = [
        number
        for number, group in sorted(groups.items())
        if group.service == service and group.unit == unit and group.mode == RatingGroup.Mode.ONLINE
    ]
    parts: list[AllowanceSpec | RateSpec] = [*spec.allowances, *spec.rates]
    named = {number for part in parts for number in part.rating_groups}
    yield from usable[:1]
    yield from (number for number in usable[1:] if number in named)


def sessions_of(service: str, amount: int, numbers: list[int]) -> Iterator[tuple[int, int]]:
    """A day's amount as (rating group, units) of single sessions: calls of three minutes, one
    report of messages, a few of data; further rating groups share the last of them."""
    if service == Service.VOICE:
        parts = min(CALLS_A_DAY_MAX, -(-amount // CALL_SECONDS))
    elif service == Service.DATA:
        parts = DATA_SESSIONS_A_DAY
    else:
        parts = 1
    shares = _split(amount, parts)
    for place, share in enumerate(shares):
        if place < len(shares) - 1 or len(numbers) == 1:
            yield numbers[0], share
        else:
            others = numbers[1:] if len(shares) > 1 else numbers
            yield from zip(others, _split(share, len(others)), strict=True)


def _split(amount: int, parts: int) -> list[int]:
    """Whole shares that add up to the amount, the larger ones first."""
    share, rest = divmod(amount, parts)
    return [share + (place < rest) for place in range(parts)]
