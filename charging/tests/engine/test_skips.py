"""Each reason to pass a bucket over, in the explanation's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from charging.engine.calendar import Band, Window
from charging.engine.conditions import Conditions, Destinations, Situation
from charging.engine.tariff import Terms
from charging.engine.wording import Names, sentences
from charging.tests.engine.builders import NOW, Phone, line, minutes, money

NIGHT = Band(key="night", windows=(Window(start=0, end=6 * 3600),))


@pytest.mark.parametrize(
    ("bucket", "why"),
    [
        ({"available": 0}, "nothing is left in it"),
        ({"is_disabled": True}, "it is blocked"),
        ({"expires_at": NOW}, "it expired on 2026-11-22 12:00 UTC"),
        (
            {"valid_from": NOW + timedelta(hours=1)},
            "it is valid only from 2026-11-22 13:00 UTC",
        ),
        ({"rating_groups": frozenset({101})}, "it is kept for other rating groups"),
    ],
)
def test_each_reason_to_pass_a_bucket_over_is_told(bucket: dict[str, Any], why: str):
    assert told(Phone(minutes(1, 60, name="Calls", **bucket), money(2, 0))) == [
        f"“Calls” skipped: {why}."
    ]


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (
            {"destinations": Destinations(included=frozenset({"es"}))},
            "it does not pay for this destination",
        ),
        ({"zones": frozenset({"eu"})}, "it does not pay in this zone"),
        ({"networks": frozenset({"26201"})}, "it does not pay in this network"),
        ({"rats": frozenset({"NR"})}, "it does not pay for this radio access"),
        ({"dnns": frozenset({"ims"})}, "it does not pay for this data network"),
        ({"slices": frozenset({"1"})}, "it does not pay in this slice"),
        ({"number_classes": frozenset({"premium"})}, "it does not pay for this kind of number"),
        ({"categories": frozenset({"video"})}, "it does not pay for this kind of use"),
        ({"on_net": True}, "it tells the own network's numbers from others"),
        (
            {"characteristics_mask": 1, "characteristics_value": 1},
            "the subscriber's charging characteristics are others",
        ),
        ({"band": NIGHT}, "it is outside its hours"),
    ],
)
def test_each_condition_that_does_not_hold_is_told(when: dict[str, Any], why: str):
    terms = Terms(when=Conditions(**when))

    assert told(Phone(minutes(1, 60, name="Calls", terms=terms), money(2, 0))) == [
        f"“Calls” skipped: {why}."
    ]


def told(phone: Phone) -> list[str]:
    fitting = Situation(prefixes=((2, frozenset({"fr"})),), on_net=False)
    outcome = phone.start(line(asks=10), situation=fitting)
    told = sentences(outcome.trace, Names.of(phone.account))
    return [each.text for each in told if each.kind == "skip" and "Calls" in each.text]
