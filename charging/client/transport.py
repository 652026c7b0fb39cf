"""The three operations of N40 against one charging function."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import msgspec

from charging.client.exchange import Exchange
from charging.client.http import HttpAnswer, HttpTransport, HttpxTransport, NoAnswer
from charging.client.tokens import StaticToken, TokenError, TokenSource
from charging.nchf.messages import Operation

API_PATH = "/nchf-convergedcharging/v3"
REDIRECTS_MAX = 3
RESEND_DELAY_MAX_SECONDS = 5.0
_TEXT_MAX = 2000


class InvalidBaseUrl(ValueError):
    """The charging function's address is no http(s) URL."""


def api_root(base_url: str) -> str:
    """`{apiRoot}` of an address typed by a person: with or without the API's path."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidBaseUrl(f"{base_url!r} is not an http:// or https:// address")
    prefix = parts.path.rstrip("/").removesuffix(API_PATH)
    return f"{parts.scheme}://{parts.netloc}{prefix}"


def reference_in(location: str) -> str:
    """The ChargingDataRef of a Location: absolute, relative, or nothing but the reference."""
    return urlsplit(location.strip()).path.rstrip("/").rpartition("/")[2]


@dataclass(slots=True)
class _Transmissions:
    """How often one request went out, and where to."""

    url: str
    count: int = 0
    body: dict[str, Any] = field(default_factory=dict)


class ChargingConnection:
    """Many charging sessions over one HTTP/2 connection to a charging function.

    A request without an answer, or with a 5xx, is sent once more with retransmissionIndicator;
    one with a 4xx never is, except that a 401 is tried again with a fresh token (TS 32.290
    §5.3.2, TS 29.500 §5.2.3). `capital_data` writes the resource as `chargingData`, the way
    Totogi does.
    """

    def __init__(
        self,
        base_url: str,
        token_source: TokenSource | None = None,
        *,
        http: HttpTransport | None = None,
        timeout_seconds: float = 5.0,
        resend_delay_seconds: float = 0.2,
        capital_data: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        resource = "chargingData" if capital_data else "chargingdata"
        self._resource_url = f"{api_root(base_url)}{API_PATH}/{resource}"
        self._tokens = token_source or StaticToken()
        self._http = http or HttpxTransport(timeout_seconds=timeout_seconds)
        self._resend_delay_seconds = resend_delay_seconds
        self._clock = clock

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    def url_of(self, operation: Operation, reference: str = "") -> str:
        if operation is Operation.CREATE:
            return self._resource_url
        assert reference, "update and release need a ChargingDataRef"
        return f"{self._resource_url}/{reference}/{operation}"

    async def send(
        self,
        operation: Operation,
        body: dict[str, Any],
        *,
        reference: str = "",
        is_repeat: bool = False,
    ) -> Exchange:
        """Send one request to its end; never raises for what the network or the peer does.

        `is_repeat`: an earlier process may have sent this very request already.
        """
        sent_at, started = self._clock(), time.monotonic()
        sending = _Transmissions(url=self.url_of(operation, reference))
        answer, error = await self._try_twice(sending, body, is_repeat=is_repeat)
        content = _json_object(answer.body) if answer else None
        return Exchange(
            operation=operation,
            url=sending.url,
            sequence_number=body.get("invocationSequenceNumber", 0),
            request=sending.body,
            status=answer.status if answer else None,
            answer=content,
            answer_text=_text(answer.body) if answer and content is None else "",
            location=answer.headers.get("location", "") if answer else "",
            error=error,
            transmissions=sending.count,
            sent_at=sent_at,
            duration_seconds=time.monotonic() - started,
        )

    async def _try_twice(
        self, sending: _Transmissions, body: dict[str, Any], *, is_repeat: bool
    ) -> tuple[HttpAnswer | None, str]:
        answer, error = await self._try(sending, _marked(body) if is_repeat else body)
        if answer is None or answer.status >= 500:
            await asyncio.sleep(self._pause(answer))
            answer, error = await self._try(sending, _marked(body))
        return answer, error

    async def _try(
        self, sending: _Transmissions, body: dict[str, Any]
    ) -> tuple[HttpAnswer | None, str]:
        """One transmission, with a fresh token if the first is refused."""
        sending.body = body
        try:
            token = await self._tokens.token()
            answer = await self._transmit(sending, token)
            if answer.status == 401 and (fresh := await self._tokens.replacement(token)):
                answer = await self._transmit(sending, fresh)
        except (NoAnswer, TokenError) as error:
            return None, str(error)
        return answer, ""

    async def _transmit(self, sending: _Transmissions, token: str) -> HttpAnswer:
        sending.count += 1
        headers = {
            "content-type": "application/json",
            "accept": "application/json, application/problem+json",
        }
        if token:
            headers["authorization"] = f"Bearer {token}"
        content = msgspec.json.encode(sending.body)
        for _ in range(1 + REDIRECTS_MAX):
            answer = await self._http.post(sending.url, headers=headers, body=content)
            if answer.status not in (307, 308) or not answer.headers.get("location"):
                return answer
            sending.url = self._redirected(sending.url, answer.headers["location"])
        raise NoAnswer(f"redirected more than {REDIRECTS_MAX} times")

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise NoAnswer("redirected from https to a connection without encryption")
        return target

    def _pause(self, answer: HttpAnswer | None) -> float:
        """Seconds before a re-send: what Retry-After asks, within reason."""
        asked = answer.headers.get("retry-after", "") if answer else ""
        if not asked.isdecimal():
            return self._resend_delay_seconds
        return min(float(asked), RESEND_DELAY_MAX_SECONDS)


def _marked(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "retransmissionIndicator": True}


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _text(content: bytes) -> str:
    return content[:_TEXT_MAX].decode(errors="replace")
