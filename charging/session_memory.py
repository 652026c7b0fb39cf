"""What a session's row remembers between requests, as versioned msgspec bytes.

The engine's state (reservations, running totals), what the network told of where and how it is
used, and the last answers, from which a repeated request is answered (TS 32.291
retransmissionIndicator).
"""

from __future__ import annotations

from typing import Final

import msgspec

from charging.engine.values import SessionState
from charging.nchf.told import NOTHING, Told

ANSWERS_KEPT: Final = 8
_VERSION: Final = 1


class Answer(msgspec.Struct, array_like=True):
    """One answered request of the session."""

    operation: str
    sequence_number: int
    fingerprint: bytes
    status: int
    body: bytes


class _StateBox(msgspec.Struct, array_like=True):
    version: int
    state: SessionState
    told: Told = NOTHING
    """Absent in sessions of older versions."""


class _AnswersBox(msgspec.Struct, array_like=True):
    version: int
    answers: list[Answer]


_encoder = msgspec.msgpack.Encoder()
_state_decoder = msgspec.msgpack.Decoder(_StateBox)
_answers_decoder = msgspec.msgpack.Decoder(_AnswersBox)


def encode_state(state: SessionState, told: Told = NOTHING) -> bytes:
    return _encoder.encode(_StateBox(_VERSION, state, told))


def decode_memory(stored: bytes) -> tuple[SessionState, Told]:
    """Raises msgspec.DecodeError for bytes that are not a state."""
    if not stored:
        return SessionState(), NOTHING
    box = _state_decoder.decode(stored)
    return box.state, box.told


def decode_state(stored: bytes) -> SessionState:
    """Only what the engine remembers. Raises msgspec.DecodeError."""
    return decode_memory(stored)[0]


def encode_answers(answers: list[Answer]) -> bytes:
    return _encoder.encode(_AnswersBox(_VERSION, answers[-ANSWERS_KEPT:]))


def decode_answers(stored: bytes) -> list[Answer]:
    return _answers_decoder.decode(stored).answers if stored else []


def find_answer(
    answers: list[Answer],
    *,
    operation: str,
    sequence_number: int,
    fingerprint: bytes,
    is_retransmission: bool,
) -> Answer | None:
    """The answer already given to this request.

    The same operation and sequence number prove nothing by themselves, since real SMFs send 0
    for ever; the body's fingerprint does or, where none is equal, the sender's own word.
    """
    newest: Answer | None = None
    for answer in reversed(answers):
        if answer.operation == operation and answer.sequence_number == sequence_number:
            if answer.fingerprint == fingerprint:
                return answer
            newest = newest or answer
    return newest if is_retransmission else None
