"""Plan subscriptions in JSON: what is held, and what can be done with it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from plans.overrides import read_overrides
from plans.selectors import spec_of
from plans.serializers import OverridesIn, spoken_overrides
from portal.api.fields import MoneyField, StrictSerializer
from subscribers.models import PlanPeriod, PlanSubscription


class HeldPlanOut(serializers.Serializer[PlanSubscription]):
    """One plan subscription. Times are those of the account."""

    id = serializers.UUIDField(source="public_id")
    plan = serializers.CharField(source="version.plan.code")
    plan_name = serializers.CharField(source="version.plan.name")
    version = serializers.IntegerField(source="version.number")
    is_add_on = serializers.BooleanField(source="version.is_add_on")
    quantity = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PlanSubscription.State.choices)
    starts_at = serializers.DateTimeField(help_text="Pending: when it was bought.")
    ends_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField(help_text="Empty while it runs.")
    period = serializers.IntegerField(
        source="period_number", help_text="The first is 1; 0 while it waits for its first use."
    )
    period_starts_at = serializers.DateTimeField()
    period_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="When it renews; null: it does not."
    )
    price = MoneyField(
        source="price_per_period", currency="version.currency", help_text="Of each period."
    )
    currency = serializers.CharField(source="version.currency")
    grace_ends_at = serializers.DateTimeField(allow_null=True)
    retry_at = serializers.DateTimeField(
        allow_null=True, help_text="In grace: when the money is asked for again."
    )
    scheduled = serializers.ChoiceField(
        choices=PlanSubscription.Scheduled.choices, help_text="What happens at the period's end."
    )
    next_plan = serializers.CharField(
        source="next_version.plan.code", default=None, allow_null=True
    )
    next_version = serializers.IntegerField(
        source="next_version.number", default=None, allow_null=True
    )
    next_quantity = serializers.IntegerField(allow_null=True)
    overrides = serializers.SerializerMethodField(help_text="Its own terms: only what differs.")

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_overrides(self, held: PlanSubscription) -> dict[str, Any]:
        if not held.overrides:
            return {}
        return spoken_overrides(read_overrides(held.overrides), spec_of(held.version))


class PlanPeriodOut(serializers.Serializer[PlanPeriod]):
    """One row of the run log."""

    number = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=PlanPeriod.Outcome.choices)
    charged = MoneyField(currency="plan_subscription.version.currency")
    retries = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="When it was done.")


class SubscribeIn(StrictSerializer):
    id = serializers.UUIDField(
        required=False,
        help_text="Yours, so that a repeated purchase is a 409; one is made without.",
    )
    plan = serializers.CharField(max_length=40, help_text="Code of a published plan.")
    quantity = serializers.IntegerField(
        default=1, min_value=1, help_text="Add-ons may be held several times."
    )
    charge_fees = serializers.BooleanField(
        default=True, help_text="From the main balance. False: they were paid elsewhere."
    )
    overrides = OverridesIn(required=False, help_text="Terms of this one subscription.")


class CancelIn(StrictSerializer):
    when = serializers.ChoiceField(choices=["now", "period_end"], default="period_end")
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ChangePlanIn(StrictSerializer):
    plan = serializers.CharField(max_length=40, help_text="Code of a published plan.")
    when = serializers.ChoiceField(choices=["now", "renewal"], default="renewal")
    leftovers = serializers.ChoiceField(
        choices=PlanSubscription.Leftovers.choices, default=PlanSubscription.Leftovers.EXPIRE.value
    )
    charge_fees = serializers.BooleanField(
        default=True, help_text="With “now”: from the main balance. At renewal they always are."
    )


class QuantityIn(StrictSerializer):
    quantity = serializers.IntegerField(min_value=1)
    charge_fees = serializers.BooleanField(default=True)


def change_plan_terms(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a change in the service's words; the plan is looked up by the caller."""
    return {
        "at_renewal": body["when"] == "renewal",
        "leftovers": body["leftovers"],
        "charge_price": body["charge_fees"],
    }
