"""What the outside calls rows by that have no name of their own; primary keys are never shown.

ChargingDataRef, what the network calls a session by: 16 random bytes and the account's key, masked
by a keyed hash of the random part. Unguessable, safe in a URL, and an update finds its account to
lock without a look-up.

Buckets and ledger entries: the primary key, enciphered with a key of this installation for each
kind of row. Thirteen letters and digits that tell nothing of how many there are; nothing is stored.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from functools import lru_cache
from typing import Final

from django.conf import settings

_RANDOM_BYTES: Final = 16
_KEY_BYTES: Final = 8
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: no letter that is taken for a digit when read out on the phone."""
_DIGITS: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_LETTERS: Final = 13
"""Of five bits each: room for 64."""
_HALF: Final = 2**32 - 1
_ROUNDS: Final = 4


def make_ref(account_key: int) -> str:
    """A new reference for a session of the account: 32 URL-safe characters."""
    nonce = secrets.token_bytes(_RANDOM_BYTES)
    masked = account_key ^ _mask(nonce)
    return base64.urlsafe_b64encode(nonce + masked.to_bytes(_KEY_BYTES)).decode()


def account_key_of(ref: str) -> int | None:
    """The account named in a reference; None when it is none of ours.

    A forged reference gives a meaningless number: the session is then not found.
    """
    try:
        raw = base64.b64decode(ref, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(raw) != _RANDOM_BYTES + _KEY_BYTES:
        return None
    key = int.from_bytes(raw[_RANDOM_BYTES:]) ^ _mask(raw[:_RANDOM_BYTES])
    return key if key < 2**63 else None


def bucket_ref(key: int) -> str:
    """What a bucket is called outside."""
    return _encipher(key, b"bucket")


def bucket_key(ref: str) -> int | None:
    """The primary key of a bucket's reference; None when it is none."""
    return _decipher(ref, b"bucket")


def entry_ref(key: int) -> str:
    """What a ledger entry is called outside."""
    return _encipher(key, b"ledger-entry")


def entry_key(ref: str) -> int | None:
    """The primary key of a ledger entry's reference; None when it is none."""
    return _decipher(ref, b"ledger-entry")


def _encipher(key: int, kind: bytes) -> str:
    """Four rounds of Feistel over the halves of 64 bits."""
    left, right = key >> 32, key & _HALF
    for turn in range(_ROUNDS):
        left, right = right, left ^ _round(right, turn, kind)
    value = left << 32 | right
    return "".join(_ALPHABET[value >> (5 * place) & 31] for place in range(_LETTERS - 1, -1, -1))


def _decipher(ref: str, kind: bytes) -> int | None:
    value = 0
    for letter in ref:
        digit = _DIGITS.get(letter)
        if digit is None:
            return None
        value = value << 5 | digit
    if len(ref) != _LETTERS or value >> 64:
        return None
    left, right = value >> 32, value & _HALF
    for turn in reversed(range(_ROUNDS)):
        left, right = right ^ _round(left, turn, kind), left
    key = left << 32 | right
    return key if 0 < key < 2**63 else None


def _round(half: int, turn: int, kind: bytes) -> int:
    digest = hashlib.blake2b(
        half.to_bytes(4) + bytes([turn]), digest_size=4, key=_secret(), person=kind
    )
    return int.from_bytes(digest.digest())


def _mask(nonce: bytes) -> int:
    digest = hashlib.blake2b(nonce, digest_size=_KEY_BYTES, key=_secret(), person=b"session-ref")
    return int.from_bytes(digest.digest())


@lru_cache(maxsize=1)
def _secret() -> bytes:
    return hashlib.sha256(settings.SECRET_KEY.encode()).digest()
