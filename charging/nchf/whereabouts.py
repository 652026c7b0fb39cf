"""Where the user is: the one place that decides it, from many that a request may name.

The order is written down in docs/n40.md. What the access network says comes before what core
nodes say of themselves: a message sent abroad is reported by an SMSF at home, and with S8HR a call
made abroad by IMS nodes at home (GSMA IR.65), so the address or network of the node that sends a
request is never taken for the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from charging.nchf.messages import (
    ChargingDataRequest,
    IMSChargingInformation,
    PDUSessionChargingInformation,
    PlmnId,
    UsedUnitContainer,
)

ABROAD: Final = "abroad"
"""In some network that is not the home network, and nobody says which."""

_OUT_BOUND: Final = "OUT_BOUND"
_THREE_DIGIT_MNC_COUNTRIES: Final = frozenset({"302", "334", *map(str, range(310, 317))})
"""Canada, Mexico and the United States number their networks with three digits."""

_CELL: Final = re.compile(r"(?:utran-cell-id-3gpp|cgi-3gpp)=\"?([0-9]{5,6}[0-9a-fA-F]+)")
_ACCESS: Final = (
    ("3GPP-NR", "NR", 15),
    ("3GPP-E-UTRAN", "EUTRA", 11),
    ("3GPP-UTRAN", "UTRA", 11),
    ("3GPP-GERAN", "GERA", 8),
    ("IEEE-802.11", "WLAN", 0),
)
"""Access types of P-Access-Network-Info (TS 24.229 §7.2A.4) as RatType, and how many hexadecimal
digits of area and cell follow the network in its cell identity."""

_LOCATIONS: Final = (
    ("nrLocation", "NR", ("tai", "ncgi")),
    ("eutraLocation", "EUTRA", ("tai", "ecgi")),
    ("utraLocation", "UTRA", ("rai", "sai", "lai", "cgi")),
    ("geraLocation", "GERA", ("rai", "sai", "lai", "cgi")),
    ("n3gaLocation", "WLAN", ("n3gppTai",)),
)
"""The kinds of UserLocation (TS 29.571), and what of each names its network."""


def serving_plmn(request: ChargingDataRequest, container: UsedUnitContainer | None = None) -> str:
    """The network the user is in, as MCC and MNC digits ("26202" is not "262002").

    The first of these that names one: the container, for the time of its usage; the PDU session;
    the message's location; the call's location, its access network, the network it says is
    visited; the cell of a location report. Then ABROAD if the user is said to roam. "" means that
    nothing was said, which stands for the home network.
    """
    if container is not None and (found := container_plmn(container)):
        return found
    return next(filter(None, _plmn_sources(request)), "")


def container_plmn(container: UsedUnitContainer) -> str:
    """The network in which the container's units were used; "" when it does not say."""
    conditions = container.pdu_container_information
    if conditions is None:
        return ""
    nodes = (_node_plmn(node) for node in _as_list(_raw(conditions.serving_node_id)))
    return next(filter(None, nodes), "") or _location_plmn(conditions.user_location_information)


def _plmn_sources(request: ChargingDataRequest) -> Iterator[str]:
    if (pdu := request.pdu_session_charging_information) is not None:
        yield from _pdu_session_plmns(pdu)
    if (sms := request.sms_charging_information) is not None:
        yield _location_plmn(sms.user_location_info)
    if (ims := request.ims_charging_information) is not None:
        yield _location_plmn(ims.user_location_info)
        yield from (plmn for _, plmn in _access_networks(ims))
        yield _visited_network_plmn(ims.ims_visited_network_identifier or "")
    report = _raw(request.location_reporting_charging_information)
    yield _plmn_at(report, "pSCellInformation", "nrcgi", "plmnId")
    yield _plmn_at(report, "psCellInformation", "nrcgi", "plmnId")
    if _is_out_bound(request):
        yield ABROAD


def _is_out_bound(request: ChargingDataRequest) -> bool:
    pdu, sms = request.pdu_session_charging_information, request.sms_charging_information
    ims = request.ims_charging_information
    users = [block.user_information for block in (pdu, ims) if block is not None]
    said = [user.roamer_in_out for user in users if user is not None]
    return _OUT_BOUND in said or (sms is not None and sms.roamer_in_out == _OUT_BOUND)


def _pdu_session_plmns(pdu: PDUSessionChargingInformation) -> Iterator[str]:
    session = pdu.pdu_session_information
    if session is not None:
        yield plmn_digits(session.serving_cn_plmn_id)
        if (serving := session.serving_network_function_id) is not None:
            function = serving.serving_network_function_information
            yield plmn_digits(function.nf_plmn_id if function else None)
    yield _location_plmn(pdu.user_location_info)


# ── radio access ─────────────────────────────────────────────────────────────────────────────


def rat_type(request: ChargingDataRequest) -> str:
    """RatType of the request (TS 29.571): as a block says, else by its location or access."""
    pdu, sms = request.pdu_session_charging_information, request.sms_charging_information
    ims = request.ims_charging_information
    if pdu is not None:
        session = pdu.pdu_session_information
        if session is not None and session.rat_type:
            return session.rat_type
        if found := _location_rat(pdu.user_location_info):
            return found
    if sms is not None and (found := sms.rat_type or _location_rat(sms.user_location_info)):
        return found
    if ims is not None:
        rats = (rat for rat, _ in _access_networks(ims))
        return _location_rat(ims.user_location_info) or next(rats, "")
    return ""


def container_rat(container: UsedUnitContainer) -> str:
    """The same of the time of a container's usage; "" when it does not say."""
    conditions = container.pdu_container_information
    if conditions is None:
        return ""
    return conditions.rat_type or _location_rat(conditions.user_location_information)


# ── reading what names a network ─────────────────────────────────────────────────────────────


def plmn_digits(plmn: PlmnId | None) -> str:
    return f"{plmn.mcc}{plmn.mnc}" if plmn else ""


def _node_plmn(node: Any) -> str:
    return _plmn_at(node, "servingNetworkFunctionInformation", "nFPLMNID")


def _location_plmn(location: msgspec.Raw) -> str:
    content = _raw(location)
    if not isinstance(content, dict):
        return ""
    for kind, _, areas in _LOCATIONS:
        found = content.get(kind)
        if isinstance(found, dict):
            for area in areas:
                if found.get(f"ignore{area.capitalize()}") is True:
                    continue
                if plmn := _plmn_at(found, area, "plmnId"):
                    return plmn
    return ""


def _location_rat(location: msgspec.Raw) -> str:
    content = _raw(location)
    if not isinstance(content, dict):
        return ""
    return next((rat for kind, rat, _ in _LOCATIONS if isinstance(content.get(kind), dict)), "")


def _access_networks(ims: IMSChargingInformation) -> Iterator[tuple[str, str]]:
    """RAT and network of each P-Access-Network-Info that the IMS nodes passed on."""
    for text in (
        *_texts(ims.access_network_information),
        *_texts(ims.additional_access_network_information),
        *_texts(ims.cellular_network_information),
    ):
        header = _header_text(text)
        for access, rat, trailing in _ACCESS:
            if header.upper().startswith(access):
                yield rat, _cell_plmn(header, trailing)
                break


def _cell_plmn(header: str, trailing: int) -> str:
    """MCC and MNC are what remains of a cell identity without its area and cell."""
    match = _CELL.search(header)
    if match is None or not trailing:
        return ""
    plmn = match[1][:-trailing]
    return plmn if len(plmn) in (5, 6) and plmn.isdigit() else ""


def _header_text(text: str) -> str:
    """A header's text, which some send as the hexadecimal digits of an OctetString."""
    try:
        return bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text.strip()


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


def _texts(content: msgspec.Raw) -> list[str]:
    found = _raw(content)
    listed = found if isinstance(found, list) else [found]
    return [text for text in listed if isinstance(text, str)]


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
