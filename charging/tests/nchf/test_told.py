"""What a request tells, what its containers tell of their own, and what a session remembers."""

from __future__ import annotations

from typing import Any

import pytest

from charging.nchf.decoding import decode_request
from charging.nchf.messages import ChargingDataRequest
from charging.nchf.told import NOTHING, Told, dnn_name, told, told_of_container
from charging.session_memory import decode_memory, decode_state, encode_state
from charging.tests.nchf.bodies import encoded, free5gc_create, with_usage


def request_with(**attributes: Any) -> ChargingDataRequest:
    return decode_request(encoded(with_usage(**attributes)))


def session_with(**session: Any) -> Told:
    return told(request_with(pDUSessionChargingInformation={"pduSessionInformation": session}))


def test_a_session_tells_slice_name_and_radio():
    assert session_with(
        dnnId="Internet.mnc001.mcc262.gprs",
        ratType="NR",
        networkSlicingInfo={"sNSSAI": {"sst": 1, "sd": "0000ff"}},
        hPlmnId={"mcc": "262", "mnc": "01"},
        servingCNPlmnId={"mcc": "214", "mnc": "07"},
        chargingCharacteristics="800",
    ) == Told(
        network="21407",
        home="26201",
        rat="NR",
        dnn="internet",
        slice="1-0000FF",
        characteristics="800",
        category="data",
    )


def test_free5gc_tells_little():
    assert told(decode_request(encoded(free5gc_create()))) == Told(
        dnn="internet", slice="1-010203", category="data"
    )


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("internet", "internet"),
        ("IMS", "ims"),
        ("ims.mnc001.mcc262.gprs", "ims"),
        ("corp.example.mnc410.mcc310.gprs", "corp.example"),
        ("corp.example", "corp.example"),
        ("", ""),
    ],
)
def test_a_data_network_is_called_by_its_identifier_alone(sent: str, name: str):
    assert dnn_name(sent) == name


@pytest.mark.parametrize(
    ("sent", "slice_"),
    [
        ({"sst": 2}, "2"),
        ({"sst": 2, "sd": "FFFFFF"}, "2"),
        ({"sst": 2, "sd": "ffffff"}, "2"),
        ({"sst": 2, "sd": "00000a"}, "2-00000A"),
    ],
)
def test_a_slice_without_differentiator_is_its_type(sent: dict[str, Any], slice_: str):
    assert session_with(networkSlicingInfo={"sNSSAI": sent}).slice == slice_


@pytest.mark.parametrize(
    ("sent", "flags"),
    [("800", 0x0800), ("0800", 0x0800), ("ff", 0xFF), ("", 0), ("xyz", 0), ("12345", 0)],
)
def test_charging_characteristics_are_sixteen_bits(sent: str, flags: int):
    assert Told(characteristics=sent).flags == flags


@pytest.mark.parametrize(
    ("attributes", "category"),
    [
        ({"iMSChargingInformation": {}}, "call"),
        ({"iMSChargingInformation": {"roleOfNode": "ORIGINATING"}}, "call"),
        ({"iMSChargingInformation": {"roleOfNode": "TERMINATING"}}, "received"),
        (
            {
                "iMSChargingInformation": {
                    "sdpMediaComponent": [
                        {"sDPMediaName": "audio 49170 RTP/AVP 0"},
                        {"sDPMediaName": "m=video 51372 RTP/AVP 99"},
                    ]
                }
            },
            "video",
        ),
        ({"sMSChargingInformation": {}}, "sms"),
        ({"sMSChargingInformation": {"sMMessageType": "SUBMISSION"}}, "sms"),
        ({"sMSChargingInformation": {"sMMessageType": "DELIVERY"}}, "received"),
        ({"pDUSessionChargingInformation": {}}, "data"),
        ({}, ""),
    ],
)
def test_the_kind_of_use_follows_from_the_service(attributes: dict[str, Any], category: str):
    assert told(request_with(**attributes)).category == category


def test_an_emergency_that_is_only_said_to_be_one_is_called_so():
    call = {"imsEmergencyIndication": True, "calledPartyAddress": "tel:+49301234"}

    assert told(request_with(iMSChargingInformation=call)).called == "urn:service:sos"


HERE = Told(called="tel:112", network="26201", rat="NR", dnn="internet")
ABROAD = {"nrLocation": {"tai": {"plmnId": {"mcc": "214", "mnc": "07"}}}}


def container(**conditions: Any) -> Any:
    used: dict[str, Any] = {"pDUContainerInformation": conditions} if conditions else {}
    usage = {"ratingGroup": 1, "usedUnitContainer": [used]}
    request = decode_request(encoded(with_usage(usage)))
    assert request.multiple_unit_usage
    assert request.multiple_unit_usage[0].used_unit_container
    return request.multiple_unit_usage[0].used_unit_container[0]


def test_a_container_tells_where_its_units_were_used():
    there = told_of_container(container(userLocationInformation=ABROAD, rATType="EUTRA"), HERE)

    assert there == Told(called="tel:112", network="21407", rat="EUTRA", dnn="internet")


def test_a_container_that_tells_nothing_else_is_the_very_request():
    assert told_of_container(container(), HERE) is HERE
    assert told_of_container(container(rATType="NR"), HERE) is HERE
    assert told_of_container(container(timeofLastUsage="2026-03-02T09:10:00Z"), HERE) is HERE


def test_a_later_request_fills_its_gaps_from_what_the_session_told():
    moved = Told(network="21407")

    assert moved.over(HERE) == Told(called="tel:112", network="21407", rat="NR", dnn="internet")
    assert HERE.over(NOTHING) is HERE
    assert NOTHING.over(HERE) == HERE


def test_a_session_remembers_what_was_told():
    state = decode_state(b"")

    assert decode_memory(encode_state(state, HERE)) == (state, HERE)
    assert decode_memory(encode_state(state)) == (state, NOTHING)
    assert decode_memory(b"") == (state, NOTHING)


def test_what_an_older_version_stored_is_read():
    """Two parts then, version and state; three now."""
    import msgspec

    state = decode_state(b"")
    stored = msgspec.msgpack.encode([1, state])

    assert decode_memory(stored) == (state, NOTHING)


def test_no_text_is_kept_longer_than_it_could_mean_something():
    call = {"calledPartyAddress": "tel:+" + "9" * 10_000}
    long = session_with(dnnId="x" * 10_000, ratType="y" * 10_000)

    assert len(told(request_with(iMSChargingInformation=call)).called) == 100
    assert (len(long.dnn), len(long.rat)) == (100, 100)
