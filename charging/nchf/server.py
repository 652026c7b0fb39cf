"""The charging function as an ASGI application for Granian: HTTP/2 in, answers out.

Everything that only a transport knows is here: capping bodies while they are read, the apiRoot
under which we were called, starting and draining the charger.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import Any, Final

from asgiref.sync import sync_to_async

from charging.charger.batcher import Charger
from charging.charger.housekeeping import Housekeeping
from charging.nchf import problems
from charging.nchf.access import AccessControl
from charging.nchf.app import BODY_LIMIT, ChargingFunction, Response, utc_now
from charging.nchf.problems import Problem
from portal import health

log = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS: Final = 10
"""A peer that sends its body slower than this is not waited for."""

Scope = dict[str, Any]


class Server:
    """One process of the charging function."""

    def __init__(self) -> None:
        self._access = AccessControl()
        self._housekeeping: Housekeeping | None = None
        self._charger: Charger | None = None
        self._function: ChargingFunction | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    # ── start and stop ───────────────────────────────────────────────────────────────────────

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self._start()
                except Exception:
                    # Granian would go on without us and let every request hang.
                    log.exception("the charging function cannot start")
                    os._exit(3)
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _start(self) -> None:
        self._housekeeping = Housekeeping(access=self._access)
        self._charger = Charger(on_commit=self._housekeeping.note)
        self._charger.start()
        self._housekeeping.start(submit=self._charger.submit)
        self._function = ChargingFunction(
            submit=self._charger.submit, access=self._access, clock=utc_now
        )

    async def _stop(self) -> None:
        """Answer what was accepted, then leave."""
        if self._charger is not None:
            await self._charger.stop()
        if self._housekeeping is not None:
            await self._housekeeping.stop()

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    async def _http(self, scope: Scope, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        if path.startswith("/health/"):
            await _write(send, await _health(path))
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            body = await _read_body(receive)
        except Problem as problem:
            await _write(send, Response(problem.status, problem.headers, problem.body()))
            return
        except ConnectionError:
            return
        assert self._function is not None
        response = await self._function.handle(
            method=scope["method"],
            path=path,
            headers=headers,
            body=body,
            root=_root(scope, headers),
        )
        await _write(send, response)


async def _read_body(receive: Any) -> bytes:
    """The whole body. Raises a 408 Problem when it comes too slowly, a 413 Problem as soon as it
    is too large (no server caps it for us), and ConnectionError when the peer has left."""
    try:
        async with asyncio.timeout(READ_TIMEOUT_SECONDS):
            return await _read_chunks(receive)
    except TimeoutError:
        raise problems.request_timeout(READ_TIMEOUT_SECONDS) from None


async def _read_chunks(receive: Any) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT:
            raise problems.body_too_large(BODY_LIMIT)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _root(scope: Scope, headers: dict[str, str]) -> str:
    """The apiRoot as the peer called it (TS 29.501 §4.4.1)."""
    host = headers.get("host") or headers.get(":authority")
    if not host:
        address, port = scope.get("server") or ("127.0.0.1", 0)
        host = f"{address}:{port}"
    return f"{scope.get('scheme', 'http')}://{host}"


async def _write(send: Any, response: Response) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _health(path: str) -> Response:
    if path == "/health/live":
        return Response(200, [("content-type", "application/json")], b'{"status": "ok"}')
    if path != "/health/ready":
        problem = problems.path_not_found(path)
        return Response(problem.status, problem.headers, problem.body())
    status, body = await sync_to_async(health.report, thread_sensitive=False)()
    return Response(status, [("content-type", "application/json")], json.dumps(body).encode())
