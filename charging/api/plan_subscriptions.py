"""The plans of an account over REST: buying, cancelling, changing, and the run log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import services
from charging.api.accounts import AccountView
from charging.plan_serializers import (
    CancelIn,
    ChangePlanIn,
    HeldPlanOut,
    PlanPeriodOut,
    QuantityIn,
    SubscribeIn,
    change_plan_terms,
)
from plans.selectors import spec_of
from plans.serializers import OverridesIn, overrides_spec
from portal.api.problems import Conflict
from portal.tenancy.validation import Invalid
from subscribers.models import PlanPeriod, PlanSubscription

PLANS_HELD = "Plans of an account"


class HeldPlanView(AccountView):
    """What the endpoints of one plan subscription share."""

    permission = write_permission = "subscribers.manage"

    def of_account(self, account_id: str) -> QuerySet[PlanSubscription]:
        held = PlanSubscription.objects.filter(account=self.account(account_id))
        return held.select_related("version__plan", "next_version__plan", "account__tenant")

    def held(self, account_id: str, subscription: UUID) -> PlanSubscription:
        return get_object_or_404(self.of_account(account_id), public_id=subscription)

    def shown(self, account_id: str, held: PlanSubscription, *, status: int = 200) -> Response:
        return Response(HeldPlanOut(self.held(account_id, held.public_id)).data, status=status)

    @property
    def cause(self) -> dict[str, Any]:
        return {"actor": self.actor, "now": timezone.now()}


class HeldPlanListView(HeldPlanView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_list",
        summary="List an account's plans",
        responses=HeldPlanOut(many=True),
    )
    def get(self, request: Request, id: str) -> Response:
        """Those that run and those that are over, the newest first."""
        self.query()
        return self.page(self.of_account(id), HeldPlanOut)

    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_create",
        summary="Buy a plan or an add-on",
        request=SubscribeIn,
        responses={201: HeldPlanOut},
    )
    def post(self, request: Request, id: str) -> Response:
        """Its newest published version. An account holds one base plan, and add-ons beside it."""
        account, body = self.account(id), self.body(SubscribeIn)
        version = services.published_version(body["plan"])
        own = overrides_spec(body.get("overrides", {}), spec_of(version))
        with refusals():
            held = services.start_plan_subscription(
                account=account,
                version=version,
                public_id=body.get("id"),
                quantity=body["quantity"],
                overrides=own,
                charge_price=body["charge_fees"],
                **self.cause,
            )
        return self.shown(id, held, status=201)


class HeldPlanDetailView(HeldPlanView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_read",
        summary="Read a plan of an account",
        responses=HeldPlanOut,
    )
    def get(self, request: Request, id: str, subscription: UUID) -> Response:
        """One plan subscription by its id."""
        self.query()
        return Response(HeldPlanOut(self.held(id, subscription)).data)


class PeriodListView(HeldPlanView):
    permission = "subscribers.view"

    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_periods_list",
        summary="Read the run log of a plan",
        responses=PlanPeriodOut(many=True),
    )
    def get(self, request: Request, id: str, subscription: UUID) -> Response:
        """Each period once, the newest first: what became of it and what it cost."""
        self.query()
        periods = PlanPeriod.objects.filter(plan_subscription=self.held(id, subscription))
        return self.page(periods.select_related("plan_subscription__version"), PlanPeriodOut)


class CancelView(HeldPlanView):
    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_cancel",
        summary="Cancel a plan",
        request=CancelIn,
        responses=HeldPlanOut,
    )
    def post(self, request: Request, id: str, subscription: UUID) -> Response:
        """At the end of its period unless said otherwise; nothing that was paid comes back."""
        held, body = self.held(id, subscription), self.body(CancelIn)
        with refusals():
            services.cancel_plan_subscription(
                subscription=held,
                at_period_end=body["when"] == "period_end",
                reason=body.get("reason", ""),
                **self.cause,
            )
        return self.shown(id, held)


class ChangeView(HeldPlanView):
    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_change",
        summary="Change to another plan",
        request=ChangePlanIn,
        responses=HeldPlanOut,
    )
    def post(self, request: Request, id: str, subscription: UUID) -> Response:
        """At renewal unless said otherwise. Changed now, the answer is the new subscription, with
        an id of its own; else the running one with what is scheduled."""
        held, body = self.held(id, subscription), self.body(ChangePlanIn)
        version = services.published_version(body["plan"])
        with refusals():
            changed = services.change_plan_subscription(
                subscription=held, version=version, **change_plan_terms(body), **self.cause
            )
        return self.shown(id, changed)


class UndoView(HeldPlanView):
    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_undo",
        summary="Take back what is scheduled",
        request=None,
        responses=HeldPlanOut,
    )
    def post(self, request: Request, id: str, subscription: UUID) -> Response:
        """A cancellation, a change or fewer of an add-on that waits for the period's end."""
        held = self.held(id, subscription)
        with refusals():
            services.undo_scheduled(subscription=held, **self.cause)
        return self.shown(id, held)


class QuantityView(HeldPlanView):
    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_resize",
        summary="Hold more or fewer of an add-on",
        request=QuantityIn,
        responses=HeldPlanOut,
    )
    def post(self, request: Request, id: str, subscription: UUID) -> Response:
        """More from now on, paid at once; fewer from the next period on."""
        held, body = self.held(id, subscription), self.body(QuantityIn)
        with refusals():
            services.change_quantity(
                subscription=held,
                quantity=body["quantity"],
                charge_price=body["charge_fees"],
                **self.cause,
            )
        return self.shown(id, held)


class OverridesView(HeldPlanView):
    @extend_schema(
        tags=[PLANS_HELD],
        operation_id="plan_subscriptions_override",
        summary="Give a plan of an account its own terms",
        request=OverridesIn,
        responses=HeldPlanOut,
    )
    def post(self, request: Request, id: str, subscription: UUID) -> Response:
        """All of them: what is left out is as the version says. Rates and marks count at once,
        amounts, lifetimes and the price from the next period on."""
        held, body = self.held(id, subscription), self.body(OverridesIn)
        own = overrides_spec(body, spec_of(held.version))
        with refusals():
            services.override_plan_subscription(subscription=held, overrides=own, **self.cause)
        return self.shown(id, held)


@contextmanager
def refusals() -> Iterator[None]:
    """What the services refuse, as problems."""
    try:
        yield
    except services.NotEnoughMoney as error:
        raise Conflict("The main balance does not cover the fees.") from error
    except services.PlanSubscriptionOver as error:
        raise Conflict("This plan subscription is over.") from error
    except services.NothingScheduled as error:
        raise Conflict("Nothing is scheduled that could be taken back.") from error
    except services.AccountTerminated as error:
        raise Conflict("The account is terminated.") from error
    except services.StateForbids as error:
        raise Conflict(str(error)) from error
    except services.NotPublished as error:
        raise Conflict("The version has just been replaced; ask again.") from error
    except services.CurrencyMismatch as error:
        raise Invalid.at("plan", "This plan is priced in another currency.") from error
