"""Access tokens: short-lived JWTs, signed by the portal, checked by portal and charging function.

Signed with ES256 so that the charging function holds only the public key. A token names the
tenant, the client and its scopes; it lives at most `LIFETIME_SECONDS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

LIFETIME_SECONDS: Final = 900
_ALGORITHM: Final = "ES256"
_ISSUER: Final = "portal"


class InvalidToken(Exception):
    """The token is malformed, expired, or not signed by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a valid token says."""

    token_id: str
    tenant_id: int
    tenant_slug: str
    client_key: int
    """ApiClient's primary key."""
    client_name: str
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime


def issue(
    *,
    tenant_id: int,
    tenant_slug: str,
    client_key: int,
    client_name: str,
    scopes: Iterable[str],
    now: datetime,
    lifetime_seconds: int = LIFETIME_SECONDS,
) -> str:
    """Sign a token; `lifetime_seconds` is capped at LIFETIME_SECONDS."""
    lifetime = min(lifetime_seconds, LIFETIME_SECONDS)
    payload = {
        "iss": _ISSUER,
        "jti": uuid.uuid4().hex,
        "sub": str(client_key),
        "name": client_name,
        "tid": tenant_id,
        "tenant": tenant_slug,
        "scope": " ".join(sorted(scopes)),
        "iat": now.timestamp(),
        "exp": int((now + timedelta(seconds=lifetime)).timestamp()),
    }
    return jwt.encode(payload, _private_key(), algorithm=_ALGORITHM)


def verify(token: str) -> Claims:
    """Check signature and lifetime. Raises InvalidToken; revocation is the caller's to check."""
    try:
        payload = jwt.decode(
            token,
            _public_key(),
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["exp", "iat", "jti", "sub", "tid"]},
        )
        return Claims(
            token_id=payload["jti"],
            tenant_id=int(payload["tid"]),
            tenant_slug=str(payload["tenant"]),
            client_key=int(payload["sub"]),
            client_name=str(payload["name"]),
            scopes=frozenset(str(payload["scope"]).split()),
            issued_at=datetime.fromtimestamp(payload["iat"], UTC),
            expires_at=datetime.fromtimestamp(payload["exp"], UTC),
        )
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise InvalidToken(str(error)) from error


def generate_key(path: Path) -> None:
    """Write a new private key that only its owner can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(text)


@lru_cache(maxsize=1)
def _private_key() -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(settings.TOKEN_SIGNING_KEY.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


@lru_cache(maxsize=1)
def _public_key() -> ec.EllipticCurvePublicKey:
    if settings.TOKEN_PUBLIC_KEY:
        key = serialization.load_pem_public_key(settings.TOKEN_PUBLIC_KEY.encode())
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return key
    return _private_key().public_key()
