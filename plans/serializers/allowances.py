"""Allowances and their thresholds in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from plans.models import Allowance, RatingGroup, Service, Threshold
from plans.models.units import ALLOWANCE_SERVICES
from plans.serializers.amounts import (
    AmountOrMoneyField,
    PercentField,
    RatingGroupsField,
    read_amount,
    spoken_amount,
    spoken_percent,
    spoken_unit,
)
from plans.serializers.conditions import ConditionsIn, ConditionsOut, conditions_spec
from plans.serializers.rates import OwnRateIn, rate_spec, spoken_own_rate
from plans.specs import AllowanceSpec, ThresholdSpec
from plans.terms import FactorSpec, LifetimeSpec
from portal.api.fields import AmountField, StrictSerializer


class ThresholdIn(StrictSerializer):
    name = serializers.CharField(max_length=60, required=False, allow_blank=True)
    percent = PercentField(
        required=False, allow_null=True, help_text="Of what was granted in the period."
    )
    amount = AmountOrMoneyField(required=False, allow_null=True)
    state = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        help_text="What the balance is called beyond the mark; its name without.",
    )
    action = serializers.ChoiceField(choices=Threshold.Action.choices, required=False)
    target = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Key of the allowance that is blocked or unblocked; its own without.",
    )
    quiet_from = serializers.TimeField(
        required=False, allow_null=True, help_text="Local hours in which nobody is told."
    )
    quiet_until = serializers.TimeField(required=False, allow_null=True)
    is_paused = serializers.BooleanField(
        required=False, help_text="Crossings are recorded and nobody is told."
    )


class FactorIn(StrictSerializer):
    """So many units are taken for each unit used; the first factor that applies counts."""

    times = serializers.IntegerField(min_value=1, max_value=1000)
    key = serializers.CharField(
        max_length=80,
        required=False,
        allow_blank=True,
        help_text="For usage that names this factor, whatever the conditions.",
    )
    conditions = ConditionsIn(required=False)


class LifetimeIn(StrictSerializer):
    """How long it lives, from purchase or from its first use."""

    span = serializers.ChoiceField(choices=Allowance.Span.choices)
    count = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    from_first_use = serializers.BooleanField(required=False)
    until = serializers.DateTimeField(required=False, allow_null=True)


class AllowanceIn(StrictSerializer):
    """Units of a service, or of named rating groups, for each period."""

    key = serializers.UUIDField(
        required=False, help_text="Of the same allowance in an earlier version."
    )
    name = serializers.CharField(max_length=80)
    service = serializers.ChoiceField(
        choices=ALLOWANCE_SERVICES,
        required=False,
        help_text="“generic”: neutral units that pay for any service.",
    )
    rating_groups = RatingGroupsField(required=False)
    amount = AmountOrMoneyField(
        help_text="Of a counter its limit (0: none), of an unlimited allowance its fair use."
    )
    weight = serializers.IntegerField(
        required=False, help_text="Higher is used first; the order given counts without it."
    )
    validity_days = serializers.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        allow_null=True,
        help_text="Days from when it is given; until the period ends without.",
    )
    lifetime = LifetimeIn(required=False, help_text="Where it is not a number of days.")
    conditions = ConditionsIn(required=False)
    role = serializers.ChoiceField(
        choices=Allowance.Role.choices,
        required=False,
        help_text="A counter of money counts what is spent, any other the units used.",
    )
    limits = serializers.BooleanField(
        required=False, help_text="Counters: quota is granted up to the amount only."
    )
    is_blocker = serializers.BooleanField(
        required=False, help_text="Nothing behind it pays, be it empty or not."
    )
    is_unlimited = serializers.BooleanField(required=False)
    is_shared = serializers.BooleanField(
        required=False, help_text="Offered to the account's shared group and children."
    )
    step = AmountField(required=False, help_text="Taken in whole steps of so many units.")
    factors = FactorIn(many=True, required=False)
    own_rate = OwnRateIn(
        required=False,
        allow_null=True,
        help_text="What its units cost in money as well; for money, what it is spent at.",
    )
    renewal = serializers.ChoiceField(choices=Allowance.Renewal.choices, required=False)
    roll_over_amount_max = AmountOrMoneyField(required=False, allow_null=True)
    roll_over_periods_max = serializers.IntegerField(
        min_value=1, max_value=366, required=False, allow_null=True
    )
    roll_over_order = serializers.ChoiceField(
        choices=Allowance.RollOverOrder.choices, required=False
    )
    thresholds = ThresholdIn(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_money = self._counts_money(attrs)
        may_be_zero = attrs.get("role") == Allowance.Role.COUNTS or attrs.get("is_unlimited", False)
        errors: dict[str, Any] = {}
        _read_into(attrs, "amount", errors, is_money=is_money, allows_zero=may_be_zero)
        _read_into(attrs, "roll_over_amount_max", errors, is_money=is_money)
        for place, mark in enumerate(attrs.get("thresholds", [])):
            found: dict[str, Any] = {}
            _read_into(mark, "amount", found, is_money=is_money, allows_zero=True)
            if found:
                errors.setdefault("thresholds", {})[place] = found
        if errors:
            raise ValidationError(errors)
        return attrs

    def _counts_money(self, attrs: Mapping[str, Any]) -> bool:
        if "service" in attrs:
            return bool(attrs["service"] == Service.MONEY)
        groups: Mapping[int, RatingGroup] = self.context["rating_groups"]
        named = (groups[number] for number in attrs.get("rating_groups", []) if number in groups)
        return any(group.service == Service.MONEY for group in named)


def _read_into(attrs: dict[str, Any], name: str, errors: dict[str, Any], **how: bool) -> None:
    """Read an amount that is there, or note what is wrong with it."""
    if attrs.get(name) is None:
        return
    try:
        attrs[name] = read_amount(
            attrs[name], is_money=how["is_money"], allows_zero=how.get("allows_zero", False)
        )
    except ValidationError as error:
        errors[name] = error.detail


def allowance_spec(body: Mapping[str, Any]) -> AllowanceSpec:
    """A checked AllowanceIn as the services take it."""
    own_rate = body.get("own_rate")
    return AllowanceSpec(
        **{
            **body,
            "rating_groups": tuple(body.get("rating_groups", ())),
            "thresholds": tuple(ThresholdSpec(**mark) for mark in body.get("thresholds", ())),
            "lifetime": LifetimeSpec(**body.get("lifetime", {})),
            "conditions": conditions_spec(body.get("conditions")),
            "factors": tuple(_factor_spec(factor) for factor in body.get("factors", ())),
            "own_rate": None if own_rate is None else rate_spec(own_rate),
        }
    )


def _factor_spec(body: Mapping[str, Any]) -> FactorSpec:
    return FactorSpec(**{**body, "conditions": conditions_spec(body.get("conditions"))})


# ── answering ────────────────────────────────────────────────────────────────────────────────


class ThresholdOut(serializers.Serializer[Threshold]):
    """Either a percentage of what was granted, or an amount."""

    name = serializers.CharField()
    percent = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    state = serializers.CharField()
    action = serializers.ChoiceField(choices=Threshold.Action.choices)
    target = serializers.UUIDField(allow_null=True)
    quiet_from = serializers.TimeField(format="%H:%M", allow_null=True)
    quiet_until = serializers.TimeField(format="%H:%M", allow_null=True)
    is_paused = serializers.BooleanField()

    @extend_schema_field(PercentField(allow_null=True))
    def get_percent(self, mark: Threshold) -> int | float | None:
        return spoken_percent(mark.percent)

    @extend_schema_field(AmountOrMoneyField(allow_null=True))
    def get_amount(self, mark: Threshold) -> int | str | None:
        if mark.amount is None:
            return None
        return spoken_amount(mark.amount, mark.allowance.unit, mark.allowance.version.currency)


class LifetimeOut(serializers.Serializer[Allowance]):
    span = serializers.ChoiceField(choices=Allowance.Span.choices, source="lifetime_span")
    count = serializers.IntegerField(source="lifetime_count")
    from_first_use = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True, source="lifetime_until")


class AllowanceOut(serializers.Serializer[Allowance]):
    key = serializers.UUIDField()
    name = serializers.CharField()
    service = serializers.ChoiceField(choices=ALLOWANCE_SERVICES)
    rating_groups = RatingGroupsField()
    unit = serializers.SerializerMethodField(
        help_text="octets, seconds, events, generic, or a currency."
    )
    amount = serializers.SerializerMethodField()
    weight = serializers.IntegerField()
    validity_days = serializers.IntegerField(allow_null=True)
    lifetime = LifetimeOut(source="*")
    conditions = ConditionsOut()
    role = serializers.ChoiceField(choices=Allowance.Role.choices)
    limits = serializers.BooleanField()
    is_blocker = serializers.BooleanField()
    is_unlimited = serializers.BooleanField()
    is_shared = serializers.BooleanField()
    step = serializers.IntegerField()
    factors = serializers.SerializerMethodField()
    own_rate = serializers.SerializerMethodField()
    renewal = serializers.ChoiceField(choices=Allowance.Renewal.choices)
    roll_over_amount_max = serializers.SerializerMethodField()
    roll_over_periods_max = serializers.IntegerField(allow_null=True)
    roll_over_order = serializers.ChoiceField(choices=Allowance.RollOverOrder.choices)
    thresholds = ThresholdOut(many=True)

    def get_unit(self, allowance: Allowance) -> str:
        return spoken_unit(allowance.unit, allowance.version.currency)

    @extend_schema_field(AmountOrMoneyField)
    def get_amount(self, allowance: Allowance) -> int | str:
        return spoken_amount(allowance.amount, allowance.unit, allowance.version.currency)

    @extend_schema_field(FactorIn(many=True))
    def get_factors(self, allowance: Allowance) -> list[dict[str, Any]]:
        return list(allowance.factors)

    @extend_schema_field(OwnRateIn(allow_null=True))
    def get_own_rate(self, allowance: Allowance) -> dict[str, Any] | None:
        if allowance.own_rate is None:
            return None
        return spoken_own_rate(allowance.own_rate, allowance.version.currency)

    @extend_schema_field(AmountOrMoneyField(allow_null=True))
    def get_roll_over_amount_max(self, allowance: Allowance) -> int | str | None:
        if allowance.roll_over_amount_max is None:
            return None
        return spoken_amount(
            allowance.roll_over_amount_max, allowance.unit, allowance.version.currency
        )
