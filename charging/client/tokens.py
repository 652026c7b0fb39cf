"""Where the client's access tokens come from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

import httpx

from charging.client.http import PinnedTransport, Resolve

EXPIRY_MARGIN_SECONDS = 30
FETCH_TIMEOUT_SECONDS = 10
N40_SCOPE = "nchf-convergedcharging"


class TokenError(Exception):
    """No access token could be had; the text says why."""


class TokenSource(Protocol):
    async def token(self) -> str:
        """A token that should be valid now, "" for none; raises `TokenError`."""
        ...

    async def replacement(self, rejected: str) -> str | None:
        """A token other than the rejected one, None when there is none to be had."""
        ...


class StaticToken:
    """A token from a setting, or none at all."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    async def replacement(self, rejected: str) -> str | None:
        return None


class ClientCredentials:
    """OAuth2 client credentials (RFC 6749 §4.4): fetched once, kept until shortly before expiry.

    Many sessions may ask at the same time; one fetch serves them all.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str = N40_SCOPE,
        monotonic: Callable[[], float] = time.monotonic,
        verify: bool | str = True,
        resolve: Resolve | None = None,
    ) -> None:
        self._token_url = token_url
        self._resolve = resolve
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
        }
        self._monotonic = monotonic
        self._verify = verify
        self._lock = asyncio.Lock()
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:
        async with self._lock:
            if not self._token or self._monotonic() >= self._good_until:
                await self._fetch()
            return self._token

    async def replacement(self, rejected: str) -> str | None:
        async with self._lock:
            if self._token == rejected:
                await self._fetch()
            return self._token if self._token != rejected else None

    async def _fetch(self) -> None:
        answer = await self._ask()
        token, lifetime = answer.get("access_token"), answer.get("expires_in", 300)
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise TokenError("the token endpoint's answer contains no usable access_token")
        self._token = token
        margin = min(EXPIRY_MARGIN_SECONDS, lifetime / 2)
        self._good_until = self._monotonic() + lifetime - margin

    async def _ask(self) -> dict[str, Any]:
        """One fetch in about a quarter of an hour: a connection of its own is cheap enough."""
        try:
            async with httpx.AsyncClient(
                transport=self._transport(), trust_env=False, timeout=FETCH_TIMEOUT_SECONDS
            ) as http:
                response = await http.post(self._token_url, data=self._form)
            content = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise TokenError(f"the token endpoint cannot be reached: {reason}") from error
        except ValueError:
            content = None
        if response.status_code != 200 or not isinstance(content, dict):
            reason = content.get("error", "") if isinstance(content, dict) else ""
            raise TokenError(f"the token endpoint answered {response.status_code} {reason}".strip())
        return content

    def _transport(self) -> httpx.AsyncBaseTransport:
        transport = httpx.AsyncHTTPTransport(http2=True, trust_env=False, verify=self._verify)
        return transport if self._resolve is None else PinnedTransport(transport, self._resolve)
