"""The portal under an ASGI server: pages and REST over HTTP, live push over websockets.

The server's lifespan runs the publisher of events. A server that cannot start must not stay up
half-done (Granian would), so a failure ends the process.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

logger = logging.getLogger(__name__)

STARTUP_FAILED = 3


def _end_process() -> NoReturn:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(STARTUP_FAILED)


class Lifespan:
    """Starts the publisher with the server and ends it with it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from notifications.publisher_loop import run_forever

        await receive()
        publisher = asyncio.create_task(run_forever(), name="publisher")
        publisher.add_done_callback(_end_when_failed)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        publisher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await publisher
        await send({"type": "lifespan.shutdown.complete"})


def _end_when_failed(publisher: asyncio.Task[None]) -> None:
    """Only a bug ends the publisher: better to be restarted than to go on without it."""
    if not publisher.cancelled() and (error := publisher.exception()):
        logger.critical("The publisher failed.", exc_info=error)
        os._exit(STARTUP_FAILED)


def _build() -> Any:
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.core.asgi import get_asgi_application
    from django.urls import re_path

    http = get_asgi_application()  # before anything that imports models

    from portal.checks import refuse_unsafe_production

    refuse_unsafe_production()

    from charging.routing import websocket_urlpatterns as charging_sockets
    from notifications.routing import websocket_urlpatterns as notification_sockets
    from notifications.sockets import UnknownAddress
    from portal.closing import DeliverClose
    from portal.tenancy.sockets import VisitorMiddleware

    nothing = re_path("", UnknownAddress.as_asgi())
    sockets = URLRouter([*notification_sockets, *charging_sockets, nothing])
    return ProtocolTypeRouter(
        {
            "http": http,
            "websocket": DeliverClose(VisitorMiddleware(sockets)),
            "lifespan": Lifespan(),
        }
    )


try:
    application = _build()
except Exception:  # noqa: BLE001  whatever it is, the server must not go on without us
    _end_process()
