"""Accounts over REST: opening them on a plan, their balances, topping up."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import services
from charging.models import LedgerEntry
from charging.selectors import balances_of
from charging.serializers import BalanceOut, TopUpIn, TopUpOut
from plans.models import Service
from portal.api.idempotency import KEY_PARAMETER, request_key
from portal.api.problems import Conflict, KeyReused
from portal.api.views import TenantView
from portal.formatting import money_text
from portal.tenancy.validation import Invalid
from subscribers.lifecycle import lifecycle_of
from subscribers.models import Account, Device, PlanSubscription
from subscribers.selectors import search_accounts
from subscribers.serializers import (
    AccountFilters,
    AccountIn,
    AccountOut,
    AccountStateIn,
    AccountStateOut,
)
from subscribers.services import StateUnchanged, change_account_state

ACCOUNTS = "Accounts"
BALANCES = "Balances"


class AccountView(TenantView):
    def account(self, public_id: str) -> Account:
        return get_object_or_404(_with_parts(Account.objects.all()), public_id=public_id)


def _with_parts(accounts: QuerySet[Account]) -> QuerySet[Account]:
    held = PlanSubscription.objects.select_related("version__plan").order_by("-starts_at", "-pk")
    return accounts.select_related("tenant", "parent", "shared_group").prefetch_related(
        Prefetch("plan_subscriptions", held), Prefetch("devices", Device.objects.order_by("pk"))
    )


class AccountListView(AccountView):
    permission, write_permission = "subscribers.view", "subscribers.manage"
    filters = AccountFilters

    @extend_schema(
        tags=[ACCOUNTS],
        operation_id="accounts_list",
        summary="List accounts",
        parameters=[AccountFilters],
        responses=AccountOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Accounts, the newest first; those a search finds when given."""
        found = search_accounts(self.query().get("search", ""))
        return self.page(_with_parts(found), AccountOut)

    @extend_schema(
        tags=[ACCOUNTS],
        operation_id="accounts_create",
        summary="Open an account",
        request=AccountIn,
        responses={201: AccountOut},
    )
    def post(self, request: Request) -> Response:
        """With a `plan`, the account is subscribed to its newest published version and its
        buckets are full; the price of the first period is not taken from its money."""
        body = self.body(AccountIn)
        account = services.open_account(
            public_id=body.pop("id", None),
            plan_code=body.pop("plan", None),
            **body,
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(AccountOut(self.account(account.public_id)).data, status=201)


class AccountDetailView(AccountView):
    permission = "subscribers.view"

    @extend_schema(
        tags=[ACCOUNTS],
        operation_id="accounts_read",
        summary="Read an account",
        responses=AccountOut,
    )
    def get(self, request: Request, id: str) -> Response:
        """One account with its plans and devices."""
        return Response(AccountOut(self.account(id)).data)


class BalanceListView(AccountView):
    permission = "subscribers.view"

    @extend_schema(
        tags=[BALANCES],
        operation_id="balances_list",
        summary="Read an account's balances",
        responses=BalanceOut(many=True),
    )
    def get(self, request: Request, id: str) -> Response:
        """Every valid bucket in one page: data, voice, SMS, money, first used first."""
        self.query()
        account = self.account(id)
        balances = balances_of(account, now=timezone.now())
        shown = BalanceOut(balances, many=True, context={"currency": account.currency})
        return Response({"results": shown.data, "next": None})


class TopUpView(AccountView):
    permission = "balances.adjust"

    @extend_schema(
        tags=[BALANCES],
        operation_id="topups_create",
        summary="Top up an account",
        parameters=[KEY_PARAMETER],
        request=TopUpIn,
        responses={201: TopUpOut},
    )
    def post(self, request: Request, id: str) -> Response:
        """Money goes to the main balance; units go to the plan's bucket of the service, or to one
        of their own when no plan gives any. Thresholds that are passed upwards are reported."""
        account = self.account(id)
        body = self.body(TopUpIn)
        body["request_key"] = request_key(request, in_body=body.get("request_key", ""))
        try:
            entry = self._top_up(account, body)
        except services.RequestKeyReused as error:
            raise KeyReused("This key was used for another request.") from error
        except services.AccountTerminated as error:
            raise Conflict("The account is terminated.") from error
        except services.StateForbids as error:
            raise Conflict(str(error)) from error
        except services.AmountAboveLimit as error:
            limit = money_text(error.limit, account.currency)
            raise Invalid.at("amount", f"You may top up {limit} at once.") from error
        shown = TopUpOut(entry, context={"currency": account.currency})
        return Response(shown.data, status=201)

    def _top_up(self, account: Account, body: dict[str, Any]) -> LedgerEntry:
        service = body.pop("service")
        cause = {**body, "actor": self.actor, "now": timezone.now()}
        if service == Service.MONEY:
            return services.top_up_money(account=account, **cause)
        return services.top_up_units(account=account, service=service, **cause)


class AccountStateView(AccountView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    @extend_schema(
        tags=[ACCOUNTS],
        operation_id="accounts_state_read",
        summary="Read an account's state",
        responses=AccountStateOut,
    )
    def get(self, request: Request, id: str) -> Response:
        """Where the account is in its life, and what it may do there."""
        return Response(self._shown(self.account(id)))

    @extend_schema(
        tags=[ACCOUNTS],
        operation_id="accounts_state_change",
        summary="Suspend, reactivate or terminate an account",
        request=AccountStateIn,
        responses=AccountStateOut,
    )
    def put(self, request: Request, id: str) -> Response:
        """To any state; the one it is in already is no error. Nothing leads out of terminated."""
        account, body = self.account(id), self.body(AccountStateIn)
        try:
            account = change_account_state(
                account=account, **body, actor=self.actor, now=timezone.now()
            )
        except StateUnchanged:
            account = self.account(id)
        except services.AccountTerminated as error:
            raise Conflict("The account is terminated.") from error
        return Response(self._shown(account))

    def _shown(self, account: Account) -> dict[str, Any]:
        rule = lifecycle_of(account.tenant).rules[account.state]
        return dict(AccountStateOut({"account": account, "rule": rule}).data)
