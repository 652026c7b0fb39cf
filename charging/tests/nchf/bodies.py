"""Requests as different networks write them."""

from __future__ import annotations

import json
from typing import Any


def encoded(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def smallest() -> dict[str, Any]:
    """Only what TS 32.291 requires."""
    return {
        "nfConsumerIdentification": {"nodeFunctionality": "SMF"},
        "invocationTimeStamp": "2026-03-02T09:30:00Z",
        "invocationSequenceNumber": 1,
    }


def with_usage(*usages: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {**smallest(), "multipleUnitUsage": list(usages), **attributes}


def free5gc_create() -> dict[str, Any]:
    """No quota asked, sequence 0, a name that is no UUID, local time with nanoseconds."""
    return {
        "subscriberIdentifier": "imsi-208930000000001",
        "chargingId": 7,
        "nfConsumerIdentification": {
            "nFName": "SMF",
            "nFIPv4Address": "127.0.0.2",
            "nodeFunctionality": "SMF",
        },
        "invocationTimeStamp": "2026-03-02T17:30:00.123456789+08:00",
        "invocationSequenceNumber": 0,
        "notifyUri": "http://127.0.0.2:8000/nsmf-callback/notify_urn:uuid:1",
        "pDUSessionChargingInformation": {
            "chargingId": 7,
            "userInformation": {"servedGPSI": "msisdn-0900000000", "servedPEI": "imeisv-1110000"},
            "pduSessionInformation": {
                "pduSessionID": 1,
                "networkSlicingInfo": {"sNSSAI": {"sst": 1, "sd": "010203"}},
                "pduType": "IPV4",
                "servingNetworkFunctionID": {
                    "servingNetworkFunctionInformation": {"nodeFunctionality": "AMF"}
                },
                "dnnId": "internet",
            },
        },
    }


def free5gc_update() -> dict[str, Any]:
    """One online and one offline rating group; the offline one asks for `{}` as well."""
    upf_id = "0a1b2c3d-0000-4000-8000-000000000001"
    report = {
        "triggers": [{"triggerType": "VOLUME_LIMIT", "triggerCategory": "IMMEDIATE_REPORT"}],
        "triggerTimestamp": "2026-03-02T17:31:00.5+08:00",
        "localSequenceNumber": 0,
    }
    online = {
        "ratingGroup": 1,
        "uPFID": upf_id,
        "requestedUnit": {"totalVolume": 1000, "uplinkVolume": 1000, "downlinkVolume": 1000},
        "usedUnitContainer": [
            {
                **report,
                "quotaManagementIndicator": "ONLINE_CHARGING",
                "totalVolume": 900,
                "uplinkVolume": 300,
                "downlinkVolume": 600,
            }
        ],
    }
    offline = {
        "ratingGroup": 2,
        "uPFID": upf_id,
        "requestedUnit": {},
        "usedUnitContainer": [
            {**report, "quotaManagementIndicator": "OFFLINE_CHARGING", "totalVolume": 50}
        ],
    }
    return {**free5gc_create(), "multipleUnitUsage": [online, offline]}


def totogi_create() -> dict[str, Any]:
    """Bare device id, tenant, a container of nothing, a location block that breaks its types."""
    return {
        "subscriberIdentifier": "phone-1",
        "tenantIdentifier": "northwind",
        "nfConsumerIdentification": {"nodeFunctionality": "SMF"},
        "invocationTimeStamp": "2026-03-02T09:30:00.000Z",
        "invocationSequenceNumber": 1,
        "multipleUnitUsage": [
            {
                "ratingGroup": 100,
                "requestedUnit": {"time": 252},
                "usedUnitContainer": [
                    {
                        "serviceId": 1,
                        "time": 0,
                        "triggerTimestamp": "2026-03-02T09:30:00.000Z",
                        "localSequenceNumber": 1,
                    }
                ],
            }
        ],
        "iMSChargingInformation": {"calledPartyAddress": "34911222333"},
        "locationReportingChargingInformation": {
            "pSCellInformation": {
                "nrcgi": {
                    "plmnId": {"mcc": "310", "mnc": "170"},
                    "nrCellId": "1",
                    "nid": "x",
                }
            }
        },
    }
