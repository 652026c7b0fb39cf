"""Closing a websocket while the application waits for a message on it.

Granian never delivers the close frame then: the client would hang until it speaks. So the wait is
given up first, and ends as if the client had gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

NORMAL_CLOSURE = 1000


class DeliverClose:
    """ASGI middleware for websockets."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        connection = _Connection(receive, send)
        await self.application(scope, connection.receive, connection.send)


class _Connection:
    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._waiting: asyncio.Future[Message] | None = None
        self._code: int | None = None
        self._closed = asyncio.Event()

    async def receive(self) -> Message:
        if self._code is None:
            self._waiting = asyncio.ensure_future(self._receive())
            try:
                return await self._waiting
            except asyncio.CancelledError:
                if self._code is None:
                    raise
        await self._closed.wait()
        return {"type": "websocket.disconnect", "code": self._code}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self._code = message.get("code") or NORMAL_CLOSURE
            if self._waiting is not None and self._waiting.cancel():
                await asyncio.wait([self._waiting])
        try:
            await self._send(message)
        finally:
            if self._code is not None:
                self._closed.set()
