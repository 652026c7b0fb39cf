"""The states of accounts' lives over REST."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.fields import StrictSerializer
from portal.api.views import TenantView
from portal.tenancy.scope import current_tenant
from subscribers import lifecycle
from subscribers.lifecycle import DAYS_MAX, METERED, Cause, Lifecycle, Rule, State, Transition

STATES = "Account states"


class StateRuleSerializer(StrictSerializer):
    state = serializers.ChoiceField(choices=State.choices)
    services = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(service) for service in METERED]),
        allow_null=True,
        help_text="Services that quota is given for; null for all.",
    )
    may_top_up = serializers.BooleanField()
    may_buy = serializers.BooleanField(help_text="May subscribe to plans.")


class TransitionSerializer(StrictSerializer):
    state = serializers.ChoiceField(choices=State.choices, help_text="Where it leads from.")
    cause = serializers.ChoiceField(choices=Cause.choices)
    after_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=DAYS_MAX,
        help_text="With the cause “time”: days in the state.",
    )
    to = serializers.ChoiceField(choices=State.choices)


class LifecycleSerializer(StrictSerializer):
    """What accounts of each state may do, and what leads from one state to another."""

    initial = serializers.ChoiceField(
        choices=State.choices, help_text="Where new accounts begin: pre_active or active."
    )
    states = StateRuleSerializer(many=True, help_text="All of them.")
    transitions = TransitionSerializer(many=True)


class LifecycleView(TenantView):
    permission, write_permission = "subscribers.view", "plans.publish"

    @extend_schema(
        tags=[STATES],
        operation_id="account_states_read",
        summary="Read the states of accounts",
        responses=LifecycleSerializer,
    )
    def get(self, request: Request) -> Response:
        """What the operator said, or the usual life where it said nothing."""
        self.query()
        return Response(_shown(lifecycle.lifecycle_of(current_tenant())))

    @extend_schema(
        tags=[STATES],
        operation_id="account_states_replace",
        summary="Replace the states of accounts",
        request=LifecycleSerializer,
        responses=LifecycleSerializer,
    )
    def put(self, request: Request) -> Response:
        """All at once; accounts stay in the states they are in."""
        body = self.body(LifecycleSerializer)
        wanted = Lifecycle(
            initial=body["initial"],
            rules={rule["state"]: _rule(rule) for rule in body["states"]},
            transitions=tuple(Transition(**one) for one in body["transitions"]),
        )
        changed = lifecycle.change_lifecycle(lifecycle=wanted, actor=self.actor, now=timezone.now())
        return Response(_shown(changed))


def _rule(given: dict[str, Any]) -> Rule:
    services = given["services"]
    return Rule(
        services=None if services is None else frozenset(services),
        may_top_up=given["may_top_up"],
        may_buy=given["may_buy"],
    )


def _shown(found: Lifecycle) -> dict[str, Any]:
    return {
        "initial": str(found.initial),
        "states": [
            {
                "state": state,
                "services": None if rule.services is None else sorted(rule.services),
                "may_top_up": rule.may_top_up,
                "may_buy": rule.may_buy,
            }
            for state in State.values
            for rule in [found.rules[state]]
        ],
        "transitions": [
            {
                "state": str(one.state),
                "cause": str(one.cause),
                "after_days": one.after_days,
                "to": str(one.to),
            }
            for one in found.transitions
        ],
    }
