"""What we send, held against 3GPP's own OpenAPI files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from charging.client.bodies import Entry, build_request
from charging.client.state import new_state
from charging.client.usage import (
    Scenario,
    ServedDevice,
    UsagePlan,
    data_usage,
    text_messages,
    voice_call,
)
from charging.engine.tariff import Unit
from charging.engine.values import LineAnswer, Result
from charging.nchf import problems
from charging.nchf.answers import encode_answer
from charging.nchf.decoding import decode_request
from charging.nchf.messages import Operation, TriggerType
from charging.nchf.problems import InvalidParam
from charging.tests.nchf.bodies import encoded, smallest
from charging.tests.nchf.official_schema import violations

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
UPF = "c0ffee00-1111-4222-8333-444455556666"
ABROAD = ServedDevice(
    subscriber_identifier="imsi-262020000000001",
    gpsi="msisdn-491700000001",
    pei="imei-123456789012345",
    home_plmn="26202",
    serving_plmn="310170",
    charging_characteristics="0400",
)


@pytest.mark.parametrize(
    "line",
    [
        LineAnswer(
            rating_group=100,
            upf_id=UPF,
            result=Result.SUCCESS,
            unit=Unit.OCTETS,
            granted=100,
            threshold=20,
            validity_time=3600,
            holding_time=60,
        ),
        LineAnswer(
            rating_group=200,
            result=Result.SUCCESS,
            unit=Unit.SECONDS,
            granted=45,
            threshold=9,
            is_final=True,
            final_unit_action="REDIRECT",
            redirect_address="https://top.up/",
        ),
        LineAnswer(
            rating_group=300, result=Result.SUCCESS, unit=Unit.EVENTS, granted=5, threshold=1
        ),
        *(LineAnswer(rating_group=400, result=result) for result in Result),
    ],
)
def test_answers_are_valid(line: LineAnswer):
    request = decode_request(encoded({**smallest(), "supportedFeatures": "C087"}))

    content = json.loads(encode_answer(request, [line], now=NOW))

    assert violations("ChargingDataResponse", content) == []


def plans() -> list[UsagePlan]:
    return [
        data_usage(
            ABROAD,
            2**30,
            rating_group=300,
            upf_id=UPF,
            tenant_identifier="northwind",
            notify_uri="http://127.0.0.1/notify",
        ),
        voice_call(ABROAD, 252, rating_group=100, called_number="+34911222333"),
        text_messages(ABROAD, 25, rating_group=200, recipient="34911222333"),
        text_messages(
            ABROAD, 1, rating_group=200, recipient="1234", scenario=Scenario.IMMEDIATE_EVENT
        ),
        data_usage(ServedDevice(subscriber_identifier="phone-1"), 5, rating_group=300),
    ]


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("plan", plans(), ids=lambda plan: plan.service)
def test_requests_are_valid(plan: UsagePlan, operation: Operation):
    state = new_state(plan)
    is_create = operation is Operation.CREATE
    entries = [
        Entry(
            line=line,
            asks=operation is not Operation.RELEASE,
            trigger=None if is_create else TriggerType.QUOTA_THRESHOLD,
            used=3,
        )
        for line in state.lines
    ]

    body = build_request(state, operation, entries, now=NOW).body

    assert violations("ChargingDataRequest", body) == []


def test_a_wrong_name_would_be_found():
    wrong: dict[str, Any] = {**smallest(), "multipleUnitUsages": []}

    assert violations("ChargingDataRequest", wrong)


def test_problems_are_valid():
    problem = problems.charging_failed("no", InvalidParam(param="/a", reason="is wrong"))

    content = json.loads(problem.body())

    assert violations("InvocationResult", {"error": content}) == []
