from __future__ import annotations

import json
from typing import Any

import pytest

from charging.engine.tariff import Unit
from charging.engine.values import LineAnswer, Result
from charging.nchf.answers import encode_answer
from charging.nchf.decoding import decode_request
from charging.tests.nchf.bodies import encoded, smallest

UPF = "c0ffee00-1111-4222-8333-444455556666"


def answer(now, *lines: LineAnswer, **attributes: Any) -> dict[str, Any]:
    request = decode_request(encoded({**smallest(), "invocationSequenceNumber": 7, **attributes}))
    return json.loads(encode_answer(request, lines, now=now))


def entry(now, **attributes: Any) -> dict[str, Any]:
    decided = LineAnswer(**{"rating_group": 100, "result": Result.SUCCESS, **attributes})
    return answer(now, decided)["multipleUnitInformation"][0]


def armed(content: dict[str, Any]) -> list[str]:
    return [trigger["triggerType"] for trigger in content.get("triggers", [])]


def test_an_answer_carries_our_time_and_the_requests_number(now):
    assert answer(now) == {
        "invocationTimeStamp": "2026-03-02T09:30:00.000Z",
        "invocationSequenceNumber": 7,
    }


def test_features_are_answered_only_to_who_offers_some(now):
    assert answer(now, supportedFeatures="C087")["supportedFeatures"] == "0"


def test_a_grant_comes_with_all_that_free5gc_needs_to_apply_it(now):
    assert entry(
        now,
        upf_id=UPF,
        unit=Unit.OCTETS,
        granted=104_857_600,
        validity_time=3600,
        threshold=20_971_520,
    ) == {
        "ratingGroup": 100,
        "uPFID": UPF,
        "resultCode": "SUCCESS",
        "grantedUnit": {"totalVolume": 104_857_600},
        "triggers": [
            {"triggerType": "QUOTA_THRESHOLD", "triggerCategory": "IMMEDIATE_REPORT"},
            {"triggerType": "QUOTA_EXHAUSTED", "triggerCategory": "IMMEDIATE_REPORT"},
            {"triggerType": "VALIDITY_TIME", "triggerCategory": "IMMEDIATE_REPORT"},
        ],
        "validityTime": 3600,
        "volumeQuotaThreshold": 20_971_520,
    }


@pytest.mark.parametrize(
    ("unit", "granted_in", "threshold_in"),
    [
        (Unit.OCTETS, "totalVolume", "volumeQuotaThreshold"),
        (Unit.SECONDS, "time", "timeQuotaThreshold"),
        (Unit.EVENTS, "serviceSpecificUnits", "unitQuotaThreshold"),
    ],
)
def test_each_unit_has_its_own_attributes(now, unit: Unit, granted_in: str, threshold_in: str):
    content = entry(now, unit=unit, granted=50, threshold=10)

    assert content["grantedUnit"] == {granted_in: 50}
    assert content[threshold_in] == 10
    assert sum("Threshold" in name for name in content) == 1


@pytest.mark.parametrize("threshold", [0, 50, 60])
def test_a_threshold_that_is_not_below_the_grant_is_not_sent(now, threshold: int):
    content = entry(now, unit=Unit.SECONDS, granted=50, threshold=threshold)

    assert "timeQuotaThreshold" not in content
    assert armed(content) == ["QUOTA_EXHAUSTED"]


def test_a_holding_time_is_armed(now):
    content = entry(now, unit=Unit.SECONDS, granted=50, holding_time=30)

    assert content["quotaHoldingTime"] == 30
    assert armed(content) == ["QUOTA_EXHAUSTED", "QHT"]


@pytest.mark.parametrize(
    "result", [Result.QUOTA_LIMIT_REACHED, Result.END_USER_SERVICE_DENIED, Result.RATING_FAILED]
)
def test_a_refusal_tells_free5gc_to_stop_the_traffic(now, result: Result):
    assert entry(now, upf_id=UPF, result=result, validity_time=3600) == {
        "ratingGroup": 100,
        "uPFID": UPF,
        "resultCode": result.value,
        "triggers": [{"triggerType": "QUOTA_EXHAUSTED", "triggerCategory": "IMMEDIATE_REPORT"}],
    }


def test_a_rating_group_without_quota_management_stops_nothing(now):
    assert entry(now, result=Result.QUOTA_MANAGEMENT_NOT_APPLICABLE) == {
        "ratingGroup": 100,
        "resultCode": "QUOTA_MANAGEMENT_NOT_APPLICABLE",
    }


def test_who_wants_nothing_more_gets_success_without_a_grant(now):
    content = entry(now, unit=Unit.SECONDS, granted=0)

    assert content == {"ratingGroup": 100, "resultCode": "SUCCESS"}


@pytest.mark.parametrize(
    ("action", "address", "indication"),
    [
        ("TERMINATE", "", {"finalUnitAction": "TERMINATE"}),
        ("", "", {"finalUnitAction": "TERMINATE"}),
        ("REDIRECT", "", {"finalUnitAction": "TERMINATE"}),
        (
            "REDIRECT",
            "https://top.up/",
            {
                "finalUnitAction": "REDIRECT",
                "redirectServer": {
                    "redirectAddressType": "URL",
                    "redirectServerAddress": "https://top.up/",
                },
            },
        ),
    ],
)
def test_the_last_units_say_what_follows(now, action: str, address: str, indication: Any):
    content = entry(
        now,
        unit=Unit.SECONDS,
        granted=45,
        is_final=True,
        final_unit_action=action,
        redirect_address=address,
    )

    assert content["finalUnitIndication"] == indication


def test_rating_groups_are_answered_one_by_one(now):
    content = answer(
        now,
        LineAnswer(rating_group=1, result=Result.SUCCESS, unit=Unit.OCTETS, granted=5),
        LineAnswer(rating_group=2, result=Result.QUOTA_LIMIT_REACHED),
    )

    entries = content["multipleUnitInformation"]
    assert [(each["ratingGroup"], each["resultCode"]) for each in entries] == [
        (1, "SUCCESS"),
        (2, "QUOTA_LIMIT_REACHED"),
    ]
