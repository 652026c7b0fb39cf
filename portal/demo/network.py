"""A network in this process: N40 sessions of the past, charged by the real charging function.

Client and charging function are those of the product; only the wire between them is a function
call, and the clock of both says what it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from charging.charger.batcher import Charger
from charging.client import drive
from charging.client.http import HttpAnswer
from charging.client.session import ChargingSessionClient
from charging.client.tokens import StaticToken
from charging.client.transport import ChargingConnection
from charging.client.usage import UsagePlan
from charging.nchf.access import AccessControl
from charging.nchf.app import ChargingFunction
from portal.tenancy import tokens
from portal.tenancy.models import Tenant

ROOT: Final = "http://charging.demo"
BETWEEN_REQUESTS: Final = timedelta(minutes=5)
"""What passes between two requests of a session."""

_CLIENT_KEY: Final = 0
"""No API client: this network is the demo's own."""


class DemoNetwork:
    """Open it within the tenant's scope and in the event loop that plays the sessions."""

    def __init__(self, tenant: Tenant) -> None:
        self._now = datetime.now(UTC)
        self._charger = Charger(clock=self._clock, workers=1)
        function = ChargingFunction(
            submit=self._charger.submit, access=AccessControl(), clock=self._clock
        )
        self._connection = ChargingConnection(
            ROOT, StaticToken(_token(tenant)), http=_Wire(function), clock=self._clock
        )

    async def open(self) -> None:
        self._charger.start()

    async def close(self) -> None:
        await self._charger.stop()

    async def play(self, plans: Iterable[UsagePlan], *, at: datetime) -> None:
        """Charge these sessions side by side, from `at` until the last has ended."""
        self._now = at
        sessions = [ChargingSessionClient.start(plan) for plan in plans]
        while running := [session for session in sessions if not session.is_over]:
            await asyncio.gather(*(self._step(session) for session in running))
            self._now += BETWEEN_REQUESTS

    async def _step(self, session: ChargingSessionClient) -> None:
        session.use_up_to_report()
        await drive.step(session, self._connection, clock=self._clock)

    def _clock(self) -> datetime:
        return self._now


class _Wire:
    """The transport of the client, which ends in the charging function at once."""

    def __init__(self, function: ChargingFunction) -> None:
        self._function = function

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = await self._function.handle(
            method="POST", path=urlsplit(url).path, headers=headers, body=body, root=ROOT
        )
        return HttpAnswer(answer.status, dict(answer.headers), answer.body)

    async def aclose(self) -> None:
        """There is nothing to close."""


def _token(tenant: Tenant) -> str:
    return tokens.issue(
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        client_key=_CLIENT_KEY,
        client_name="Demo network",
        scopes=["charging.n40"],
        now=datetime.now(UTC),
    )
