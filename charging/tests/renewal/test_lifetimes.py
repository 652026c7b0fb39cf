"""How long what a plan gives lives, as its allowances say; figures by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging.tests.renewal.selling import (
    buckets,
    data,
    make_account,
    make_version,
    renew,
    subscribe,
)
from plans.specs import LifetimeSpec

JAN_31 = datetime(2026, 1, 31, 11, tzinfo=UTC)
"""A Saturday, noon in Berlin."""
FEB_28 = datetime(2026, 2, 28, 11, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("lifetime", "first", "second"),
    [
        ({"span": "period"}, "2026-02-28T11:00", "2026-03-31T10:00"),
        ({"span": "hours", "count": 36}, "2026-02-01T23:00", "2026-03-01T23:00"),
        ({"span": "days", "count": 30}, "2026-03-02T11:00", "2026-03-30T10:00"),
        ({"span": "weeks", "count": 1}, "2026-02-07T11:00", "2026-03-07T11:00"),
        ({"span": "months", "count": 1}, "2026-02-28T11:00", "2026-03-28T11:00"),
        ({"span": "years", "count": 1}, "2027-01-31T11:00", "2027-02-28T11:00"),
        ({"span": "end_of_day"}, "2026-01-31T23:00", "2026-02-28T23:00"),
        ({"span": "end_of_week"}, "2026-02-01T23:00", "2026-03-01T23:00"),
        ({"span": "end_of_month"}, "2026-01-31T23:00", "2026-02-28T23:00"),
        ({"span": "end_of_month", "count": 2}, "2026-02-28T23:00", "2026-03-31T22:00"),
        ({"span": "end_of_year"}, "2026-12-31T23:00", "2026-12-31T23:00"),
        ({"span": "until", "until": utc("2026-06-01T00:00")}, *["2026-06-01T00:00"] * 2),
        ({"span": "unlimited"}, None, None),
    ],
)
def test_each_periods_bucket_lives_as_long_as_its_allowance_says(
    northwind, lifetime, first, second
):
    version = make_version("plan", data(lifetime=LifetimeSpec(**lifetime)), now=JAN_31)
    held = subscribe(make_account("100", now=JAN_31), version, JAN_31)

    renew(FEB_28)

    ends = [bucket.expires_at for bucket in buckets(held)]
    assert ends == [utc(first) if first else None, utc(second) if second else None]
