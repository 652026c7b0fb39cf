"""What charging needs to know of a request, each answer in one place.

Units, rating time, destination, serving network and the key of a repeated create: the rules that
pick one value where N40 offers several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

import msgspec

from charging.engine.tariff import Unit
from charging.nchf.messages import (
    ChargingDataRequest,
    NFIdentification,
    PDUSessionInformation,
    PlmnId,
    RecipientInfo,
    SMAddressInfo,
    TriggerType,
    UsedUnitContainer,
)

CLOSING_TRIGGERS = frozenset(
    {
        TriggerType.FINAL,
        TriggerType.QUOTA_HOLDING_TIME,
        TriggerType.ABNORMAL_RELEASE,
        TriggerType.UNIT_COUNT_INACTIVITY_TIMER,
        TriggerType.UNUSED_QUOTA_TIMER,
        TriggerType.REMOVAL_OF_UPF,
    }
)
"""A container closed by one of these hands back what is left of its quota."""

_THREE_DIGIT_MNC_COUNTRIES = frozenset({"302", "334", *map(str, range(310, 317))})
"""Canada, Mexico and the United States number their networks with three digits."""

_NUMBER = re.compile(r"\+?[0-9*#]+")
_VISUAL_SEPARATORS = str.maketrans("", "", " -.()")


class Units(Protocol):
    """The five amounts that requested, granted and used units have in common."""

    @property
    def time(self) -> int | None: ...
    @property
    def total_volume(self) -> int | None: ...
    @property
    def uplink_volume(self) -> int | None: ...
    @property
    def downlink_volume(self) -> int | None: ...
    @property
    def service_specific_units(self) -> int | None: ...


def volume(units: Units) -> int | None:
    """Octets. The total already contains both directions, so it is never added to them."""
    if units.total_volume is not None:
        return units.total_volume
    if units.uplink_volume is None and units.downlink_volume is None:
        return None
    return (units.uplink_volume or 0) + (units.downlink_volume or 0)


def amount_in(unit: Unit, units: Units) -> int | None:
    """The amount in the one unit a rating group meters; None when it was not given."""
    match unit:
        case Unit.OCTETS:
            return volume(units)
        case Unit.SECONDS:
            return units.time
        case Unit.EVENTS:
            return units.service_specific_units
        case _:
            return None


def amount_in_any_unit(units: Units) -> int | None:
    """The amount of a rating group nobody has described, in whatever unit it was reported."""
    for unit in (Unit.OCTETS, Unit.SECONDS, Unit.EVENTS):
        if (amount := amount_in(unit, units)) is not None:
            return amount
    return None


def closes_quota(container: UsedUnitContainer) -> bool:
    return any(trigger.trigger_type in CLOSING_TRIGGERS for trigger in container.triggers or ())


def container_time(container: UsedUnitContainer, request: ChargingDataRequest) -> datetime:
    """When the container was closed, as the network says: the moment its usage is rated at."""
    if container.trigger_timestamp is not None:
        return container.trigger_timestamp
    conditions = container.pdu_container_information
    if conditions is not None and conditions.timeof_last_usage is not None:
        return conditions.timeof_last_usage
    return request.invocation_time_stamp


# ── destination ──────────────────────────────────────────────────────────────────────────────


def destination(request: ChargingDataRequest) -> str:
    """Digits of the called party or of the first recipient, without `+`; "" when there are none."""
    ims = request.ims_charging_information
    if ims is not None and ims.called_party_address:
        return dialled_digits(ims.called_party_address)
    sms = request.sms_charging_information
    if sms is not None and sms.recipient_info:
        return _recipient_digits(sms.recipient_info[0])
    return ""


def dialled_digits(address: str) -> str:
    """`tel:+34-911;phone-context=…`, `sip:+34911@host;user=phone` or a bare number → digits."""
    scheme, colon, rest = address.partition(":")
    if colon and scheme.lower() in ("tel", "sip", "sips"):
        address = rest
    user = re.split(r"[;@?]", address, maxsplit=1)[0]
    number = user.translate(_VISUAL_SEPARATORS)
    return number.removeprefix("+") if _NUMBER.fullmatch(number) else ""


def _recipient_digits(recipient: RecipientInfo) -> str:
    if recipient.recipient_gpsi and recipient.recipient_gpsi.startswith("msisdn-"):
        return recipient.recipient_gpsi.removeprefix("msisdn-")
    others = [*(recipient.recipient_other_addresses or ()), recipient.recipient_other_address]
    candidates: list[SMAddressInfo | None] = [recipient.recipient_received_address]
    candidates += [other.recipient_address_info for other in others if other is not None]
    for info in candidates:
        if info is not None and info.sm_address_data:
            return dialled_digits(info.sm_address_data)
    return ""


# ── serving network ──────────────────────────────────────────────────────────────────────────


def serving_plmn(request: ChargingDataRequest, container: UsedUnitContainer | None = None) -> str:
    """The network the subscriber is in, as MCC and MNC digits ("26202" is not "262002").

    First present wins: what the container says about the time of its usage, then the request's
    PDU session, its IMS part, its SMS location, and the cell of a location report. "" means that
    nothing was said, which stands for the home network.
    """
    return next(filter(None, _plmn_sources(request, container)), "")


def _plmn_sources(
    request: ChargingDataRequest, container: UsedUnitContainer | None
) -> Iterator[str]:
    if container is not None and (conditions := container.pdu_container_information):
        yield from map(_node_plmn, _as_list(_raw(conditions.serving_node_id)))
        yield _location_plmn(conditions.user_location_information)
    if (pdu := request.pdu_session_charging_information) is not None:
        yield from _pdu_session_plmns(pdu.pdu_session_information)
        yield _location_plmn(pdu.user_location_info)
    if (ims := request.ims_charging_information) is not None:
        yield _visited_network_plmn(ims.ims_visited_network_identifier or "")
        yield _location_plmn(ims.user_location_info)
    if (sms := request.sms_charging_information) is not None:
        yield _location_plmn(sms.user_location_info)
    report = _raw(request.location_reporting_charging_information)
    yield _plmn_at(report, "pSCellInformation", "nrcgi", "plmnId")
    yield _plmn_at(report, "psCellInformation", "nrcgi", "plmnId")


def _pdu_session_plmns(session: PDUSessionInformation | None) -> Iterator[str]:
    if session is None:
        return
    yield _digits_of(session.serving_cn_plmn_id)
    if (serving := session.serving_network_function_id) is not None:
        function: NFIdentification | None = serving.serving_network_function_information
        yield _digits_of(function.nf_plmn_id if function else None)


def _digits_of(plmn: PlmnId | None) -> str:
    return f"{plmn.mcc}{plmn.mnc}" if plmn else ""


def _node_plmn(node: Any) -> str:
    return _plmn_at(node, "servingNetworkFunctionInformation", "nFPLMNID")


def _location_plmn(location: msgspec.Raw) -> str:
    content = _raw(location)
    return _plmn_at(content, "nrLocation", "tai", "plmnId") or _plmn_at(
        content, "eutraLocation", "tai", "plmnId"
    )


def _visited_network_plmn(identifier: str) -> str:
    """`ims.mnc002.mcc262.3gppnetwork.org` → "26202": domain names pad the MNC to three digits."""
    match = re.search(r"mnc(\d{3})\.mcc(\d{3})", identifier.lower())
    if match is None:
        return ""
    mnc, mcc = match.groups()
    is_padded = mnc.startswith("0") and mcc not in _THREE_DIGIT_MNC_COUNTRIES
    return mcc + (mnc[1:] if is_padded else mnc)


def _raw(content: msgspec.Raw) -> Any:
    """An untyped block; what cannot be read says nothing."""
    try:
        return msgspec.json.decode(content) if bytes(content) else None
    except msgspec.DecodeError:
        return None


def _as_list(content: Any) -> list[Any]:
    return content if isinstance(content, list) else []


def _plmn_at(content: Any, *path: str) -> str:
    for name in path:
        if not isinstance(content, dict):
            return ""
        content = content.get(name)
    if not isinstance(content, dict):
        return ""
    mcc, mnc = content.get("mcc"), content.get("mnc")
    return f"{mcc}{mnc}" if isinstance(mcc, str) and isinstance(mnc, str) else ""


# ── repeats ──────────────────────────────────────────────────────────────────────────────────


def create_key(request: ChargingDataRequest) -> str:
    """What a create and its re-send have in common besides their bodies.

    There is no ChargingDataRef yet, so the sender's name or address, the subscriber, the
    correlation ids of the service and the sequence number stand for it. A sender that gives few
    of them makes equal keys for different sessions: a key alone proves a repeat only together
    with an equal fingerprint or the retransmission indicator.
    """
    sender = request.nf_consumer_identification
    pdu = request.pdu_session_charging_information
    session = pdu.pdu_session_information if pdu else None
    ims = request.ims_charging_information
    sms = request.sms_charging_information
    parts = (
        sender.nf_name or sender.nf_fqdn or sender.nf_ipv4_address or sender.nf_ipv6_address,
        request.subscriber_identifier,
        request.charging_id,
        pdu.charging_id if pdu else None,
        pdu.smf_charging_id if pdu else None,
        session.pdu_session_id if session else None,
        ims.ims_charging_identifier if ims else None,
        sms.message_reference if sms else None,
        request.invocation_sequence_number,
    )
    return msgspec.json.encode(parts).decode()
