"""Signing webhooks the way of standardwebhooks.com, for which receivers find ready libraries.

`webhook-signature: v1,<base64>` is HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`
with the secret's bytes; the timestamp lets a receiver refuse old deliveries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

SECRET_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 24


def new_secret() -> str:
    """What sender and receiver share, as the receiver is shown it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    *, secret: str, message_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """The three headers of a delivery."""
    timestamp = str(int(sent_at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature(secret, message_id, timestamp, body)}",
    }


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
