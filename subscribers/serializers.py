"""Accounts and devices in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from portal.api.fields import StrictSerializer
from subscribers.models import Account, Device, PlanSubscription


class AccountIn(StrictSerializer):
    id = serializers.CharField(
        max_length=64, required=False, help_text="Yours, for ever; one is made without."
    )
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    plan = serializers.CharField(
        max_length=40, required=False, help_text="Code of the plan to subscribe to."
    )
    currency = serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, help_text="The tenant's unless given; never changes."
    )
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True)


class AccountFilters(serializers.Serializer[Any]):
    search = serializers.CharField(
        required=False,
        max_length=120,
        help_text="Beginning of an id, IMSI or phone number, or part of a name.",
    )


class PlanSubscriptionOut(serializers.Serializer[PlanSubscription]):
    id = serializers.UUIDField(source="public_id")
    plan = serializers.CharField(source="version.plan.code")
    version = serializers.IntegerField(source="version.number")
    is_add_on = serializers.BooleanField(source="version.is_add_on")
    state = serializers.ChoiceField(choices=PlanSubscription.State.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    period_ends_at = serializers.DateTimeField(allow_null=True)


class AccountOut(serializers.Serializer[Account]):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=Account.State.choices)
    currency = serializers.CharField()
    time_zone = serializers.CharField(source="zone.key")
    created_at = serializers.DateTimeField()
    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not Field.parent
        source="parent.public_id",
        allow_null=True,
        default=None,
        help_text="Id of the account above it, or null.",
    )
    shared_group = serializers.CharField(
        source="shared_group.code",
        allow_null=True,
        default=None,
        help_text="Code of its shared group, or null.",
    )
    plan = serializers.SerializerMethodField(help_text="Code of the base plan it is on now.")
    plan_subscriptions = PlanSubscriptionOut(many=True)
    devices = serializers.SerializerMethodField(help_text="Ids of its devices.")

    def get_plan(self, account: Account) -> str | None:
        now = timezone.now()
        held = (one for one in account.plan_subscriptions.all() if _runs(one, now))
        return next((one.version.plan.code for one in held if not one.version.is_add_on), None)

    def get_devices(self, account: Account) -> list[str]:
        return [device.public_id for device in account.devices.all()]


class AccountStateIn(StrictSerializer):
    state = serializers.ChoiceField(choices=Account.State.choices)
    reason = serializers.CharField(max_length=300, help_text="For the audit trail and the event.")


class AccountStateOut(serializers.Serializer[Any]):
    """Where an account is in its life."""

    account = serializers.CharField(source="account.public_id")
    state = serializers.ChoiceField(source="account.state", choices=Account.State.choices)
    since = serializers.DateTimeField(source="account.state_changed_at")
    services = serializers.ListField(
        source="rule.services",
        child=serializers.CharField(),
        allow_null=True,
        help_text="Services it gets quota for; null for all.",
    )
    may_top_up = serializers.BooleanField(source="rule.may_top_up")
    may_buy = serializers.BooleanField(source="rule.may_buy")


def _runs(subscription: PlanSubscription, now: datetime) -> bool:
    return subscription.ends_at is None or subscription.ends_at > now


class DeviceIn(StrictSerializer):
    id = serializers.CharField(
        max_length=64, required=False, help_text="Yours, for ever; one is made without."
    )
    account = serializers.CharField(max_length=64, help_text="Id of the account that pays.")
    supi = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="imsi-… or 5 to 15 digits."
    )
    gpsi = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="msisdn-…, +49… or digits."
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field, not Field.label
        max_length=80, required=False, allow_blank=True
    )
    charging_characteristics = serializers.CharField(
        max_length=4, required=False, allow_blank=True, help_text="1 to 4 hexadecimal digits."
    )
    home_plmn = serializers.CharField(
        max_length=6,
        required=False,
        allow_blank=True,
        help_text="MCC and MNC; the tenant's unless given.",
    )
    is_test = serializers.BooleanField(
        required=False, help_text="The emulator may use it outside a sandbox."
    )


class DeviceFilters(serializers.Serializer[Any]):
    account = serializers.CharField(required=False, help_text="Id of an account.")


class DeviceOut(serializers.Serializer[Device]):
    id = serializers.CharField(source="public_id")
    account = serializers.CharField(source="account.public_id")
    supi = serializers.CharField(help_text="Empty when it has none.")
    gpsi = serializers.CharField(help_text="Empty when it has none.")
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=Device.State.choices)
    charging_characteristics = serializers.CharField()
    home_plmn = serializers.CharField()
    is_test = serializers.BooleanField()
    created_at = serializers.DateTimeField()
