"""What was decided about a ledger entry made outside sessions, kept with it as msgspec bytes.

Entries of charging sessions are explained by the request log; these say the rest: which period a
price was for, what a transfer's other side is, what a reversal gives back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

_VERSION: Final = 1
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[int, dict[str, Any]])


class UnknownDetailsVersion(Exception):
    """The bytes were written by a version of the product that we do not know."""


def encode_details(details: Mapping[str, Any]) -> bytes | None:
    """The bytes of LedgerEntry.details; None when there is nothing to say."""
    return _encoder.encode((_VERSION, dict(details))) if details else None


def decode_details(data: bytes | memoryview | None) -> dict[str, Any]:
    """The details again. Raises UnknownDetailsVersion."""
    if not data:
        return {}
    version, details = _decoder.decode(data)
    if version != _VERSION:
        raise UnknownDetailsVersion(version)
    return details
