"""HTTP/2 behind a small interface, so that a faster client can take httpx's place."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

Resolve = Callable[[str, int], Awaitable[str]]
"""The address to connect to for a host and port. Raises httpx.ConnectError to refuse."""

ANSWER_LIMIT_BYTES = 2**20
CONCURRENT_STREAMS = 100


class NoAnswer(Exception):
    """The request may or may not have arrived: timeout, connection refused or lost."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class HttpTransport(Protocol):
    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send one request; raises `NoAnswer`."""
        ...

    async def aclose(self) -> None: ...


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the address that `resolve` gave, so that DNS cannot change its mind between
    the check and the call; the peer's certificate must still be that of the name."""

    def __init__(self, inner: httpx.AsyncBaseTransport, resolve: Resolve) -> None:
        self._inner = inner
        self._resolve = resolve
        self._addresses: dict[tuple[str, int], str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        peer = (url.host, url.port or (443 if url.scheme == "https" else 80))
        if peer not in self._addresses:
            self._addresses[peer] = await self._resolve(*peer)
        pinned = httpx.Request(
            request.method,
            url.copy_with(host=self._addresses[peer]),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpxTransport:
    """One HTTP/2 connection per peer with many streams, by httpx.

    `http://` speaks HTTP/2 with prior knowledge, `https://` negotiates `h2` by ALPN. The time
    limit is kept here and not by httpx, whose read timeout would end the whole connection and
    every other request on it.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = 5.0,
        verify: bool | ssl.SSLContext = True,
        resolve: Resolve | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve
        self._verify = httpx.create_ssl_context() if verify is True else verify
        self._streams = asyncio.Semaphore(CONCURRENT_STREAMS)
        self._http = self._open()
        self._retired: list[httpx.AsyncClient] = []
        self._answers = 0

    def _open(self) -> httpx.AsyncClient:
        transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(
            http1=False,
            http2=True,
            trust_env=False,
            verify=self._verify,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )
        if self._resolve is not None:
            transport = PinnedTransport(transport, self._resolve)
        timeout = httpx.Timeout(None, connect=self._timeout_seconds)
        return httpx.AsyncClient(transport=transport, trust_env=False, timeout=timeout)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        async with self._streams:
            http, answers_before = self._http, self._answers
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await self._exchange(http, url, headers, body)
            except TimeoutError:
                if self._answers == answers_before:
                    self._retire(http)
                raise NoAnswer(f"no answer within {self._timeout_seconds:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise NoAnswer(str(error) or type(error).__name__) from error
            self._answers += 1
            return answer

    async def _exchange(
        self, http: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        async with http.stream("POST", url, headers=headers, content=body) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > ANSWER_LIMIT_BYTES:
                    raise NoAnswer(f"the answer is longer than {ANSWER_LIMIT_BYTES} bytes")
            return HttpAnswer(response.status_code, dict(response.headers), bytes(content))

    def _retire(self, http: httpx.AsyncClient) -> None:
        """Nothing at all came for as long as we wait: the connection may be dead in silence.

        The next request opens another; what still runs on the old one may finish there.
        """
        if http is self._http:
            self._retired.append(http)
            self._http = self._open()

    async def aclose(self) -> None:
        for http in (*self._retired, self._http):
            await http.aclose()
