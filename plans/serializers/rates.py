"""Rates in JSON, those of a version and an allowance's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from plans.models import Rate, Service
from plans.serializers.amounts import PercentField, RatingGroupsField, spoken_percent
from plans.serializers.conditions import ConditionsIn, ConditionsOut, conditions_spec
from plans.specs import RateSpec
from plans.terms import SlotSpec
from portal import formatting
from portal.api.fields import AmountField, MoneyField, StrictSerializer


class SlotIn(StrictSerializer):
    """Another price from `start` units of usage on."""

    start = AmountField(help_text="Units of the session's usage; the rate itself begins at 0.")
    price = MoneyField()
    per = AmountField()
    increment = AmountField(required=False)


class OwnRateIn(StrictSerializer):
    """`price` for every `per` units, in started steps of `increment`."""

    service = serializers.ChoiceField(choices=Service.choices, required=False)
    rating_groups = RatingGroupsField(required=False)
    price = MoneyField()
    per = AmountField(help_text="Seconds, octets or events which `price` buys.")
    increment = AmountField(
        required=False,
        help_text="Charged in started steps of so many; 1, or the whole package.",
    )
    connect_fee = MoneyField(required=False, help_text="Once per session with priced usage.")
    pricing = serializers.ChoiceField(
        choices=Rate.Pricing.choices,
        required=False,
        help_text="What slots mean: each prices its own units, the last one reached prices all, "
        "or `per` units are sold as a package.",
    )
    slots = SlotIn(many=True, required=False, help_text="Further prices, by `start`.")
    rounding = serializers.ChoiceField(choices=Rate.Rounding.choices, required=False)
    decimals = serializers.IntegerField(
        min_value=0,
        max_value=9,
        required=False,
        allow_null=True,
        help_text="Places a session's cost is rounded to; those of the currency without.",
    )
    minimum = MoneyField(required=False, help_text="A session with priced usage costs at least.")
    maximum = MoneyField(
        required=False, allow_null=True, help_text="A session costs at most, without the fee."
    )
    at_maximum = serializers.ChoiceField(
        choices=Rate.AtMaximum.choices,
        required=False,
        help_text="What follows: the rest is free, or no more is granted.",
    )
    conditions = ConditionsIn(required=False)
    weight = serializers.IntegerField(
        min_value=-1_000_000,
        max_value=1_000_000,
        required=False,
        help_text="Of rates with an equally long prefix the heavier one prices.",
    )
    active_from = serializers.DateTimeField(
        required=False, allow_null=True, help_text="A price of the future."
    )
    tax_percent = PercentField(required=False, help_text="Contained in the price.")
    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name
        max_length=80, required=False, allow_blank=True
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A package is sold whole, so its step need not be given."""
        if attrs.get("pricing") == Rate.Pricing.PACKAGE:
            for priced in (attrs, *attrs.get("slots", [])):
                priced.setdefault("increment", priced["per"])
        return attrs


class RateIn(OwnRateIn):
    key = serializers.UUIDField(required=False, help_text="Of the same rate in an earlier version.")


def rate_spec(body: Mapping[str, Any]) -> RateSpec:
    """A checked RateIn or OwnRateIn as the services take it."""
    return RateSpec(
        **{
            **body,
            "rating_groups": tuple(body.get("rating_groups", ())),
            "slots": tuple(SlotSpec(**slot) for slot in body.get("slots", ())),
            "conditions": conditions_spec(body.get("conditions")),
        }
    )


class RateOut(serializers.Serializer[Any]):
    key = serializers.UUIDField()
    service = serializers.ChoiceField(choices=Service.choices)
    rating_groups = RatingGroupsField()
    price = MoneyField(currency="version.currency")
    per = serializers.IntegerField()
    increment = serializers.IntegerField()
    connect_fee = MoneyField(currency="version.currency")
    pricing = serializers.ChoiceField(choices=Rate.Pricing.choices)
    slots = serializers.SerializerMethodField()
    rounding = serializers.ChoiceField(choices=Rate.Rounding.choices)
    decimals = serializers.IntegerField(allow_null=True)
    minimum = MoneyField(currency="version.currency")
    maximum = MoneyField(currency="version.currency", allow_null=True)
    at_maximum = serializers.ChoiceField(choices=Rate.AtMaximum.choices)
    conditions = ConditionsOut()
    weight = serializers.IntegerField()
    active_from = serializers.DateTimeField(allow_null=True)
    tax_percent = serializers.SerializerMethodField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name

    @extend_schema_field(SlotIn(many=True))
    def get_slots(self, rate: Rate) -> list[dict[str, Any]]:
        return spoken_slots(rate.slots, rate.version.currency)

    @extend_schema_field(PercentField)
    def get_tax_percent(self, rate: Rate) -> int | float | None:
        return spoken_percent(rate.tax_percent)


def spoken_slots(stored: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    return [
        {
            **slot,
            "price": formatting.money_text(slot["price"], currency),
            "increment": slot.get("increment", 1),
        }
        for slot in stored
    ]


def spoken_own_rate(stored: dict[str, Any], currency: str) -> dict[str, Any]:
    """A stored rate as it was sent: only what it says."""
    spoken = dict(stored)
    for name in ("price", "connect_fee", "minimum", "maximum"):
        if stored.get(name) is not None:
            spoken[name] = formatting.money_text(stored[name], currency)
    if "slots" in stored:
        spoken["slots"] = spoken_slots(stored["slots"], currency)
    if "tax_percent" in stored:
        spoken["tax_percent"] = float(stored["tax_percent"])
    return spoken
