"""Events in the words of the operator's staff."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.event_types import EVENT_TYPES
from notifications.models import NotificationEvent
from notifications.tests.conftest import crossing
from notifications.told import TITLES, told
from portal.tenancy.models import Tenant


@pytest.fixture
def operator() -> Tenant:
    return Tenant(slug="northwind", name="Northwind", currency="EUR", gigabyte_base=1024)


def event(event_type: str, **payload: Any) -> NotificationEvent:
    return NotificationEvent(type=event_type, payload=payload)


def test_every_type_of_event_has_a_title():
    assert set(TITLES) == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", sorted(set(EVENT_TYPES) - {"bucket.threshold_crossed"}))
def test_an_event_without_particulars_still_says_what_happened(operator, event_type):
    assert told(event(event_type), operator).text


@pytest.mark.parametrize(
    ("event_type", "payload", "text"),
    [
        (
            "account.state_changed",
            {"after": "suspended", "reason": "Lost phone"},
            "The account was suspended: Lost phone.",
        ),
        (
            "account.state_changed",
            {"after": "active", "reason": ""},
            "The account was reactivated.",
        ),
        (
            "account.adjusted",
            {
                "bucket": "Main balance",
                "unit": "NANO_MONEY",
                "amount": "-1.50",
                "currency": "EUR",
                "reason": "Goodwill",
            },
            "Main balance: −€1.50 by hand: Goodwill.",
        ),
        (
            "account.adjusted",
            {"bucket": "National data", "unit": "OCTETS", "amount": 2**30, "reason": "Goodwill."},
            "National data: +1 GB by hand: Goodwill.",
        ),
        ("plan_version.published", {"name": "Flex 20", "version": 4}, "Flex 20 v4 was published."),
        (
            "plan_subscription.ended",
            {"plan_name": "Flex 20", "version": 3},
            "Flex 20 v3 ended for this account.",
        ),
        ("subscriber.created", {"name": "Ana Ruiz"}, "The account of Ana Ruiz was created."),
    ],
)
def test_what_subscribers_are_not_told_is_said_to_the_staff(operator, event_type, payload, text):
    assert told(event(event_type, **payload), operator).text == text


def test_what_subscribers_are_told_is_said_in_the_same_words(operator):
    shown = told(event("plan_subscription.started", plan_name="Flex 20"), operator)

    assert (shown.title, shown.tone) == ("Plan started", "good")
    assert shown.text == "Welcome to Flex 20! Everything is ready to use."


def test_a_balance_above_its_mark_again_is_good_news(operator):
    low = told(event("bucket.threshold_crossed", **crossing()), operator)
    above = told(event("bucket.threshold_crossed", **crossing(state="normal")), operator)

    assert (low.title, low.tone) == ("Low balance", "warn")
    assert (above.title, above.tone) == ("Normal again", "good")
