"""What a request tells of how and where the network is used, before anybody judges it.

A session's later requests tell less than its first: an SMF need not repeat slice and DNN, an IMS
node the number that was called. So what was told is kept with the session, and fills the gaps.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from charging.nchf import reading, whereabouts
from charging.nchf.messages import (
    ChargingDataRequest,
    IMSChargingInformation,
    PDUSessionInformation,
    UsedUnitContainer,
)

LENGTH_MAX: Final = 100
"""Of each text: sessions keep them, and nothing longer means anything."""

_OPERATOR: Final = re.compile(r"\.mnc\d{2,3}\.mcc\d{3}(\.gprs)?\Z")
_FLAGS: Final = re.compile(r"[0-9a-fA-F]{1,4}")
_NO_DIFFERENTIATOR: Final = "FFFFFF"


class Told(msgspec.Struct, frozen=True, array_like=True):
    """Empty is untold. Stored with sessions: fields are added at the end and never moved."""

    called: str = ""
    """Called party or recipient as it came, not yet normalised."""
    network: str = ""
    home: str = ""
    rat: str = ""
    dnn: str = ""
    slice: str = ""
    characteristics: str = ""
    category: str = ""

    @property
    def flags(self) -> int:
        """The charging characteristics as 16 bits; 0 when they are no hexadecimal digits."""
        if not _FLAGS.fullmatch(self.characteristics):
            return 0
        return int(self.characteristics, 16)

    def over(self, earlier: Told) -> Told:
        """This, with what it leaves untold from an earlier request of the session."""
        if self == earlier or earlier == NOTHING:
            return self
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(earlier), strict=True)
        return Told(*(now or before for now, before in pairs))


NOTHING: Final = Told()


def told(request: ChargingDataRequest) -> Told:
    """Of the moment of the request."""
    pdu = request.pdu_session_charging_information
    session = (pdu.pdu_session_information if pdu else None) or PDUSessionInformation()
    return Told(
        called=reading.called_address(request)[:LENGTH_MAX],
        network=whereabouts.serving_plmn(request)[:LENGTH_MAX],
        home=whereabouts.plmn_digits(session.h_plmn_id)[:LENGTH_MAX],
        rat=whereabouts.rat_type(request)[:LENGTH_MAX],
        dnn=dnn_name((session.dnn_id or "")[:LENGTH_MAX]),
        slice=_slice(session)[:LENGTH_MAX],
        characteristics=(session.charging_characteristics or "")[:LENGTH_MAX],
        category=_category(request),
    )


def told_of_container(container: UsedUnitContainer, request: Told) -> Told:
    """Of the time of a container's usage, which may have been elsewhere; else as the request."""
    if container.pdu_container_information is None:
        return request
    network = whereabouts.container_plmn(container)[:LENGTH_MAX] or request.network
    rat = whereabouts.container_rat(container)[:LENGTH_MAX] or request.rat
    if (network, rat) == (request.network, request.rat):
        return request
    return msgspec.structs.replace(request, network=network, rat=rat)


def dnn_name(dnn: str) -> str:
    """`Internet.mnc001.mcc214.gprs` → "internet": the network identifier in small letters, since
    names of domains are the same in either case (TS 23.003 §9.1)."""
    return _OPERATOR.sub("", dnn.strip().lower())


def _slice(session: PDUSessionInformation) -> str:
    """ "1" or "1-0000FF"; an SD of FFFFFF means none (TS 23.003 §28.4.2)."""
    chosen = session.network_slicing_info and session.network_slicing_info.s_nssai
    if not chosen:
        return ""
    sd = (chosen.sd or _NO_DIFFERENTIATOR).upper()
    return str(chosen.sst) if sd == _NO_DIFFERENTIATOR else f"{chosen.sst}-{sd}"


def _category(request: ChargingDataRequest) -> str:
    """Kinds of use that one rating group may carry: what the user receives costs other than what
    it sends, and a call with a picture other than one without."""
    if (ims := request.ims_charging_information) is not None:
        if ims.role_of_node == "TERMINATING":
            return "received"
        return "video" if _has_picture(ims) else "call"
    if (sms := request.sms_charging_information) is not None:
        return "received" if sms.sm_message_type == "DELIVERY" else "sms"
    return "data" if request.pdu_session_charging_information is not None else ""


def _has_picture(ims: IMSChargingInformation) -> bool:
    """Whether one of the media is "video …", as SDP names it (RFC 8866 §5.14)."""
    names = [media.sdp_media_name or "" for media in ims.sdp_media_component or ()]
    return any(name.lower().removeprefix("m=").startswith("video") for name in names)
