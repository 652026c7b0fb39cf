"""Sockets of the pages that show balances: an account, and an emulated phone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils import timezone

from charging.pages.account_context import balances_context, live_context
from charging.pages.phone_context import phone_burst, phone_screen
from charging.selectors import phone
from notifications import live
from notifications.page_socket import PageSocket
from notifications.sockets import NOT_FOUND, Refused
from subscribers.models import Account, Device
from subscribers.selectors import find_account


class AccountConsumer(PageSocket):
    """`WS /ws/v1/pages/account/<account id>/`: balances and ledger of an account, as they move."""

    permission = "subscribers.view"
    subjects: ClassVar = ("account",)

    async def prepare(self) -> None:
        public_id = self.scope["url_route"]["kwargs"]["account_id"]
        account = await self.read(find_account, public_id)
        if account is None:
            raise Refused(NOT_FOUND, "There is no such account.")
        self.account: Account = account
        await self.join(live.touched_group(self.tenant.pk), live.events_group(self.tenant.pk))

    async def accounts_touched(self, message: dict[str, Any]) -> None:
        if self.account.pk in message["accounts"]:
            self.mark("account")

    async def events_published(self, message: dict[str, Any]) -> None:
        if self.account.pk in message["accounts"]:
            self.mark("account")

    def render_account(self) -> str:
        context = live_context(self.account, actor=self.visitor.actor, now=timezone.now())
        return self.unless_same("subscribers/_account_live.html", context)


class PhoneConsumer(PageSocket):
    """`WS /ws/v1/pages/phone/<device id>/`: balances, log, SMS, the running call, a burst.

    The first rendering replaces the whole log: what was missed while away is there, and nothing is
    there twice. After that new rows are appended.
    """

    permission = "charging.emulate"
    subjects: ClassVar = ("balances", "log", "messages", "screen", "burst")

    async def prepare(self) -> None:
        public_id = self.scope["url_route"]["kwargs"]["device_id"]
        device = await self.read(_find_phone, public_id)
        if device is None:
            raise Refused(NOT_FOUND, "There is no such phone.")
        self.device: Device = device
        self.shown: dict[str, set[str]] = {}
        await self.join(
            live.phone_group(device.pk),
            live.touched_group(self.tenant.pk),
            live.events_group(self.tenant.pk),
        )

    async def phone_changed(self, message: dict[str, Any]) -> None:
        self.mark("log", "screen", "burst", "balances")

    async def accounts_touched(self, message: dict[str, Any]) -> None:
        if self.device.account_id in message["accounts"]:
            self.mark("balances", "log")

    async def events_published(self, message: dict[str, Any]) -> None:
        if self.device.account_id in message["accounts"]:
            self.mark("balances", "log", "messages")

    def render_balances(self) -> str:
        context = balances_context(
            self.device.account, actor=self.visitor.actor, now=timezone.now()
        )
        return self.unless_same("charging/_live_balances.html", context)

    def render_log(self) -> str:
        rows = phone.log_of(self.device)
        return self._only_new("charging/_live_log.html", rows)

    def render_messages(self) -> str:
        return self._only_new("charging/_live_sms.html", phone.sms_of(self.device.account))

    def render_screen(self) -> str:
        return self.unless_same("charging/_live_screen.html", phone_screen(self.device))

    def render_burst(self) -> str:
        return self.unless_same("charging/_live_burst.html", phone_burst(self.device))

    def _only_new(self, template: str, rows: list[Any]) -> str:
        """The first time all rows, in place of what is there; then those not sent yet."""
        shown = self.shown.get(template)
        new = [row for row in rows if shown is None or row.key not in shown]
        self.shown[template] = {row.key for row in rows}
        if not new and shown is not None:
            return ""
        context = {
            "rows": new,
            "replaces": shown is None,
            "is_in_use": any(row.key.startswith("x-") for row in new),
            "tenant": self.tenant,
            "device": self.device,
        }
        return render_to_string(template, context)


def _find_phone(public_id: str) -> Device | None:
    return phone.phones().filter(public_id=public_id).first()
