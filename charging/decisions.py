"""What was decided about a request, as it is kept in the request log: versioned msgspec bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

Usage = tuple[int, str, int, int]
"""Rating group, UPF, units used, nano-units charged."""

_VERSION: Final = 1


class UnknownDecisionVersion(Exception):
    """The bytes were written by a version of the product that we do not know."""


class Decision(msgspec.Struct, array_like=True, frozen=True):
    """The usage a request reported and the engine's trace (charging/engine/trace.py)."""

    version: int = _VERSION
    usage: list[Usage] = []
    trace: list[list[Any]] = []


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Decision)


def encode(trace: Iterable[tuple[object, ...]], usage: Iterable[Usage]) -> bytes:
    """The bytes of RequestLogEntry.decision."""
    return _encoder.encode((_VERSION, list(usage), list(trace)))


def decode(data: bytes | memoryview) -> Decision:
    """The decision again; nothing was decided where there are no bytes.

    Raises UnknownDecisionVersion.
    """
    if not data:
        return Decision()
    decision = _decoder.decode(data)
    if decision.version != _VERSION:
        raise UnknownDecisionVersion(decision.version)
    return decision
