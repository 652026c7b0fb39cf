"""Where the user is: every place that may tell it, and which one wins."""

from __future__ import annotations

from typing import Any

import pytest

from charging.nchf import whereabouts
from charging.nchf.decoding import decode_request
from charging.nchf.messages import ChargingDataRequest
from charging.tests.nchf.bodies import encoded, free5gc_create, totogi_create, with_usage


def request_with(**attributes: Any) -> ChargingDataRequest:
    return decode_request(encoded(with_usage(**attributes)))


def first_container(**attributes: Any) -> tuple[Any, ChargingDataRequest]:
    usage = {"ratingGroup": 1, "usedUnitContainer": [attributes]}
    request = decode_request(encoded(with_usage(usage)))
    assert request.multiple_unit_usage
    containers = request.multiple_unit_usage[0].used_unit_container
    assert containers
    return containers[0], request


def tai(mcc: str, mnc: str) -> dict[str, Any]:
    return {"tai": {"plmnId": {"mcc": mcc, "mnc": mnc}, "tac": "000001"}}


def test_what_a_container_says_of_its_network_comes_before_the_session():
    block = {"pduSessionInformation": {"servingCNPlmnId": {"mcc": "262", "mnc": "02"}}}
    conditions = {"userLocationInformation": {"nrLocation": tai("214", "07")}}
    container, _ = first_container(pDUContainerInformation=conditions)

    request = request_with(pDUSessionChargingInformation=block)

    assert whereabouts.serving_plmn(request, container) == "21407"
    assert whereabouts.serving_plmn(request) == "26202"


def test_the_serving_node_of_a_container_comes_first_of_all():
    node = {"servingNetworkFunctionInformation": {"nFPLMNID": {"mcc": "208", "mnc": "93"}}}
    conditions = {
        "servingNodeID": [{"odd": 1}, node],
        "userLocationInformation": {"nrLocation": tai("214", "07")},
    }

    container, request = first_container(pDUContainerInformation=conditions)

    assert whereabouts.serving_plmn(request, container) == "20893"


@pytest.mark.parametrize(
    ("attributes", "plmn"),
    [
        (
            {
                "pDUSessionChargingInformation": {
                    "pduSessionInformation": {
                        "servingNetworkFunctionID": {
                            "servingNetworkFunctionInformation": {
                                "nodeFunctionality": "AMF",
                                "nFPLMNID": {"mcc": "262", "mnc": "002"},
                            }
                        }
                    }
                }
            },
            "262002",
        ),
        (
            {
                "pDUSessionChargingInformation": {
                    "userLocationinfo": {"eutraLocation": tai("1", "2")}
                }
            },
            "12",
        ),
        (
            {
                "iMSChargingInformation": {
                    "imsVisitedNetworkIdentifier": "ims.mnc002.mcc262.3gppnetwork.org"
                }
            },
            "26202",
        ),
        (
            {
                "iMSChargingInformation": {
                    "imsVisitedNetworkIdentifier": "ims.mnc020.mcc310.3gppnetwork.org"
                }
            },
            "310020",
        ),
        (
            {"iMSChargingInformation": {"userLocationInfo": {"nrLocation": tai("262", "02")}}},
            "26202",
        ),
        (
            {"sMSChargingInformation": {"userLocationinfo": {"nrLocation": tai("262", "02")}}},
            "26202",
        ),
        ({"locationReportingChargingInformation": "nonsense"}, ""),
        ({"locationReportingChargingInformation": {"pSCellInformation": {"nrcgi": [1]}}}, ""),
        ({}, ""),
    ],
)
def test_the_serving_network_is_found_wherever_it_is_named(attributes: dict[str, Any], plmn: str):
    assert whereabouts.serving_plmn(request_with(**attributes)) == plmn


def test_the_cell_that_totogi_reports_names_the_network():
    assert whereabouts.serving_plmn(decode_request(encoded(totogi_create()))) == "310170"


def test_free5gc_names_no_network_which_stands_for_home():
    assert whereabouts.serving_plmn(decode_request(encoded(free5gc_create()))) == ""


def sms(**block: Any) -> ChargingDataRequest:
    """As an SMSF of the home network sends it."""
    return decode_request(
        encoded(
            {
                **with_usage(),
                "nfConsumerIdentification": {
                    "nodeFunctionality": "SMSF",
                    "nFPLMNID": {"mcc": "262", "mnc": "01"},
                },
                "sMSChargingInformation": {"sMSCAddress": "491710760000", **block},
            }
        )
    )


def test_a_message_sent_abroad_is_where_the_access_network_says():
    abroad = sms(userLocationinfo={"nrLocation": tai("214", "07")})

    assert whereabouts.serving_plmn(abroad) == "21407"


def test_the_node_that_sends_a_request_says_nothing_of_the_user():
    assert whereabouts.serving_plmn(sms()) == ""


def test_a_user_who_is_said_to_roam_is_abroad_though_nobody_says_where():
    assert whereabouts.serving_plmn(sms(roamerInOut="OUT_BOUND")) == whereabouts.ABROAD
    assert whereabouts.serving_plmn(sms(roamerInOut="IN_BOUND")) == ""
    for block in ("pDUSessionChargingInformation", "iMSChargingInformation"):
        request = request_with(**{block: {"userInformation": {"roamerInOut": "OUT_BOUND"}}})
        assert whereabouts.serving_plmn(request) == whereabouts.ABROAD


@pytest.mark.parametrize(
    ("header", "plmn", "rat"),
    [
        # MCC 262, MNC 02, TAC 4 and cell 7 hexadecimal digits
        ("3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=26202A1B20C3D4E5", "26202", "EUTRA"),
        # MCC 310, MNC 410: three digits, told by the length alone
        ("3GPP-E-UTRAN-TDD;utran-cell-id-3gpp=310410A1B20C3D4E5", "310410", "EUTRA"),
        # TAC 6 and cell 9 hexadecimal digits
        ('3GPP-NR-FDD;utran-cell-id-3gpp="262020000010C3D4E5F6"', "26202", "NR"),
        ("3GPP-UTRAN-FDD;utran-cell-id-3gpp=26202A1B20C3D4E5", "26202", "UTRA"),
        ("3GPP-GERAN;cgi-3gpp=26202A1B2C3D4", "26202", "GERA"),
        ("IEEE-802.11;i-wlan-node-id=ffffffffffff", "", "WLAN"),
        ("3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=26202", "", "EUTRA"),
        ("DOCSIS;dsl-location=x", "", ""),
    ],
)
def test_the_access_network_of_a_call_names_network_and_radio(header: str, plmn: str, rat: str):
    for text in (header, header.encode().hex()):
        call = request_with(iMSChargingInformation={"accessNetworkInformation": [text]})
        assert whereabouts.serving_plmn(call) == plmn
        assert whereabouts.rat_type(call) == rat


def test_a_call_made_abroad_through_nodes_at_home_is_abroad():
    """S8HR: the visited network of the IMS nodes is the home network."""
    call = request_with(
        iMSChargingInformation={
            "imsVisitedNetworkIdentifier": "ims.mnc001.mcc262.3gppnetwork.org",
            "accessNetworkInformation": ["3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=21407A1B20C3D4E5"],
        }
    )

    assert whereabouts.serving_plmn(call) == "21407"


@pytest.mark.parametrize(
    ("location", "plmn", "rat"),
    [
        ({"nrLocation": {"ncgi": {"plmnId": {"mcc": "262", "mnc": "02"}}}}, "26202", "NR"),
        (
            {
                "eutraLocation": {
                    **tai("262", "01"),
                    "ignoreTai": True,
                    "ecgi": {"plmnId": {"mcc": "262", "mnc": "02"}},
                }
            },
            "26202",
            "EUTRA",
        ),
        ({"utraLocation": {"sai": {"plmnId": {"mcc": "262", "mnc": "02"}}}}, "26202", "UTRA"),
        ({"geraLocation": {"cgi": {"plmnId": {"mcc": "262", "mnc": "02"}}}}, "26202", "GERA"),
        ({"n3gaLocation": {"n3gppTai": {"plmnId": {"mcc": "262", "mnc": "02"}}}}, "26202", "WLAN"),
        ({"nrLocation": None, "plmnLocation": 7}, "", ""),
        ([1], "", ""),
        ("x", "", ""),
    ],
)
def test_every_kind_of_location_names_its_network(location: Any, plmn: str, rat: str):
    session = request_with(pDUSessionChargingInformation={"userLocationinfo": location})
    message = sms(userLocationinfo=location)

    assert whereabouts.serving_plmn(session) == whereabouts.serving_plmn(message) == plmn
    assert whereabouts.rat_type(session) == whereabouts.rat_type(message) == rat


def test_the_radio_that_is_named_comes_before_the_one_of_the_location():
    session = request_with(
        pDUSessionChargingInformation={
            "pduSessionInformation": {"ratType": "NBIOT"},
            "userLocationinfo": {"eutraLocation": tai("262", "01")},
        }
    )

    assert whereabouts.rat_type(session) == "NBIOT"
    assert whereabouts.rat_type(sms(rATType="LTE-M")) == "LTE-M"
    assert whereabouts.rat_type(sms()) == ""
