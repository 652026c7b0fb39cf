"""What every websocket of ours does: check who is there, keep checking, and end politely.

Close codes: 4400 the address was not understood, 4401 nobody is signed in (any more), 4403 the
permission is missing, 4404 there is no such thing (for this tenant). Pages reconnect by
themselves after the usual codes of a lost connection, but not after these.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError
from django.utils import timezone

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.sockets import Visitor

logger = logging.getLogger(__name__)

BAD_ADDRESS: Final = 4400
SIGNED_OUT: Final = 4401
FORBIDDEN: Final = 4403
NOT_FOUND: Final = 4404

CHECK_SECONDS: Final = 15.0
"""How often a living socket asks again whether its visitor still counts."""

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """The socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class TenantSocket(AsyncWebsocketConsumer):
    """A socket of one tenant for visitors who hold `permission`.

    A subclass says in `opened` what it needs and which groups to join; tasks started with `spawn`
    end with the socket.
    """

    permission: ClassVar[str]
    visitor: Visitor

    async def connect(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        await self.accept(subprotocol=self.scope["subprotocol"])
        try:
            self.visitor = self._admitted(self.scope["visitor"])
            await self.opened()
        except Refused as refusal:
            await self.close(code=refusal.code, reason=str(refusal))
            return
        self.spawn(self._keep_checking())

    async def opened(self) -> None:
        """Prepare, join groups, send what is true now. Raises Refused."""
        raise NotImplementedError

    async def disconnect(self, code: int) -> None:
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @property
    def tenant(self) -> Tenant:
        return self.visitor.tenant

    async def join(self, *groups: str) -> None:
        """The base class leaves them when the socket closes."""
        for group in groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups = [*(self.groups or []), *groups]  # type: ignore[has-type]

    async def read(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run synchronous code of the database in a thread, within the tenant's scope."""

        def scoped() -> R:
            with tenant_scope(self.tenant):
                return function(*args, **kwargs)

        return await database_sync_to_async(scoped, thread_sensitive=False)()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the socket; a failure of it closes the socket."""
        task = asyncio.create_task(self._guarded(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Refused as refusal:
            await self.close(code=refusal.code, reason=str(refusal))
        except (DatabaseError, OSError) as error:
            logger.warning("A socket is closed, it will come back: %s", error)
            await self.close(code=1011)

    async def _keep_checking(self) -> None:
        """Raises Refused when the token has run out or the visitor no longer counts."""
        while True:
            await asyncio.sleep(self._until_next_check())
            self._refuse_when_expired(self.visitor)
            try:
                self.visitor = self._admitted(await self.scope["ask_again"]())
            except (DatabaseError, OSError) as error:
                logger.debug("Asked in vain who is there: %s", error)

    def _until_next_check(self) -> float:
        if self.visitor.expires_at is None:
            return CHECK_SECONDS
        left = (self.visitor.expires_at - timezone.now()).total_seconds()
        return min(CHECK_SECONDS, max(left, 0.0) + 0.01)

    def _admitted(self, visitor: Visitor | None) -> Visitor:
        if visitor is None:
            raise Refused(SIGNED_OUT, "Sign in, or send a valid access token.")
        self._refuse_when_expired(visitor)
        if not visitor.actor.may(self.permission):
            raise Refused(FORBIDDEN, f"This needs the permission “{self.permission}”.")
        known = getattr(self, "visitor", visitor)
        if visitor.tenant.pk != known.tenant.pk:
            raise Refused(SIGNED_OUT, "Another operator was chosen.")
        return visitor

    @staticmethod
    def _refuse_when_expired(visitor: Visitor) -> None:
        if visitor.expires_at is not None and visitor.expires_at <= timezone.now():
            raise Refused(SIGNED_OUT, "The access token has expired.")


class UnknownAddress(AsyncWebsocketConsumer):
    """There is no socket at this address."""

    async def connect(self) -> None:
        await self.accept(subprotocol=self.scope["subprotocol"])
        await self.close(code=NOT_FOUND, reason="There is no websocket at this address.")
