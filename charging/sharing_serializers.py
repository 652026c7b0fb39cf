"""Hierarchies, shared groups and caps in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from charging.models import Bucket
from charging.services.sharing import caps_of
from plans.models import Service
from plans.serializers import AmountOrMoneyField, read_amount, spoken_amount, spoken_unit
from portal.api.fields import StrictSerializer
from subscribers.models import Account, SharedGroup


class CapIn(StrictSerializer):
    """At most so much of others' balances of a service in a cycle."""

    service = serializers.ChoiceField(choices=Service.choices)
    amount = AmountOrMoneyField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            is_money = attrs["service"] == Service.MONEY
            attrs["amount"] = read_amount(attrs["amount"], is_money=is_money)
        except ValidationError as error:
            raise ValidationError({"amount": error.detail}) from error
        return attrs


class CapOut(serializers.Serializer[Any]):
    """A cap with what was taken in its running cycle."""

    service = serializers.ChoiceField(choices=Service.choices)
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    amount = serializers.SerializerMethodField()
    used = serializers.SerializerMethodField()
    cycle_ends_at = serializers.DateTimeField(source="expires_at", allow_null=True)

    def get_unit(self, cap: Bucket) -> str:
        return spoken_unit(cap.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_amount(self, cap: Bucket) -> int | str:
        return spoken_amount(cap.granted, cap.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_used(self, cap: Bucket) -> int | str:
        return spoken_amount(cap.used, cap.unit, self.context["currency"])


def running_caps(account: Account, scope: str) -> list[dict[str, Any]]:
    """The account's caps of one scope, one for each service."""
    newest: dict[str, Bucket] = {}
    for counter in caps_of(account).filter(caps=scope):
        newest.setdefault(counter.service, counter)
    context = {"currency": account.currency}
    return list(CapOut(newest.values(), many=True, context=context).data)


class ParentIn(StrictSerializer):
    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not Field.parent
        allow_null=True, max_length=64, help_text="Id of the account above it; null for none."
    )
    caps = CapIn(many=True, required=False, help_text="All of them; what is left out ends.")


class ParentOut(serializers.Serializer[Account]):
    """Where an account is in its hierarchy."""

    account = serializers.CharField(source="public_id")
    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not Field.parent
        source="parent.public_id", allow_null=True, default=None
    )
    children = serializers.SerializerMethodField(help_text="Ids of the accounts below it.")
    caps = serializers.SerializerMethodField(help_text="On what it takes from its parent.")

    def get_children(self, account: Account) -> list[str]:
        return list(account.children.order_by("pk").values_list("public_id", flat=True))

    @extend_schema_field(CapOut(many=True))
    def get_caps(self, account: Account) -> list[dict[str, Any]]:
        return running_caps(account, Bucket.Caps.PARENT)


class MemberIn(StrictSerializer):
    account = serializers.CharField(max_length=64)
    caps = CapIn(many=True, required=False, help_text="All of them; what is left out ends.")


class MemberOut(serializers.Serializer[Any]):
    account = serializers.CharField(source="public_id")
    caps = serializers.SerializerMethodField(help_text="On what it takes from other members.")

    @extend_schema_field(CapOut(many=True))
    def get_caps(self, account: Account) -> list[dict[str, Any]]:
        return running_caps(account, Bucket.Caps.GROUP)


class GroupChangeIn(StrictSerializer):
    name = serializers.CharField(max_length=80)
    order = serializers.ChoiceField(
        choices=SharedGroup.Order.choices, default=SharedGroup.Order.OWN_LOWEST
    )
    members = MemberIn(
        many=True, required=False, help_text="All but the owner; who is left out leaves."
    )


class GroupIn(GroupChangeIn):
    code = serializers.CharField(max_length=40)
    owner = serializers.CharField(max_length=64, help_text="The account the group hangs on.")


class GroupOut(serializers.Serializer[SharedGroup]):
    """A family or company: members draw on each other's shared balances."""

    code = serializers.CharField()
    name = serializers.CharField()
    order = serializers.ChoiceField(choices=SharedGroup.Order.choices)
    owner = serializers.CharField(source="owner.public_id")
    members = serializers.SerializerMethodField()

    @extend_schema_field(MemberOut(many=True))
    def get_members(self, group: SharedGroup) -> list[dict[str, Any]]:
        return list(MemberOut(group.members.order_by("pk"), many=True).data)


class BucketChangeIn(StrictSerializer):
    is_shared = serializers.BooleanField(
        required=False, help_text="Offered to the account's children and shared group."
    )
    is_disabled = serializers.BooleanField(required=False, help_text="Pays for nothing.")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
