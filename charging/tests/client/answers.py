"""Answers for the scripted charging function."""

from __future__ import annotations

from typing import Any

LOCATION = "/nchf-convergedcharging/v3/chargingdata/ref-1"


def entry(rating_group: int, **attributes: Any) -> dict[str, Any]:
    return {"ratingGroup": rating_group, "resultCode": "SUCCESS", **attributes}


def octets(rating_group: int, amount: int, **attributes: Any) -> dict[str, Any]:
    return entry(rating_group, grantedUnit={"totalVolume": amount}, **attributes)


def seconds(rating_group: int, amount: int, **attributes: Any) -> dict[str, Any]:
    return entry(rating_group, grantedUnit={"time": amount}, **attributes)


def events(rating_group: int, amount: int, **attributes: Any) -> dict[str, Any]:
    return entry(rating_group, grantedUnit={"serviceSpecificUnits": amount}, **attributes)


def created(*entries: dict[str, Any], location: str | None = LOCATION) -> dict[str, Any]:
    headers = {"location": location} if location is not None else {}
    return {"status": 201, "headers": headers, "json": answer(*entries)}


def updated(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "json": answer(*entries)}


def answer(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "invocationTimeStamp": "2026-03-02T09:30:00.000Z",
        "invocationSequenceNumber": 0,
        "multipleUnitInformation": list(entries),
    }


RELEASED = {"status": 204}
FINAL = {"finalUnitIndication": {"finalUnitAction": "TERMINATE"}}


def problem(status: int, cause: str) -> dict[str, Any]:
    return {
        "status": status,
        "headers": {"content-type": "application/problem+json"},
        "json": {"status": status, "title": "No", "cause": cause, "detail": f"no: {cause}"},
    }
