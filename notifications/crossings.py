"""Reading the payload of `bucket.threshold_crossed` (docs/events.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A balance that passed one of its marks; amounts in `unit`, reservations included."""

    bucket_name: str
    service: str
    unit: str
    currency: str
    threshold: str
    percent: str
    """Of what was granted, "" for a mark that is an amount."""
    limit: int
    after: int
    is_low: bool
    device_id: str
    session_ref: str
    is_counter: bool = False
    """Of a usage counter: `after` and `limit` are what was used."""


def read_crossing(payload: Mapping[str, Any]) -> Crossing:
    """The crossing that a payload tells of."""
    return Crossing(
        bucket_name=str(payload.get("name") or payload.get("bucket", "")),
        service=payload.get("service", ""),
        unit=payload.get("unit", ""),
        currency=payload.get("currency", ""),
        threshold=payload.get("threshold", ""),
        percent=_short(payload.get("percent")),
        limit=int(payload["limit"]),
        after=int(payload["after"]),
        is_low=payload["state"] != "normal",
        device_id=payload.get("device") or "",
        session_ref=payload.get("session") or "",
        is_counter=bool(payload.get("is_counter")),
    )


def _short(percent: object) -> str:
    text = "" if percent is None else str(percent)
    return text.rstrip("0").rstrip(".") if "." in text else text
