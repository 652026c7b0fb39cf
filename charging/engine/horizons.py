"""Up to when one set of buckets and one price hold: where usage that lasts is split."""

from __future__ import annotations

from datetime import datetime

from charging.engine import rates
from charging.engine.candidates import Candidates
from charging.engine.conditions import Situation
from charging.engine.tariff import RatingGroup
from charging.engine.values import Account


def next_change(
    account: Account,
    rating_group: RatingGroup,
    situation: Situation,
    candidates: Candidates,
    *,
    at: datetime,
    until: datetime,
) -> datetime | None:
    """The first instant in (at, until) at which another price applies, or a bucket that may pay
    begins or ends to be usable; None when nothing changes."""
    price = price_change(account, rating_group, situation, at=at, until=until)
    nearest = price if price is not None else until
    bands = []
    for candidate in (*candidates.units, *candidates.money):
        bucket = candidate.working.bucket
        if at < bucket.valid_from < nearest:
            nearest = bucket.valid_from
        if bucket.expires_at is not None and at < bucket.expires_at < nearest:
            nearest = bucket.expires_at
        if bucket.terms.when.band is not None:
            bands.append(bucket.terms.when.band)
    if bands:
        border = account.almanac.next_border(bands, at)
        if border is not None and border < nearest:
            nearest = border
    return nearest if nearest < until else None


def price_change(
    account: Account,
    rating_group: RatingGroup,
    situation: Situation,
    *,
    at: datetime,
    until: datetime,
) -> datetime | None:
    """The first instant in (at, until) from which another rate applies than at `at`."""
    return rates.price_changes_at(
        account.tariffs,
        rating_group,
        at=at,
        until=until,
        situation=situation,
        almanac=account.almanac,
    )


def whole_seconds(at: datetime, border: datetime) -> int:
    """Seconds that begin before the border."""
    return max(1, -int((at - border).total_seconds() // 1))
