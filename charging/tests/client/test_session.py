"""The state machine alone: time and answers are handed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from charging.client.exchange import Exchange
from charging.client.session import ChargingSessionClient
from charging.client.state import Phase
from charging.client.usage import (
    PlannedUse,
    Scenario,
    ServedDevice,
    UsagePlan,
    data_usage,
    text_messages,
    voice_call,
)
from charging.engine.tariff import Unit
from charging.nchf.messages import Operation
from charging.tests.client.answers import FINAL, LOCATION, answer, entry, events, octets, seconds

PHONE = ServedDevice(subscriber_identifier="imsi-001010000000001", gpsi="msisdn-34600000001")
MEGABYTE = 2**20


def call(duration: int | None = None, *, real_time: bool = True) -> ChargingSessionClient:
    plan = voice_call(PHONE, duration, rating_group=100, called_number="+34911222333")
    return ChargingSessionClient.start(plan, real_time=real_time)


def data(volume: int, **options: Any) -> ChargingSessionClient:
    return ChargingSessionClient.start(data_usage(PHONE, volume, rating_group=300, **options))


def two_groups(first: int, second: int) -> ChargingSessionClient:
    uses = [
        PlannedUse(rating_group=number, unit=Unit.OCTETS, amount=amount)
        for number, amount in ((1, first), (2, second))
    ]
    plan = data_usage(PHONE, 1, rating_group=1)
    return ChargingSessionClient.start(
        UsagePlan(
            service=plan.service,
            subscriber_identifier=plan.subscriber_identifier,
            uses=uses,
            node_functionality="SMF",
            service_specification=plan.service_specification,
        )
    )


def outcome(
    session: ChargingSessionClient,
    now: datetime,
    *entries: dict[str, Any],
    status: int | None = None,
    cause: str = "",
    location: str = LOCATION,
) -> Exchange:
    pending = session.state.pending
    assert pending is not None
    content: dict[str, Any] | None = {"cause": cause} if cause else answer(*entries)
    if status is None:
        status = {"create": 201, "update": 200, "release": 204}[pending.operation]
    return Exchange(
        operation=pending.operation,
        url="",
        sequence_number=0,
        request=pending.body,
        status=status or None,
        answer=content,
        location=location,
        sent_at=now,
    )


def exchange(
    session: ChargingSessionClient, now: datetime, *entries: dict[str, Any], **options: Any
) -> dict[str, Any]:
    """Prepare, pretend to send, take in; returns the request."""
    assert session.prepare(now), "nothing is due"
    made = outcome(session, now, *entries, **options)
    session.apply(made, now=now)
    return made.request


def reported(request: dict[str, Any], index: int = 0) -> tuple[str, int]:
    """(trigger, amount) of the only container."""
    (container,) = request["multipleUnitUsage"][index]["usedUnitContainer"]
    (trigger,) = container["triggers"]
    amounts = (container.get(name) for name in ("totalVolume", "time", "serviceSpecificUnits"))
    return trigger["triggerType"], next(amount for amount in amounts if amount is not None)


def operation(session: ChargingSessionClient) -> Operation | None:
    return session.state.pending.operation if session.state.pending else None


# ── slices, thresholds, exhaustion ───────────────────────────────────────────────────────────


def test_the_classic_flow_of_a_call(now):
    session = call(700, real_time=False)

    opened = exchange(session, now, seconds(100, 600))
    session.use_up_to_report()
    update = exchange(session, now, seconds(100, 300))
    session.use_up_to_report()
    release = exchange(session, now)

    assert opened["multipleUnitUsage"] == [{"ratingGroup": 100, "requestedUnit": {"time": 300}}]
    assert reported(update) == ("QUOTA_EXHAUSTED", 600)
    assert update["multipleUnitUsage"][0]["requestedUnit"] == {"time": 100}
    assert reported(release) == ("FINAL", 100)
    assert "requestedUnit" not in release["multipleUnitUsage"][0]
    assert session.state.phase is Phase.CLOSED
    assert session.state.lines[0].reported == 700
    numbers = [request["invocationSequenceNumber"] for request in (opened, update, release)]
    assert numbers == [0, 1, 2]


def test_quota_is_asked_again_at_the_threshold(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100, volumeQuotaThreshold=20))

    session.use_up_to_report()
    update = exchange(session, now, octets(300, 100, volumeQuotaThreshold=20))

    assert reported(update) == ("QUOTA_THRESHOLD", 80)
    assert update["multipleUnitUsage"][0]["requestedUnit"] == {"totalVolume": 100}


@pytest.mark.parametrize("threshold", [0, 100, 150])
def test_a_threshold_that_makes_no_sense_is_ignored(now, threshold: int):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100, volumeQuotaThreshold=threshold))

    session.use_up_to_report()

    assert reported(exchange(session, now, octets(300, 100))) == ("QUOTA_EXHAUSTED", 100)


def test_a_grant_that_covers_the_rest_is_used_to_the_end(now):
    session = data(90, slice_octets=100)
    exchange(session, now, octets(300, 100, volumeQuotaThreshold=20))

    session.use_up_to_report()

    assert reported(exchange(session, now)) == ("FINAL", 90)
    assert session.state.phase is Phase.CLOSED


def test_without_a_slice_the_charging_function_decides(now):
    session = data(500, slice_octets=None)

    opened = exchange(session, now, octets(300, 100))

    assert opened["multipleUnitUsage"][0]["requestedUnit"] == {}


def test_less_than_asked_is_normal(now):
    session = data(100, slice_octets=100)
    exchange(session, now, octets(300, 40))

    session.use_up_to_report()
    update = exchange(session, now, octets(300, 60))
    session.use_up_to_report()

    assert reported(update) == ("QUOTA_EXHAUSTED", 40)
    assert update["multipleUnitUsage"][0]["requestedUnit"] == {"totalVolume": 60}
    assert reported(exchange(session, now)) == ("FINAL", 60)


def test_a_volume_is_reported_in_total_and_by_direction(now):
    session = data(100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    (container,) = exchange(session, now)["multipleUnitUsage"][0]["usedUnitContainer"]

    assert container["totalVolume"] == 100
    assert container["uplinkVolume"] + container["downlinkVolume"] == 100
    assert container["quotaManagementIndicator"] == "ONLINE_CHARGING"
    assert container["localSequenceNumber"] == 1


# ── refusals and last units ──────────────────────────────────────────────────────────────────


def test_the_last_units_are_used_up_and_then_it_ends(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 45, volumeQuotaThreshold=9, **FINAL))

    session.use_up_to_report()

    assert reported(exchange(session, now)) == ("FINAL", 45)
    assert session.state.phase is Phase.CLOSED
    assert session.state.lines[0].stop_reason == "final units used"


def test_a_final_unit_indication_without_an_action_is_none(now):
    session = data(500, slice_octets=100)
    indication = {"finalUnitIndication": {"finalUnitAction": ""}}
    exchange(session, now, octets(300, 100, **indication))

    session.use_up_to_report()

    assert reported(exchange(session, now, octets(300, 100)))[0] == "QUOTA_EXHAUSTED"


def test_a_refused_rating_group_stops_and_the_session_is_released(now):
    session = data(500)

    exchange(session, now, entry(300, resultCode="QUOTA_LIMIT_REACHED"))
    release = exchange(session, now)

    assert "multipleUnitUsage" not in release
    assert session.state.phase is Phase.CLOSED
    assert session.state.lines[0].stop_reason == "QUOTA_LIMIT_REACHED"


def test_a_refused_rating_group_does_not_stop_the_others(now):
    session = two_groups(100, 100)
    exchange(session, now, entry(1, resultCode="RATING_FAILED"), octets(2, 50))

    session.use_up_to_report()
    update = exchange(session, now, octets(2, 50))

    assert [usage["ratingGroup"] for usage in update["multipleUnitUsage"]] == [2]
    session.use_up_to_report()
    exchange(session, now)
    assert [line.reported for line in session.state.lines] == [0, 100]


def test_a_rating_group_that_ends_first_hands_its_quota_back(now):
    session = two_groups(30, 100)
    exchange(session, now, octets(1, 50), octets(2, 50))

    session.use_up_to_report()
    update = exchange(session, now, octets(2, 50))

    by_group = {usage["ratingGroup"]: usage for usage in update["multipleUnitUsage"]}
    assert "requestedUnit" not in by_group[1]
    assert by_group[1]["usedUnitContainer"][0]["triggers"][0]["triggerType"] == "FINAL"
    assert by_group[2]["requestedUnit"] == {}


def test_free5gc_grants_at_the_first_update(now):
    session = data(100)
    exchange(session, now)

    update = exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    assert reported(update) == ("START_OF_SERVICE_DATA_FLOW", 0)
    assert reported(exchange(session, now)) == ("FINAL", 100)


def test_silence_at_create_and_at_the_first_update_is_a_refusal(now):
    session = data(100)
    exchange(session, now)

    exchange(session, now)

    assert session.state.lines[0].stop_reason == "no quota in the answer"
    exchange(session, now)
    assert session.state.phase is Phase.CLOSED


def test_a_grant_without_a_result_code_or_upf_is_taken(now):
    session = data(100, upf_id="upf-1")

    exchange(session, now, {"ratingGroup": 300, "grantedUnit": {"totalVolume": 100}})

    assert session.state.lines[0].granted == 100


def test_an_odd_validity_time_does_not_spoil_the_grant(now):
    session = data(100)

    exchange(session, now, octets(300, 100, validityTime="2026-03-02T10:00:00Z"))

    assert session.state.lines[0].granted == 100
    assert session.state.lines[0].valid_until is None


def test_without_quota_management_everything_is_used_and_reported_offline(now):
    session = data(10 * MEGABYTE)
    exchange(session, now, entry(300, resultCode="QUOTA_MANAGEMENT_NOT_APPLICABLE"))

    session.use_up_to_report()
    release = exchange(session, now)

    (container,) = release["multipleUnitUsage"][0]["usedUnitContainer"]
    assert container["totalVolume"] == 10 * MEGABYTE
    assert container["quotaManagementIndicator"] == "OFFLINE_CHARGING"


# ── errors ───────────────────────────────────────────────────────────────────────────────────


def test_a_refused_create_leaves_nothing_to_release(now):
    session = data(100)

    exchange(session, now, status=403, cause="QUOTA_LIMIT_REACHED")

    assert session.state.phase is Phase.FAILED
    assert session.state.cause == "QUOTA_LIMIT_REACHED"
    assert not session.prepare(now)


def test_a_create_without_a_location_cannot_go_on(now):
    session = data(100)

    exchange(session, now, octets(300, 100), location="")

    assert (session.state.phase, session.state.cause) == (Phase.FAILED, "NO_LOCATION")


def test_an_unknown_session_is_not_released(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    exchange(session, now, status=404, cause="CONTEXT_NOT_FOUND")

    assert session.state.phase is Phase.FAILED
    assert not session.prepare(now)


def test_usage_of_a_malformed_update_is_reported_by_the_release(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    exchange(session, now, status=400, cause="CHARGING_FAILED")

    assert reported(exchange(session, now)) == ("FINAL", 100)
    assert session.state.cause == "CHARGING_FAILED"


def test_usage_of_an_update_refused_for_credit_was_taken(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    exchange(session, now, status=403, cause="QUOTA_LIMIT_REACHED")

    assert reported(exchange(session, now)) == ("FINAL", 0)
    assert session.state.lines[0].reported == 100


def test_a_request_without_an_outcome_stays_the_same_request(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()

    first = exchange(session, now, status=503, cause="NF_CONGESTION")
    later = now + timedelta(minutes=1)
    second = exchange(session, later, octets(300, 100))

    assert second == first
    assert session.state.lines[0].reported == 100


def test_usage_that_may_have_been_charged_is_not_reported_twice(now):
    session = data(500, slice_octets=100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()
    assert session.prepare(now)

    session.give_up(outcome(session, now, status=503, cause="NF_CONGESTION"))

    assert reported(exchange(session, now)) == ("FINAL", 0)
    assert (session.state.phase, session.state.cause) == (Phase.CLOSED, "NF_CONGESTION")


def test_a_create_without_an_outcome_is_a_failure(now):
    session = data(500)
    assert session.prepare(now)

    session.give_up(outcome(session, now, status=0))

    assert (session.state.phase, session.state.cause) == (Phase.FAILED, "NO_ANSWER")


def test_a_repeated_release_that_finds_nothing_has_succeeded(now):
    session = data(100)
    exchange(session, now, octets(300, 100))
    session.use_up_to_report()
    assert session.prepare(now)
    assert session.state.pending is not None
    session.state.pending.body["retransmissionIndicator"] = True

    exchange(session, now, status=404, cause="CONTEXT_NOT_FOUND")

    assert (session.state.phase, session.state.cause) == (Phase.CLOSED, "")


# ── events ───────────────────────────────────────────────────────────────────────────────────


def messages(count: int, scenario: Scenario = Scenario.SESSION) -> ChargingSessionClient:
    plan = text_messages(
        PHONE, count, rating_group=200, recipient="+34911222333", scenario=scenario
    )
    return ChargingSessionClient.start(plan)


def test_messages_are_reserved_and_reported_when_sent(now):
    session = messages(25)

    opened = exchange(session, now, events(200, 25))
    session.use_up_to_report()
    release = exchange(session, now)

    assert opened["multipleUnitUsage"][0]["requestedUnit"] == {"serviceSpecificUnits": 25}
    assert "oneTimeEvent" not in opened
    assert reported(release) == ("FINAL", 25)


def test_an_immediate_event_is_one_request(now):
    session = messages(25, Scenario.IMMEDIATE_EVENT)

    opened = exchange(session, now, events(200, 25), location="")

    assert (opened["oneTimeEvent"], opened["oneTimeEventType"]) == (True, "IEC")
    assert session.state.phase is Phase.CLOSED
    assert session.state.lines[0].reported == 25


@pytest.mark.parametrize(
    ("entries", "sent", "reason"),
    [
        ([events(200, 10)], 10, "partly granted"),
        ([entry(200)], 25, ""),
        ([], 25, ""),
        ([entry(200, resultCode="QUOTA_MANAGEMENT_NOT_APPLICABLE")], 25, ""),
        ([entry(200, resultCode="QUOTA_LIMIT_REACHED")], 0, "QUOTA_LIMIT_REACHED"),
    ],
)
def test_an_immediate_event_is_delivered_as_far_as_it_was_granted(
    now, entries: list[dict[str, Any]], sent: int, reason: str
):
    session = messages(25, Scenario.IMMEDIATE_EVENT)

    exchange(session, now, *entries)

    line = session.state.lines[0]
    assert (line.reported, line.stop_reason) == (sent, reason)


def test_a_past_event_only_reports(now):
    session = messages(25, Scenario.POST_EVENT)

    opened = exchange(session, now)

    assert opened["oneTimeEventType"] == "PEC"
    assert "requestedUnit" not in opened["multipleUnitUsage"][0]
    assert reported(opened) == ("FINAL", 25)
    assert session.state.phase is Phase.CLOSED
    assert session.state.lines[0].reported == 25


# ── real time ────────────────────────────────────────────────────────────────────────────────


def after(now: datetime, count: float) -> datetime:
    return now + timedelta(seconds=count)


def test_a_call_in_real_time_asks_when_its_threshold_passes(now):
    session = call()
    exchange(session, now, seconds(100, 300, timeQuotaThreshold=60))

    assert session.next_action_at(now) == after(now, 240)
    assert not session.prepare(after(now, 239))
    update = exchange(session, after(now, 240), seconds(100, 300, timeQuotaThreshold=60))

    assert reported(update) == ("QUOTA_THRESHOLD", 240)
    assert session.next_action_at(after(now, 241)) == after(now, 480)


def test_seconds_that_pass_while_quota_is_asked_count_against_the_new_grant(now):
    session = call()
    exchange(session, now, seconds(100, 300, timeQuotaThreshold=60))
    assert session.prepare(after(now, 240))

    made = outcome(session, now, seconds(100, 300, timeQuotaThreshold=60))
    session.apply(made, now=after(now, 245))

    assert session.state.lines[0].used == 5
    assert session.next_action_at(after(now, 245)) == after(now, 480)


def test_a_call_without_quota_waits_and_uses_nothing(now):
    session = call()
    exchange(session, now, seconds(100, 60))

    update = exchange(session, after(now, 100), seconds(100, 60))

    assert reported(update) == ("QUOTA_EXHAUSTED", 60)
    assert session.state.lines[0].used == 0
    assert session.next_action_at(after(now, 100)) == after(now, 160)


def test_hanging_up_reports_the_seconds_so_far(now):
    session = call()
    exchange(session, now, seconds(100, 300))

    session.end()
    release = exchange(session, after(now, 42.9))

    assert reported(release) == ("FINAL", 42)
    assert session.state.phase is Phase.CLOSED
    assert session.next_action_at(after(now, 43)) is None


def test_a_call_is_cut_off_when_the_last_units_are_used(now):
    session = call()
    exchange(session, now, seconds(100, 45, **FINAL))

    assert session.next_action_at(now) == after(now, 45)
    release = exchange(session, after(now, 46))

    assert operation(session) is None
    assert reported(release) == ("FINAL", 45)


def test_a_grant_that_runs_out_of_time_is_reported(now):
    session = call()
    exchange(session, now, seconds(100, 3600, validityTime=120))

    assert session.next_action_at(now) == after(now, 120)
    update = exchange(session, after(now, 120), seconds(100, 3600, validityTime=120))

    assert reported(update) == ("VALIDITY_TIME", 120)
    assert session.next_action_at(after(now, 120)) == after(now, 240)


def test_a_call_of_known_length_ends_by_itself(now):
    session = call(90)
    exchange(session, now, seconds(100, 90, timeQuotaThreshold=18))

    assert session.next_action_at(now) == after(now, 90)
    assert reported(exchange(session, after(now, 95))) == ("FINAL", 90)


def test_a_call_that_needs_no_quota_lasts_until_hung_up(now):
    session = call()
    exchange(session, now, entry(100, resultCode="QUOTA_MANAGEMENT_NOT_APPLICABLE"))
    assert not session.prepare(after(now, 1000))

    session.end()

    assert reported(exchange(session, after(now, 1001))) == ("FINAL", 1001)


def test_a_session_survives_its_process(now):
    session = call()
    exchange(session, now, seconds(100, 300, timeQuotaThreshold=60))
    assert session.prepare(after(now, 240))
    saved = session.state.save()

    restored = ChargingSessionClient.restore(saved)

    assert restored.state == session.state
    assert restored.prepare(after(now, 999))
    assert restored.state.pending == session.state.pending
