"""The messages of Nchf_ConvergedCharging as typed values (TS 32.291 V19.5.0, API 3.3.0).

Field names are the snake-case form of the JSON names; irregular spellings are given one by one.
Unknown attributes are ignored and enumerations are plain strings, because newer and foreign peers
send values that no list holds (TS 29.500 §5.2.8). Only what charging reads is typed; the service
blocks that are not rated stay in the raw body. `null` counts as absent.

Volumes are octets, times are seconds, both at most 2⁶³-1: a Uint64 above that is refused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, field

from charging.nchf.problems import ProblemDetails
from charging.nchf.timestamps import Timestamp

Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Amount = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A Uint64 count of octets or units that fits the ledger."""
Identifier = Annotated[str, Meta(min_length=1, max_length=255)]


class Operation(StrEnum):
    """The three operations on a charging data resource."""

    CREATE = "create"
    UPDATE = "update"
    RELEASE = "release"


class ResultCode(StrEnum):
    """Outcome for one rating group; peers may send others."""

    SUCCESS = "SUCCESS"
    END_USER_SERVICE_DENIED = "END_USER_SERVICE_DENIED"
    QUOTA_MANAGEMENT_NOT_APPLICABLE = "QUOTA_MANAGEMENT_NOT_APPLICABLE"
    QUOTA_LIMIT_REACHED = "QUOTA_LIMIT_REACHED"
    END_USER_SERVICE_REJECTED = "END_USER_SERVICE_REJECTED"
    RATING_FAILED = "RATING_FAILED"


class TriggerType(StrEnum):
    """The triggers that this side sets or acts upon; others pass through as text."""

    QUOTA_THRESHOLD = "QUOTA_THRESHOLD"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    VALIDITY_TIME = "VALIDITY_TIME"
    QUOTA_HOLDING_TIME = "QHT"
    START_OF_SERVICE_DATA_FLOW = "START_OF_SERVICE_DATA_FLOW"
    FORCED_REAUTHORISATION = "FORCED_REAUTHORISATION"
    FINAL = "FINAL"
    ABNORMAL_RELEASE = "ABNORMAL_RELEASE"
    UNIT_COUNT_INACTIVITY_TIMER = "UNIT_COUNT_INACTIVITY_TIMER"
    UNUSED_QUOTA_TIMER = "UNUSED_QUOTA_TIMER"
    """The older name of UNIT_COUNT_INACTIVITY_TIMER."""
    REMOVAL_OF_UPF = "REMOVAL_OF_UPF"


IMMEDIATE_REPORT = "IMMEDIATE_REPORT"
ONLINE_CHARGING = "ONLINE_CHARGING"
OFFLINE_CHARGING = "OFFLINE_CHARGING"


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Base of all messages: what is absent is left out again when written."""


class Trigger(Wire, frozen=True, kw_only=True):
    """Why something was, or shall be, reported."""

    trigger_type: str | None = None
    trigger_category: str | None = None
    time_limit: int | None = None
    volume_limit: Amount | None = None
    volume_limit64: Amount | None = None
    event_limit: int | None = None


class PlmnId(Wire, frozen=True, kw_only=True):
    mcc: str
    mnc: str
    """Two or three digits: "02" and "002" are different networks."""


class NFIdentification(Wire, frozen=True, kw_only=True):
    """Who sends. `nFName` should be a UUID; free5GC sends "SMF", Totogi nothing."""

    node_functionality: Identifier
    nf_name: str | None = field(name="nFName", default=None)
    nf_ipv4_address: str | None = field(name="nFIPv4Address", default=None)
    nf_ipv6_address: str | None = field(name="nFIPv6Address", default=None)
    nf_fqdn: str | None = field(name="nFFqdn", default=None)
    nf_plmn_id: PlmnId | None = field(name="nFPLMNID", default=None)


# ── usage, quota asked for and quota given ───────────────────────────────────────────────────


class RequestedUnit(Wire, frozen=True, kw_only=True):
    """Quota asked for; with no amount at all the CHF decides (TS 32.255 §5.2.1.1)."""

    time: Uint32 | None = None
    total_volume: Amount | None = None
    uplink_volume: Amount | None = None
    downlink_volume: Amount | None = None
    service_specific_units: Amount | None = None


class GrantedUnit(Wire, frozen=True, kw_only=True):
    time: Uint32 | None = None
    total_volume: Amount | None = None
    uplink_volume: Amount | None = None
    downlink_volume: Amount | None = None
    service_specific_units: Amount | None = None
    tariff_time_change: Timestamp | None = None


class PDUContainerInformation(Wire, frozen=True, kw_only=True):
    """The conditions under which a container's units were used."""

    timeof_last_usage: Timestamp | None = field(name="timeofLastUsage", default=None)
    rat_type: str | None = field(name="rATType", default=None)
    user_location_information: Raw = field(default_factory=Raw)
    serving_node_id: Raw = field(name="servingNodeID", default_factory=Raw)


class UsedUnitContainer(Wire, frozen=True, kw_only=True):
    """Units used since the last report, never totals of the session."""

    service_id: Uint32 | None = None
    quota_management_indicator: str | None = None
    triggers: list[Trigger] | None = None
    trigger_timestamp: Timestamp | None = None
    time: Uint32 | None = None
    total_volume: Amount | None = None
    uplink_volume: Amount | None = None
    downlink_volume: Amount | None = None
    service_specific_units: Amount | None = None
    local_sequence_number: int | None = None
    """Order of containers; no key for repeats, since peers send constants."""
    pdu_container_information: PDUContainerInformation | None = field(
        name="pDUContainerInformation", default=None
    )


class MultipleUnitUsage(Wire, frozen=True, kw_only=True):
    """What one rating group used and wants."""

    rating_group: Uint32
    requested_unit: RequestedUnit | None = None
    """Present: wants quota. Absent: reports only."""
    used_unit_container: list[UsedUnitContainer] | None = None
    upf_id: str | None = field(name="uPFID", default=None)


class RedirectServer(Wire, frozen=True, kw_only=True):
    redirect_address_type: str
    redirect_server_address: str


class FinalUnitIndication(Wire, frozen=True, kw_only=True):
    """These are the last units; what to do when they are used up."""

    final_unit_action: str
    redirect_server: RedirectServer | None = None


class MultipleUnitInformation(Wire, frozen=True, kw_only=True):
    """The CHF's answer for one rating group and UPF."""

    rating_group: Uint32
    upf_id: str | None = field(name="uPFID", default=None)
    result_code: str | None = None
    granted_unit: GrantedUnit | None = None
    triggers: list[Trigger] | None = None
    validity_time: int | None = None
    quota_holding_time: int | None = None
    time_quota_threshold: int | None = None
    """Seconds left of the grant at which the network asks again; likewise the next two."""
    volume_quota_threshold: Amount | None = None
    unit_quota_threshold: int | None = None
    final_unit_indication: FinalUnitIndication | None = None


# ── service blocks that are rated by ─────────────────────────────────────────────────────────


class Snssai(Wire, frozen=True, kw_only=True):
    sst: int
    sd: str | None = None


class NetworkSlicingInfo(Wire, frozen=True, kw_only=True):
    s_nssai: Snssai | None = field(name="sNSSAI", default=None)


class ServingNetworkFunctionID(Wire, frozen=True, kw_only=True):
    serving_network_function_information: NFIdentification | None = None


class PDUSessionInformation(Wire, frozen=True, kw_only=True):
    pdu_session_id: Annotated[int, Meta(ge=0, le=255)] | None = field(
        name="pduSessionID", default=None
    )
    dnn_id: str | None = None
    network_slicing_info: NetworkSlicingInfo | None = None
    pdu_type: str | None = None
    rat_type: str | None = None
    charging_characteristics: str | None = None
    """One to four hex digits: sixteen operator-defined flags (TS 32.298 §5.1.2.2.7)."""
    h_plmn_id: PlmnId | None = None
    serving_cn_plmn_id: PlmnId | None = field(name="servingCNPlmnId", default=None)
    serving_network_function_id: ServingNetworkFunctionID | None = field(
        name="servingNetworkFunctionID", default=None
    )
    start_time: Timestamp | None = None
    stop_time: Timestamp | None = None


class UserInformation(Wire, frozen=True, kw_only=True):
    served_gpsi: str | None = field(name="servedGPSI", default=None)
    served_pei: str | None = field(name="servedPEI", default=None)
    roamer_in_out: str | None = None


class PDUSessionChargingInformation(Wire, frozen=True, kw_only=True):
    """From an SMF; describes the moment of the request."""

    charging_id: Uint32 | None = None
    smf_charging_id: str | None = field(name="sMFchargingId", default=None)
    user_information: UserInformation | None = None
    user_location_info: Raw = field(name="userLocationinfo", default_factory=Raw)
    ue_time_zone: str | None = field(name="uetimeZone", default=None)
    pdu_session_information: PDUSessionInformation | None = None


class SMAddressInfo(Wire, frozen=True, kw_only=True):
    sm_address_type: str | None = field(name="sMaddressType", default=None)
    sm_address_data: str | None = field(name="sMaddressData", default=None)


class RecipientAddress(Wire, frozen=True, kw_only=True):
    recipient_address_info: SMAddressInfo | None = None


class RecipientInfo(Wire, frozen=True, kw_only=True):
    recipient_gpsi: str | None = field(name="recipientGPSI", default=None)
    recipient_received_address: SMAddressInfo | None = None
    recipient_other_addresses: list[RecipientAddress] | None = None
    recipient_other_address: RecipientAddress | None = None
    """The older form of the list."""


class SMSChargingInformation(Wire, frozen=True, kw_only=True):
    """From an SMSF."""

    recipient_info: list[RecipientInfo] | None = None
    sm_message_type: str | None = field(name="sMMessageType", default=None)
    roamer_in_out: str | None = None
    rat_type: str | None = field(name="rATType", default=None)
    user_location_info: Raw = field(name="userLocationinfo", default_factory=Raw)
    message_reference: str | None = None


class SDPMediaComponent(Wire, frozen=True, kw_only=True):
    """One medium of a call."""

    sdp_media_name: str | None = field(name="sDPMediaName", default=None)


class IMSChargingInformation(Wire, frozen=True, kw_only=True):
    """From an IMS node."""

    role_of_node: str | None = None
    user_information: UserInformation | None = None
    called_party_address: str | None = None
    calling_party_addresses: list[str] | None = None
    ims_charging_identifier: str | None = None
    sdp_media_component: list[SDPMediaComponent] | None = None
    ims_emergency_indication: bool | None = None
    """Never to be blocked."""
    ims_visited_network_identifier: str | None = None
    user_location_info: Raw = field(default_factory=Raw)
    access_network_information: Raw = field(default_factory=Raw)
    """Texts of P-Access-Network-Info; likewise the next two."""
    additional_access_network_information: Raw = field(default_factory=Raw)
    cellular_network_information: Raw = field(default_factory=Raw)


# ── the messages ─────────────────────────────────────────────────────────────────────────────


class ChargingDataRequest(Wire, frozen=True, kw_only=True):
    """One type for create, update and release."""

    nf_consumer_identification: NFIdentification
    invocation_time_stamp: Timestamp
    invocation_sequence_number: Uint32
    subscriber_identifier: Identifier | None = None
    tenant_identifier: Identifier | None = None
    charging_id: Uint32 | None = None
    retransmission_indicator: bool | None = None
    one_time_event: bool | None = None
    one_time_event_type: str | None = None
    notify_uri: str | None = None
    supported_features: str | None = None
    service_specification_info: str | None = None
    multiple_unit_usage: list[MultipleUnitUsage] | None = None
    triggers: list[Trigger] | None = None
    pdu_session_charging_information: PDUSessionChargingInformation | None = field(
        name="pDUSessionChargingInformation", default=None
    )
    sms_charging_information: SMSChargingInformation | None = field(
        name="sMSChargingInformation", default=None
    )
    ims_charging_information: IMSChargingInformation | None = field(
        name="iMSChargingInformation", default=None
    )
    location_reporting_charging_information: Raw = field(default_factory=Raw)
    """Read leniently where needed: peers break its types and required attributes."""
    requested_action: str | None = None
    """Not of the standard: Totogi's TOP_UP."""


class InvocationResult(Wire, frozen=True, kw_only=True):
    error: ProblemDetails | None = None
    failure_handling: str | None = None


class ChargingDataResponse(Wire, frozen=True, kw_only=True):
    """Answer to create and update; a release has none."""

    invocation_time_stamp: str | None = None
    """Text, for other CHFs send odd forms or none, and nothing depends on it."""
    invocation_sequence_number: int | None = None
    invocation_result: InvocationResult | None = None
    session_failover: str | None = None
    supported_features: str | None = None
    multiple_unit_information: list[MultipleUnitInformation] | None = None
    triggers: list[Trigger] | None = None


class ReauthorizationDetails(Wire, frozen=True, kw_only=True):
    service_id: Uint32 | None = None
    rating_group: Uint32 | None = None
    quota_management_indicator: str | None = None


class ChargingNotifyRequest(Wire, frozen=True, kw_only=True):
    """CHF → network: ask again (REAUTHORIZATION) or stop (ABORT_CHARGING)."""

    notification_type: str
    reauthorization_details: list[ReauthorizationDetails] | None = None
