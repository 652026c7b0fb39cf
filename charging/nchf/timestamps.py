"""Points in time as N40 writes them (DateTime of TS 29.571: RFC 3339 with an offset)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""Field type of a DateTime: `Z` or any offset (`+0100` too) and any number of fraction digits
are read; a time without an offset is refused, because it names no moment."""

_decoder = msgspec.json.Decoder(Timestamp)


def parse_timestamp(text: str) -> datetime:
    """Read one DateTime as an aware datetime in UTC; raises `ValueError` when it is none."""
    try:
        return _decoder.decode(msgspec.json.encode(text)).astimezone(UTC)
    except (msgspec.DecodeError, OverflowError) as error:
        raise ValueError(f"not an RFC 3339 time with an offset: {text!r}") from error


def format_timestamp(moment: datetime) -> str:
    """Write a moment as peers understand it best: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
