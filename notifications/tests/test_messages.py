"""What the subscriber reads."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.messages import text_for
from notifications.models import NotificationEvent
from notifications.tests.conftest import crossing
from portal.tenancy.models import Tenant

NORTHWIND = Tenant(slug="northwind", currency="EUR", gigabyte_base=1024)


def text(event_type: str, payload: dict[str, Any]) -> str | None:
    return text_for(NotificationEvent(type=event_type, payload=payload), tenant=NORTHWIND)


def test_a_low_balance_names_what_is_left_and_the_mark():
    assert text("bucket.threshold_crossed", crossing()) == (
        "National data: 3 GB left. You have passed the 20 % mark."
    )


def test_a_mark_that_is_an_amount_is_named_as_one():
    payload = crossing(percent=None, limit=2**30, after=2**29)

    assert text("bucket.threshold_crossed", payload) == (
        "National data: 512 MB left. You have passed the 1 GB mark."
    )


def test_percentages_lose_their_trailing_zeros():
    assert text("bucket.threshold_crossed", crossing(percent="12.50")).endswith("the 12.5 % mark.")


def test_nothing_less_than_nothing_is_left():
    assert text("bucket.threshold_crossed", crossing(after=-5)).startswith(
        "National data: 0 B left"
    )


def test_a_balance_that_recovered_says_so():
    payload = crossing(state="normal", direction="above", after=10 * 2**30)

    assert (
        text("bucket.threshold_crossed", payload)
        == "National data: back to normal, you have 10 GB."
    )


def test_money_is_written_as_money():
    payload = crossing(
        bucket="Main balance",
        service="money",
        unit="NANO_MONEY",
        currency="EUR",
        percent=None,
        limit=2_000_000_000,
        after=1_500_000_000,
    )

    assert text("bucket.threshold_crossed", payload) == (
        "Main balance: €1.50 left. You have passed the €2.00 mark."
    )


@pytest.mark.parametrize("event_type", ["subscriber.created", "webhook.test", "usage.unrated"])
def test_what_does_not_concern_subscribers_is_not_sent_to_them(event_type):
    assert text(event_type, {}) is None
