from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from charging.engine.numbers import NumberingPlan
from charging.engine.tariff import Unit
from charging.nchf import reading
from charging.nchf.decoding import decode_request
from charging.nchf.messages import (
    ChargingDataRequest,
    RequestedUnit,
    Trigger,
    UsedUnitContainer,
)
from charging.tests.nchf.bodies import encoded, free5gc_create, smallest, with_usage


def request_with(**attributes: Any) -> ChargingDataRequest:
    return decode_request(encoded({**smallest(), **attributes}))


def first_container(**attributes: Any) -> tuple[UsedUnitContainer, ChargingDataRequest]:
    container = {"localSequenceNumber": 1, **attributes}
    usage = {"ratingGroup": 1, "usedUnitContainer": [container]}
    request = decode_request(encoded(with_usage(usage)))
    assert request.multiple_unit_usage is not None
    containers = request.multiple_unit_usage[0].used_unit_container
    assert containers is not None
    return containers[0], request


def test_the_total_volume_already_contains_both_directions():
    units = RequestedUnit(total_volume=1000, uplink_volume=1000, downlink_volume=1000)

    assert reading.volume(units) == 1000


def test_without_a_total_the_directions_are_added():
    assert reading.volume(UsedUnitContainer(uplink_volume=300, downlink_volume=600)) == 900
    assert reading.volume(UsedUnitContainer(downlink_volume=600)) == 600


def test_a_volume_that_was_not_given_is_not_zero():
    assert reading.volume(UsedUnitContainer(time=5)) is None
    assert reading.volume(UsedUnitContainer(total_volume=0)) == 0


def test_only_the_unit_a_rating_group_meters_counts():
    both = UsedUnitContainer(time=60, total_volume=5000, service_specific_units=2)

    assert reading.amount_in(Unit.SECONDS, both) == 60
    assert reading.amount_in(Unit.OCTETS, both) == 5000
    assert reading.amount_in(Unit.EVENTS, both) == 2


@pytest.mark.parametrize(
    "trigger",
    [
        "FINAL",
        "QHT",
        "ABNORMAL_RELEASE",
        "UNIT_COUNT_INACTIVITY_TIMER",
        "UNUSED_QUOTA_TIMER",
        "REMOVAL_OF_UPF",
    ],
)
def test_a_container_that_ends_the_quota_says_so(trigger: str):
    triggers = [Trigger(trigger_type="RAT_CHANGE"), Trigger(trigger_type=trigger)]

    assert reading.closes_quota(UsedUnitContainer(triggers=triggers))


@pytest.mark.parametrize("trigger", ["QUOTA_EXHAUSTED", "VALIDITY_TIME", "ADDITION_OF_UPF", None])
def test_a_mere_report_keeps_the_quota(trigger: str | None):
    assert not reading.closes_quota(UsedUnitContainer(triggers=[Trigger(trigger_type=trigger)]))
    assert not reading.closes_quota(UsedUnitContainer())


def test_usage_is_rated_when_its_container_was_closed():
    conditions = {"timeofLastUsage": "2026-03-02T09:10:00Z"}

    container, request = first_container(
        triggerTimestamp="2026-03-02T09:20:00Z", pDUContainerInformation=conditions
    )
    assert reading.container_time(container, request) == datetime(2026, 3, 2, 9, 20, tzinfo=UTC)

    container, request = first_container(pDUContainerInformation=conditions)
    assert reading.container_time(container, request) == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)

    container, request = first_container()
    assert reading.container_time(container, request) == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "digits"),
    [
        ("tel:+34911222333", "34911222333"),
        ("tel:+34-911-22.23(33)", "34911222333"),
        ("tel:112;phone-context=+34", "112"),
        ("sip:+34911222333@ims.mnc001.mcc214.3gppnetwork.org;user=phone", "34911222333"),
        ("SIPS:34911222333@example.org", "34911222333"),
        ("34911222333", "34911222333"),
        ("+34911222333", "34911222333"),
        ("tel:*100#", "*100#"),
        ("sip:alice@example.org", ""),
        ("urn:service:sos", ""),
        ("", ""),
    ],
)
def test_a_called_party_is_reduced_to_its_digits(address: str, digits: str):
    request = request_with(iMSChargingInformation={"calledPartyAddress": address})

    assert NumberingPlan().digits(reading.called_address(request)) == digits


@pytest.mark.parametrize(
    "recipient",
    [
        {"recipientGPSI": "msisdn-34911222333"},
        {"recipientReceivedAddress": {"sMaddressData": "+34911222333"}},
        {"recipientOtherAddresses": [{"recipientAddressInfo": {"sMaddressData": "34911222333"}}]},
        {"recipientOtherAddress": {"recipientAddressInfo": {"sMaddressData": "34911222333"}}},
    ],
)
def test_a_message_goes_to_its_first_recipient(recipient: dict[str, Any]):
    request = request_with(sMSChargingInformation={"recipientInfo": [recipient, {}]})

    assert NumberingPlan().digits(reading.called_address(request)) == "34911222333"


def test_data_has_no_destination():
    assert (
        NumberingPlan().digits(reading.called_address(decode_request(encoded(free5gc_create()))))
        == ""
    )


def test_a_repeated_create_has_the_same_key_and_another_session_has_not():
    first = free5gc_create()
    again = {
        **first,
        "invocationTimeStamp": "2026-03-02T10:00:00Z",
        "retransmissionIndicator": True,
    }
    other = free5gc_create()
    other["pDUSessionChargingInformation"]["pduSessionInformation"]["pduSessionID"] = 2

    keys = [reading.create_key(decode_request(encoded(body))) for body in (first, again, other)]

    assert keys[0] == keys[1]
    assert keys[0] != keys[2]
