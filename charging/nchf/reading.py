"""What charging needs to know of a request, each answer in one place.

Units, rating time, called party and the key of a repeated create: the rules that pick one value
where N40 offers several. Where the user is, is decided in `whereabouts`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import msgspec

from charging.engine.tariff import Unit
from charging.nchf.messages import (
    ChargingDataRequest,
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

EMERGENCY_ADDRESS: Final = "urn:service:sos"
"""Stands for the called party where a node only says that it is an emergency (RFC 5031)."""


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


# ── called party ─────────────────────────────────────────────────────────────────────────────


def called_address(request: ChargingDataRequest) -> str:
    """The called party or the first recipient as it came, "" when there is none.

    NumberingPlan.digits makes digits of it. An emergency that is only said to be one is the
    address `urn:service:sos`.
    """
    ims = request.ims_charging_information
    if ims is not None:
        if ims.ims_emergency_indication:
            return EMERGENCY_ADDRESS
        if ims.called_party_address:
            return ims.called_party_address
    sms = request.sms_charging_information
    if sms is not None and sms.recipient_info:
        return _recipient_address(sms.recipient_info[0])
    return ""


def _recipient_address(recipient: RecipientInfo) -> str:
    if recipient.recipient_gpsi and recipient.recipient_gpsi.startswith("msisdn-"):
        return "+" + recipient.recipient_gpsi.removeprefix("msisdn-")
    others = [*(recipient.recipient_other_addresses or ()), recipient.recipient_other_address]
    candidates: list[SMAddressInfo | None] = [recipient.recipient_received_address]
    candidates += [other.recipient_address_info for other in others if other is not None]
    for info in candidates:
        if info is not None and info.sm_address_data:
            return info.sm_address_data
    return ""


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
