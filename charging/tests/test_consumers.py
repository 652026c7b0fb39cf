"""Page sockets against the real portal: the truth on connection, then what is new."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets
from channels.db import database_sync_to_async
from django.test import Client

from charging import emulator
from charging.models import EmulatedSession
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Membership, Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from tests import factories
from tests.harness.processes import ServerProcess, Stack

WAIT_SECONDS = 20


class Page:
    """A browser's page: its session cookie, and what its socket has brought."""

    def __init__(self, portal: ServerProcess, path: str, cookie: str) -> None:
        self.url = f"ws://127.0.0.1:{portal.port}{path}"
        self.headers = {
            "Cookie": f"sessionid={cookie}",
            "Origin": f"http://127.0.0.1:{portal.port}",
        }
        self.seen = ""

    def connect(self) -> Any:
        return websockets.connect(self.url, additional_headers=self.headers, max_size=None)

    async def see(self, socket: Any, text: str) -> None:
        """Read until `text` has come."""
        async with asyncio.timeout(WAIT_SECONDS):
            while text not in self.seen:
                self.seen += await socket.recv()

    async def close_code(self) -> int:
        async with asyncio.timeout(WAIT_SECONDS), self.connect() as socket:
            await socket.wait_closed()
            return socket.close_code


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant()


@pytest.fixture
def device(tenant: Tenant) -> Device:
    now = datetime.now(UTC)
    with tenant_scope(tenant):
        factories.make_published_plan(now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        return factories.make_device(account, public_id="dev-1", now=now)


def cookie_of(tenant: Tenant, role: str = "admin") -> str:
    client = Client()
    client.force_login(factories.make_user(tenant, role))
    return client.cookies["sessionid"].value


@pytest.fixture
def cookie(tenant: Tenant) -> str:
    return cookie_of(tenant)


def top_up(account: Account, tenant: Tenant, amount: str) -> None:
    with tenant_scope(tenant):
        factories.top_up(account, amount, now=datetime.now(UTC))


async def test_the_account_page_is_sent_its_balances_and_then_each_change(
    portal_server, tenant, device, cookie
):
    page = Page(portal_server, "/ws/v1/pages/account/acc-1/", cookie)
    async with page.connect() as socket:
        await page.see(socket, 'hx-target="#balances"')
        assert "National data" in page.seen

        await database_sync_to_async(top_up)(device.account, tenant, "12.34")

        await page.see(socket, "€12.34")


async def test_the_phone_page_follows_a_session_from_tap_to_sms(
    stack: Stack, tenant, device, cookie
):
    def tap() -> EmulatedSession:
        with tenant_scope(tenant):
            return emulator.start_session(
                device=device,
                service="data",
                volume=11 * factories.GIGABYTE,
                label="Episode",
                actor=SYSTEM,
                now=datetime.now(UTC),
            )

    page = Page(stack.portal, "/ws/v1/pages/phone/dev-1/", cookie)
    async with page.connect() as socket:
        await page.see(socket, 'hx-target="#charging-log" hx-swap="innerMorph"')

        await database_sync_to_async(tap)()

        await page.see(socket, "Create · Episode · asked 100 MB · granted 100 MB")
        await page.see(socket, "You have passed the 50 % mark.")
        await page.see(socket, "Release · Episode")
        await page.see(socket, "9 GB <span")
    assert 'hx-target="#phone-messages"' in page.seen


async def test_a_page_that_reconnects_is_shown_everything_again(
    portal_server, tenant, device, cookie
):
    page = Page(portal_server, "/ws/v1/pages/phone/dev-1/", cookie)
    async with page.connect() as socket:
        await page.see(socket, "Welcome to Flex 20")
    await database_sync_to_async(top_up)(device.account, tenant, "5.00")
    page.seen = ""

    async with page.connect() as socket:
        await page.see(socket, "Welcome to Flex 20")
        await page.see(socket, "TOP-UP")


async def test_a_page_hears_of_low_balances_of_its_own_operator_only(
    portal_server, tenant, device, cookie
):
    other = await database_sync_to_async(factories.make_tenant)("contoso")
    stranger = Page(
        portal_server, "/ws/v1/pages/overview/", await database_sync_to_async(cookie_of)(other)
    )
    own = Page(portal_server, "/ws/v1/pages/overview/", cookie)

    def publish_a_plan() -> None:
        with tenant_scope(tenant):
            factories.make_published_plan("roam-eu", name="Roam EU", now=datetime.now(UTC))

    async with own.connect() as socket, stranger.connect() as foreign_socket:
        await asyncio.sleep(1)
        await database_sync_to_async(publish_a_plan)()

        await own.see(socket, 'hx-target="#toasts"')
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await foreign_socket.recv()


@pytest.mark.parametrize("path", ["/ws/v1/pages/account/acc-1/", "/ws/v1/pages/phone/dev-1/"])
async def test_another_operators_page_is_not_there(portal_server, device, path):
    other = await database_sync_to_async(factories.make_tenant)("contoso")
    page = Page(portal_server, path, await database_sync_to_async(cookie_of)(other))

    assert await page.close_code() == 4404


async def test_without_the_permission_the_phone_stays_closed(portal_server, tenant, device):
    viewer = await database_sync_to_async(cookie_of)(tenant, "viewer")

    assert await Page(portal_server, "/ws/v1/pages/phone/dev-1/", viewer).close_code() == 4403


async def test_a_page_of_another_site_cannot_listen(portal_server, device, cookie):
    page = Page(portal_server, "/ws/v1/pages/account/acc-1/", cookie)
    page.headers["Origin"] = "https://evil.example"

    assert await page.close_code() == 4401


async def test_somebody_who_is_no_longer_a_member_is_cut_off(portal_server, tenant, device, cookie):
    page = Page(portal_server, "/ws/v1/pages/account/acc-1/", cookie)

    def leave() -> None:
        with tenant_scope(tenant):
            Membership.objects.all().delete()

    async with page.connect() as socket:
        await page.see(socket, "National data")
        await database_sync_to_async(leave)()
        async with asyncio.timeout(WAIT_SECONDS):
            await socket.wait_closed()

    assert socket.close_code == 4401
