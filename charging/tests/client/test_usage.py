from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from charging.client.bodies import Entry, build_request
from charging.client.state import new_state
from charging.client.usage import (
    Scenario,
    ServedDevice,
    UsagePlan,
    blocks_at,
    data_usage,
    text_messages,
    voice_call,
)
from charging.engine.numbers import NumberingPlan
from charging.nchf import reading, whereabouts
from charging.nchf.decoding import decode_request
from charging.nchf.messages import ChargingDataRequest, Operation

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AT_HOME = ServedDevice(
    subscriber_identifier="imsi-262020000000001",
    gpsi="msisdn-491700000001",
    pei="imei-123456789012345",
    home_plmn="26202",
    charging_characteristics="0400",
)
ABROAD = msgspec.structs.replace(AT_HOME, serving_plmn="310170")


def received(plan: UsagePlan) -> ChargingDataRequest:
    """The plan's create as a charging function reads it."""
    state = new_state(plan)
    entries = [Entry(line=line, asks=True) for line in state.lines]
    request = build_request(state, Operation.CREATE, entries, now=NOW)
    return decode_request(msgspec.json.encode(request.body))


def data(device: ServedDevice) -> UsagePlan:
    return data_usage(device, 2**30, rating_group=300, tenant_identifier="northwind")


def voice(device: ServedDevice) -> UsagePlan:
    return voice_call(device, 252, rating_group=100, called_number="+34911222333")


def sms(device: ServedDevice) -> UsagePlan:
    return text_messages(device, 25, rating_group=200, recipient="+34911222333")


def test_data_comes_from_an_smf_with_its_session():
    request = received(data(AT_HOME))

    assert request.nf_consumer_identification.node_functionality == "SMF"
    assert request.service_specification_info == "32255@3gpp.org"
    assert request.tenant_identifier == "northwind"
    block = request.pdu_session_charging_information
    assert block is not None
    assert block.user_information is not None
    assert block.user_information.served_gpsi == "msisdn-491700000001"
    session = block.pdu_session_information
    assert session is not None
    assert (session.dnn_id, session.charging_characteristics) == ("internet", "0400")
    assert session.start_time == NOW


def test_a_call_comes_from_an_ims_node_with_the_called_number():
    request = received(voice(AT_HOME))

    assert request.nf_consumer_identification.node_functionality == "IMS_Node"
    assert NumberingPlan().digits(reading.called_address(request)) == "34911222333"


@pytest.mark.parametrize(
    ("typed", "digits"), [("+34911222333", "34911222333"), ("1234", "1234"), ("", "")]
)
def test_messages_come_from_an_smsf_with_their_recipient(typed: str, digits: str):
    plan = text_messages(AT_HOME, 25, rating_group=200, recipient=typed)

    request = received(plan)

    assert request.nf_consumer_identification.node_functionality == "SMSF"
    assert NumberingPlan().digits(reading.called_address(request)) == digits


@pytest.mark.parametrize("make", [data, voice, sms])
def test_a_phone_abroad_names_the_network_it_is_in(make):
    assert whereabouts.serving_plmn(received(make(ABROAD))) == "310170"


def test_a_phone_at_home_names_its_home():
    assert whereabouts.serving_plmn(received(data(AT_HOME))) == "26202"


def test_a_phone_that_knows_nothing_says_nothing():
    bare = ServedDevice(subscriber_identifier="phone-1")

    assert whereabouts.serving_plmn(received(data(bare))) == ""


def test_the_end_of_a_session_is_stamped_on_its_release():
    plan = data(AT_HOME)
    later = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)

    ended = blocks_at(plan, started_at=NOW, stopped_at=later)

    session = ended["pDUSessionChargingInformation"]["pduSessionInformation"]
    assert session["startTime"] == "2026-03-02T09:30:00.000Z"
    assert session["stopTime"] == "2026-03-02T10:30:00.000Z"
    assert session["sessionStopIndicator"] is True
    opened = plan.blocks["pDUSessionChargingInformation"]["pduSessionInformation"]
    assert "stopTime" not in opened


def test_a_notify_uri_is_given_when_the_session_is_opened():
    plan = data_usage(AT_HOME, 1, rating_group=1, notify_uri="http://127.0.0.1/notify")

    assert received(plan).notify_uri == "http://127.0.0.1/notify"


def test_two_sessions_are_told_apart_though_the_same_phone_opens_them():
    keys = {reading.create_key(received(make(AT_HOME))) for make in (data, data, voice, sms, sms)}

    assert len(keys) == 5


def test_events_say_that_they_are():
    plan = text_messages(
        AT_HOME, 1, rating_group=200, recipient="", scenario=Scenario.IMMEDIATE_EVENT
    )

    request = received(plan)

    assert (request.one_time_event, request.one_time_event_type) == (True, "IEC")
