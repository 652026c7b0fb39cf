"""ChargingDataRef: what the network calls a session by.

16 random bytes and the account's key, masked by a keyed hash of the random part: unguessable,
safe in a URL, and an update finds its account to lock without a look-up.
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


def _mask(nonce: bytes) -> int:
    digest = hashlib.blake2b(nonce, digest_size=_KEY_BYTES, key=_secret(), person=b"session-ref")
    return int.from_bytes(digest.digest())


@lru_cache(maxsize=1)
def _secret() -> bytes:
    return hashlib.sha256(settings.SECRET_KEY.encode()).digest()
