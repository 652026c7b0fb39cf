"""What a session shall use, and how each kind of network node tells a charging function.

Data comes from an SMF (TS 32.255), voice from an IMS node (TS 32.260), messages from an SMSF
(TS 32.274).
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from charging.engine.tariff import Unit
from charging.nchf.timestamps import format_timestamp

DATA_SLICE_OCTETS = 100 * 2**20
VOICE_SLICE_SECONDS = 300


class Service(StrEnum):
    DATA = "data"
    VOICE = "voice"
    SMS = "sms"


class Scenario(StrEnum):
    """How usage is charged (TS 32.290 §5.1-5.3)."""

    SESSION = "session"
    """Reserve, report, release: SCUR, or ECUR for messages."""
    IMMEDIATE_EVENT = "immediate_event"
    """IEC: one request that debits at once."""
    POST_EVENT = "post_event"
    """PEC: one request that reports what was delivered."""


class PlannedUse(msgspec.Struct, frozen=True, kw_only=True):
    """What one rating group shall use."""

    rating_group: int
    unit: Unit
    amount: int | None
    """None: seconds that pass until the call is hung up."""
    slice: int | None = None
    """Most to ask for at once; None lets the charging function decide."""
    upf_id: str = ""


class UsagePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one charging session will say about itself."""

    service: Service
    subscriber_identifier: str
    uses: list[PlannedUse]
    node_functionality: str
    service_specification: str
    blocks: dict[str, Any] = {}
    """Service-specific parts of each request, by their JSON names."""
    scenario: Scenario = Scenario.SESSION
    nf_name: str = msgspec.field(default_factory=lambda: str(uuid.uuid4()))
    tenant_identifier: str = ""
    notify_uri: str = ""
    first_sequence_number: int = 0


class ServedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """The phone that uses the network; PLMNs are MCC and MNC digits, "" where unknown."""

    subscriber_identifier: str
    """SUPI, or whatever the charging function knows the device by."""
    gpsi: str = ""
    pei: str = ""
    home_plmn: str = ""
    serving_plmn: str = ""
    charging_characteristics: str = ""


def data_usage(
    device: ServedDevice,
    octets: int | None,
    *,
    rating_group: int,
    dnn: str = "internet",
    slice_octets: int | None = DATA_SLICE_OCTETS,
    upf_id: str = "",
    tenant_identifier: str = "",
    notify_uri: str = "",
) -> UsagePlan:
    """Traffic of one PDU session in one rating group."""
    use = PlannedUse(
        rating_group=rating_group,
        unit=Unit.OCTETS,
        amount=octets,
        slice=slice_octets,
        upf_id=upf_id,
    )
    return UsagePlan(
        service=Service.DATA,
        subscriber_identifier=device.subscriber_identifier,
        uses=[use],
        node_functionality="SMF",
        service_specification="32255@3gpp.org",
        blocks={"pDUSessionChargingInformation": _pdu_session_block(device, dnn)},
        tenant_identifier=tenant_identifier,
        notify_uri=notify_uri,
    )


def voice_call(
    device: ServedDevice,
    seconds: int | None,
    *,
    rating_group: int,
    called_number: str,
    slice_seconds: int | None = VOICE_SLICE_SECONDS,
    tenant_identifier: str = "",
    notify_uri: str = "",
) -> UsagePlan:
    """An outgoing call; without `seconds` it lasts until it is hung up."""
    use = PlannedUse(
        rating_group=rating_group, unit=Unit.SECONDS, amount=seconds, slice=slice_seconds
    )
    return UsagePlan(
        service=Service.VOICE,
        subscriber_identifier=device.subscriber_identifier,
        uses=[use],
        node_functionality="IMS_Node",
        service_specification="32260@3gpp.org",
        blocks={"iMSChargingInformation": _ims_block(device, called_number)},
        tenant_identifier=tenant_identifier,
        notify_uri=notify_uri,
    )


def text_messages(
    device: ServedDevice,
    count: int,
    *,
    rating_group: int,
    recipient: str,
    scenario: Scenario = Scenario.SESSION,
    tenant_identifier: str = "",
) -> UsagePlan:
    """Messages to one recipient: by default reserved first and reported when sent (ECUR)."""
    use = PlannedUse(rating_group=rating_group, unit=Unit.EVENTS, amount=count, slice=count)
    return UsagePlan(
        service=Service.SMS,
        subscriber_identifier=device.subscriber_identifier,
        uses=[use],
        node_functionality="SMSF",
        service_specification="32274@3gpp.org",
        blocks={"sMSChargingInformation": _sms_block(device, recipient)},
        scenario=scenario,
        tenant_identifier=tenant_identifier,
    )


def blocks_at(
    plan: UsagePlan, *, started_at: datetime, stopped_at: datetime | None
) -> dict[str, Any]:
    """The service-specific parts with the session's times; `stopped_at` only when it ends."""
    blocks = dict(plan.blocks)
    if pdu := blocks.get("pDUSessionChargingInformation"):
        times: dict[str, Any] = {"startTime": format_timestamp(started_at)}
        if stopped_at is not None:
            times |= {"stopTime": format_timestamp(stopped_at), "sessionStopIndicator": True}
        session = {**pdu.get("pduSessionInformation", {}), **times}
        blocks["pDUSessionChargingInformation"] = {**pdu, "pduSessionInformation": session}
    return blocks


def _pdu_session_block(device: ServedDevice, dnn: str) -> dict[str, Any]:
    session: dict[str, Any] = {
        "pduSessionID": 1 + secrets.randbelow(15),
        "dnnId": dnn,
        "pduType": "IPV4V6",
        "ratType": "NR",
        "networkSlicingInfo": {"sNSSAI": {"sst": 1}},
        "hPlmnId": _plmn_id(device.home_plmn),
        "servingCNPlmnId": _plmn_id(device.serving_plmn or device.home_plmn),
        "chargingCharacteristics": device.charging_characteristics,
    }
    return _without_empty(
        {
            "chargingId": secrets.randbits(32),
            "userInformation": _user_information(device),
            "userLocationinfo": _location(device),
            "pduSessionInformation": _without_empty(session),
        }
    )


def _ims_block(device: ServedDevice, called_number: str) -> dict[str, Any]:
    calling = device.gpsi.removeprefix("msisdn-")
    return _without_empty(
        {
            "roleOfNode": "ORIGINATING",
            "userInformation": _user_information(device),
            "userLocationInfo": _location(device),
            "userSessionID": f"{uuid.uuid4()}@ims",
            "imsChargingIdentifier": uuid.uuid4().hex,
            "callingPartyAddresses": [f"tel:+{calling}"] if calling else None,
            "calledPartyAddress": f"tel:{called_number}" if called_number else None,
        }
    )


def _sms_block(device: ServedDevice, recipient: str) -> dict[str, Any]:
    number = recipient.removeprefix("+")
    originator = {"originatorSUPI": device.subscriber_identifier, "originatorGPSI": device.gpsi}
    return _without_empty(
        {
            "originatorInfo": _without_empty(originator),
            "recipientInfo": [_recipient(number)] if number else None,
            "userLocationinfo": _location(device),
            "sMMessageType": "SUBMISSION",
            "messageReference": secrets.token_hex(8),
        }
    )


def _recipient(number: str) -> dict[str, Any]:
    if number.isdigit() and 5 <= len(number) <= 15:
        return {"recipientGPSI": f"msisdn-{number}"}
    address = {"sMaddressType": "NUMERIC_SHORTCODE", "sMaddressData": number}
    return {"recipientOtherAddresses": [{"recipientAddressInfo": address}]}


def _user_information(device: ServedDevice) -> dict[str, Any]:
    is_abroad = device.home_plmn and device.serving_plmn not in ("", device.home_plmn)
    return _without_empty(
        {
            "servedGPSI": device.gpsi,
            "servedPEI": device.pei,
            "roamerInOut": "OUT_BOUND" if is_abroad else None,
        }
    )


def _location(device: ServedDevice) -> dict[str, Any] | None:
    plmn = _plmn_id(device.serving_plmn)
    if plmn is None:
        return None
    return {
        "nrLocation": {
            "tai": {"plmnId": plmn, "tac": "000001"},
            "ncgi": {"plmnId": plmn, "nrCellId": "000000001"},
        }
    }


def _plmn_id(digits: str) -> dict[str, str] | None:
    return {"mcc": digits[:3], "mnc": digits[3:]} if digits else None


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value not in (None, "", {})}
