from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charging.engine.tariff import Mode, RatingGroup, Unit
from charging.engine.values import ChargingRequest, Kind, LineRequest, UsedUnits
from charging.nchf.decoding import decode_request
from charging.nchf.messages import Operation
from charging.nchf.translate import to_charging_request
from charging.tests.nchf.bodies import (
    encoded,
    free5gc_create,
    free5gc_update,
    totogi_create,
    with_usage,
)

NOW = datetime(2026, 3, 2, 9, 32, tzinfo=UTC)
STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RATING_GROUPS = {
    1: RatingGroup(number=1, name="data", service="data", unit=Unit.OCTETS, grant=1000),
    2: RatingGroup(
        number=2, name="zero", service="data", unit=Unit.OCTETS, mode=Mode.OFFLINE, grant=1
    ),
    100: RatingGroup(number=100, name="voice", service="voice", unit=Unit.SECONDS, grant=300),
    200: RatingGroup(number=200, name="sms", service="sms", unit=Unit.EVENTS, grant=1),
}


def translate(
    body: dict[str, Any],
    operation: Operation = Operation.UPDATE,
    *,
    started: datetime | None = STARTED,
    clock_offset: timedelta = timedelta(0),
    now: datetime = NOW,
) -> ChargingRequest:
    return to_charging_request(
        decode_request(encoded(body)),
        operation=operation,
        rating_groups=RATING_GROUPS,
        now=now,
        session_started_at=started,
        clock_offset=clock_offset,
    )


def line(body: dict[str, Any], operation: Operation = Operation.UPDATE) -> LineRequest:
    return translate(body, operation).lines[0]


def container(**attributes: Any) -> dict[str, Any]:
    return {"localSequenceNumber": 1, **attributes}


@pytest.mark.parametrize(
    ("asked", "requested"),
    [
        ({}, None),
        ({"totalVolume": 500}, 500),
        ({"uplinkVolume": 200, "downlinkVolume": 300}, 500),
        ({"totalVolume": 500, "uplinkVolume": 500, "downlinkVolume": 500}, 500),
        ({"totalVolume": 0}, 0),
        ({"time": 60}, None),
    ],
)
def test_quota_is_asked_in_the_unit_of_the_rating_group(asked: dict[str, int], requested: int):
    usage = line(with_usage({"ratingGroup": 1, "requestedUnit": asked}))

    assert usage.wants_quota
    assert usage.requested == requested


def test_without_a_requested_unit_usage_is_only_reported():
    body = with_usage({"ratingGroup": 1, "usedUnitContainer": [container(totalVolume=70)]})

    assert line(body) == LineRequest(
        rating_group=1,
        wants_quota=False,
        used=(UsedUnits(amount=70, at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),),
    )


def test_a_container_without_an_indicator_follows_its_rating_group():
    body = with_usage({"ratingGroup": 1, "usedUnitContainer": [container(totalVolume=70)]})

    assert not line(body).used[0].offline


def test_the_requested_quota_of_free5gcs_offline_rating_groups_is_not_granted():
    online, offline = translate(free5gc_update()).lines

    assert online.wants_quota
    assert online.requested == 1000
    assert online.upf_id == "0a1b2c3d-0000-4000-8000-000000000001"
    assert online.used == (
        UsedUnits(amount=900, at=datetime(2026, 3, 2, 9, 31, 0, 500_000, tzinfo=UTC)),
    )
    assert not offline.wants_quota
    assert [used.offline for used in offline.used] == [True]


def test_a_create_that_names_no_rating_group_has_no_lines():
    request = translate(free5gc_create(), Operation.CREATE, started=None)

    assert request.kind is Kind.START
    assert request.lines == ()


def test_totogis_empty_container_is_usage_of_nothing():
    request = translate(totogi_create(), Operation.CREATE, started=None)

    assert request.situation.destination == "34911222333"
    assert request.lines == (
        LineRequest(
            rating_group=100,
            wants_quota=True,
            requested=252,
            used=(UsedUnits(amount=0, at=NOW),),
        ),
    )


def test_an_unknown_rating_group_is_passed_on_with_whatever_amount_it_has():
    usage = line(
        with_usage(
            {
                "ratingGroup": 999,
                "requestedUnit": {"time": 60},
                "usedUnitContainer": [container(serviceSpecificUnits=3)],
            }
        )
    )

    assert (usage.rating_group, usage.requested, usage.used[0].amount) == (999, 60, 3)


def test_a_closing_trigger_reaches_the_engine():
    closed = container(time=5, triggers=[{"triggerType": "FINAL"}])

    body = with_usage({"ratingGroup": 100, "usedUnitContainer": [container(time=1), closed]})

    assert [used.closes_quota for used in line(body).used] == [False, True]


@pytest.mark.parametrize(
    ("reported", "rated"),
    [
        ("2026-03-02T09:30:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        ("2026-03-02T09:35:00Z", datetime(2026, 3, 2, 9, 35, tzinfo=UTC)),
        ("2026-03-02T09:37:01Z", datetime(2026, 3, 2, 9, 37, tzinfo=UTC)),
        ("9999-12-31T23:59:59-05:00", datetime(2026, 3, 2, 9, 37, tzinfo=UTC)),
        ("2026-03-02T08:59:59Z", STARTED),
        ("0001-01-01T00:00:00+05:00", STARTED),
    ],
)
def test_usage_is_rated_between_the_start_and_five_minutes_from_now(reported: str, rated: datetime):
    used = container(totalVolume=1, triggerTimestamp=reported)

    assert line(with_usage({"ratingGroup": 1, "usedUnitContainer": [used]})).used[0].at == rated


def test_an_account_whose_clock_was_moved_rates_in_its_own_time():
    used = container(totalVolume=1, triggerTimestamp="2026-03-02T09:30:00Z")
    month = timedelta(days=30)

    request = translate(
        with_usage({"ratingGroup": 1, "usedUnitContainer": [used]}),
        started=STARTED + month,
        clock_offset=month,
        now=NOW + month,
    )

    assert request.lines[0].used[0].at == datetime(2026, 4, 1, 9, 30, tzinfo=UTC)


def test_two_entries_of_one_rating_group_and_upf_are_one_line():
    body = with_usage(
        {"ratingGroup": 1, "requestedUnit": {"totalVolume": 10}},
        {
            "ratingGroup": 1,
            "requestedUnit": {"totalVolume": 5},
            "usedUnitContainer": [container(totalVolume=2)],
        },
        {"ratingGroup": 1, "uPFID": "other", "requestedUnit": {}},
    )

    first, second = translate(body).lines

    assert (first.upf_id, first.requested, len(first.used)) == ("", 15, 1)
    assert (second.upf_id, second.requested) == ("other", None)


def event(kind: str | None, *usages: dict[str, Any]) -> dict[str, Any]:
    body = with_usage(*usages, oneTimeEvent=True)
    return {**body, "oneTimeEventType": kind} if kind else body


ASKED = {"ratingGroup": 200, "requestedUnit": {"serviceSpecificUnits": 1}}
REPORTED = {"ratingGroup": 200, "usedUnitContainer": [container(serviceSpecificUnits=1)]}


@pytest.mark.parametrize(
    ("kind", "usage", "expected"),
    [
        ("IEC", ASKED, Kind.IMMEDIATE_EVENT),
        ("PEC", REPORTED, Kind.POST_EVENT),
        (None, ASKED, Kind.IMMEDIATE_EVENT),
        (None, REPORTED, Kind.POST_EVENT),
    ],
)
def test_a_one_time_event_is_immediate_or_past(
    kind: str | None, usage: dict[str, Any], expected: Kind
):
    assert translate(event(kind, usage), Operation.CREATE, started=None).kind is expected


@pytest.mark.parametrize("usage", [ASKED, REPORTED, {**ASKED, **REPORTED}])
def test_an_immediate_event_is_debited_once_however_it_is_put(usage: dict[str, Any]):
    assert line(event("IEC", usage), Operation.CREATE) == LineRequest(
        rating_group=200, wants_quota=True, requested=1
    )


def test_a_post_event_may_lie_in_the_past_and_asks_for_nothing():
    used = container(serviceSpecificUnits=1, triggerTimestamp="2026-02-01T00:00:00Z")
    usage = {"ratingGroup": 200, "requestedUnit": {}, "usedUnitContainer": [used]}

    request = translate(event("PEC", usage), Operation.CREATE, started=None)

    assert not request.lines[0].wants_quota
    assert request.lines[0].used[0].at == datetime(2026, 2, 1, tzinfo=UTC)


def test_an_update_is_an_update_whatever_it_calls_itself():
    assert translate(event("IEC", ASKED), Operation.UPDATE).kind is Kind.UPDATE
    assert translate(event("IEC", ASKED), Operation.RELEASE).kind is Kind.RELEASE
