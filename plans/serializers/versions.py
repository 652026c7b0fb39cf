"""Plans and their versions in JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from plans.models import PlanExample, PlanVersion
from plans.serializers.allowances import AllowanceIn, AllowanceOut, allowance_spec
from plans.serializers.amounts import RatingGroupsField
from plans.serializers.conditions import BandIn, BandOut, spec_of_band
from plans.serializers.rates import RateIn, RateOut, rate_spec
from plans.specs import ExampleSpec, VersionSpec
from portal.api.fields import MoneyField, StrictSerializer

_UNITS: Final = "hour|day|week|month|year"
_RENEWAL: Final = re.compile(rf"(?:(?P<count>\d{{1,3}}) )?(?P<unit>{_UNITS})s?", re.ASCII)
_DURATION: Final = re.compile(
    r"P(?P<hours>T(?=\d+H))?(?P<count>\d{1,3})(?P<unit>[HDWMY])", re.ASCII
)
_UNIT_OF_DURATION: Final = {"D": "day", "W": "week", "M": "month", "Y": "year"}


@extend_schema_field(
    {
        "type": "string",
        "example": "30 days",
        "description": "“none”, “hour”, “day”, “week”, “month”, “year”, a number of them "
        "(“30 days”), or an ISO 8601 duration of one part (“P30D”, “PT12H”).",
    }
)
class RenewalField(serializers.Field[tuple[str, int], Any, str, Any]):
    """How often a version renews, as (unit, count)."""

    default_error_messages = {
        "invalid": "Write “none”, “month”, “30 days”, “2 weeks” or a duration such as “P30D”."
    }

    def to_internal_value(self, data: Any) -> tuple[str, int]:
        text = data.strip() if isinstance(data, str) else ""
        if text.lower() == PlanVersion.Renewal.NONE:
            return str(PlanVersion.Renewal.NONE), 1
        if match := _RENEWAL.fullmatch(text.lower()):
            return match["unit"], int(match["count"] or 1)
        if (match := _DURATION.fullmatch(text)) and bool(match["hours"]) == (match["unit"] == "H"):
            return _UNIT_OF_DURATION.get(match["unit"], "hour"), int(match["count"])
        raise ValidationError(self.error_messages["invalid"], code="invalid")

    def to_representation(self, value: tuple[str, int]) -> str:
        unit, count = value
        if unit == PlanVersion.Renewal.NONE or count == 1:
            return unit
        return f"{count} {unit}s"


# ── reading ──────────────────────────────────────────────────────────────────────────────────


class PlanIn(StrictSerializer):
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ExampleIn(StrictSerializer):
    """A rating case (`rating-cases/1`) that the version must pass to be published."""

    title = serializers.CharField(max_length=80)
    case = serializers.DictField(help_text="`given`, `events` and one `expect` for each event.")


class VersionIn(StrictSerializer):
    currency = serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, help_text="The tenant's unless given."
    )
    price = MoneyField(required=False, help_text="For each period; 0 unless given.")
    renewal = RenewalField(required=False)
    auto_renews = serializers.BooleanField(
        required=False, help_text="False: it ends with its first period."
    )
    anchor_day = serializers.IntegerField(
        min_value=1,
        max_value=31,
        required=False,
        allow_null=True,
        help_text="Day on which periods of months begin; the day of the start without.",
    )
    start = serializers.ChoiceField(choices=PlanVersion.Start.choices, required=False)
    proration = serializers.ChoiceField(
        choices=PlanVersion.Proration.choices,
        required=False,
        help_text="How the price of a first period that the anchor day shortens is charged.",
    )
    purchase_fee = MoneyField(required=False)
    first_use_fee = MoneyField(required=False)
    grace_hours = serializers.IntegerField(
        min_value=0,
        max_value=8784,
        required=False,
        help_text="How long it goes on when the money for a renewal is short.",
    )
    retry_hours = serializers.IntegerField(min_value=0, max_value=8784, required=False)
    retries_max = serializers.IntegerField(min_value=0, max_value=100, required=False)
    is_add_on = serializers.BooleanField(required=False, help_text="Held beside a base plan.")
    quantity_max = serializers.IntegerField(
        min_value=1,
        max_value=1000,
        required=False,
        allow_null=True,
        help_text="How many an account may hold at once; any number without.",
    )
    money_first = serializers.BooleanField(required=False, help_text="Money pays before units.")
    zero_rated = RatingGroupsField(
        required=False, help_text="Free rating groups; published only where the operator may."
    )
    fallback_plans = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=10,
        required=False,
        help_text="Plans whose rates are asked where none of these applies.",
    )
    bands = BandIn(many=True, required=False)
    allowances = AllowanceIn(many=True, required=False)
    rates = RateIn(many=True, required=False)
    examples = ExampleIn(many=True, required=False)


class DraftIn(VersionIn):
    revision = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="The revision the change was made on; an older one is a conflict.",
    )


def version_spec(body: Mapping[str, Any], *, currency: str) -> VersionSpec:
    """A checked VersionIn as the services take it; `currency` unless it names one."""
    renewal, count = body.get("renewal", ("day", 30))
    said = {name: value for name, value in body.items() if name != "revision"}
    return VersionSpec(
        **{
            "currency": currency,
            **said,
            "renewal": renewal,
            "renewal_count": count,
            "zero_rated": tuple(body.get("zero_rated", ())),
            "fallback_plans": tuple(body.get("fallback_plans", ())),
            "bands": tuple(spec_of_band(part) for part in body.get("bands", ())),
            "allowances": tuple(allowance_spec(part) for part in body.get("allowances", ())),
            "rates": tuple(rate_spec(part) for part in body.get("rates", ())),
            "examples": tuple(
                ExampleSpec(title=part["title"], case=_exact(part["case"]))
                for part in body.get("examples", ())
            ),
        }
    )


def _exact(value: Any) -> Any:
    """Numbers with a point as decimal strings, so that they are stored as they were sent."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {name: _exact(part) for name, part in value.items()}
    return [_exact(part) for part in value] if isinstance(value, list) else value


# ── answering ────────────────────────────────────────────────────────────────────────────────


class VersionBriefOut(serializers.ModelSerializer[PlanVersion]):
    class Meta:
        model = PlanVersion
        fields = ("number", "state", "published_at")


class PlanOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    versions = VersionBriefOut(many=True)


class ExampleOut(serializers.Serializer[PlanExample]):
    title = serializers.CharField()
    case = serializers.DictField()


class VersionOut(serializers.Serializer[PlanVersion]):
    plan = serializers.CharField(source="plan.code")
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PlanVersion.State.choices)
    currency = serializers.CharField()
    price = MoneyField()
    renewal = serializers.SerializerMethodField(help_text="“none”, “month”, “30 days”, …")
    auto_renews = serializers.BooleanField()
    anchor_day = serializers.IntegerField(allow_null=True)
    start = serializers.ChoiceField(choices=PlanVersion.Start.choices)
    proration = serializers.ChoiceField(choices=PlanVersion.Proration.choices)
    purchase_fee = MoneyField()
    first_use_fee = MoneyField()
    grace_hours = serializers.IntegerField()
    retry_hours = serializers.IntegerField()
    retries_max = serializers.IntegerField()
    is_add_on = serializers.BooleanField()
    quantity_max = serializers.IntegerField(allow_null=True)
    money_first = serializers.BooleanField()
    zero_rated = RatingGroupsField(help_text="Free rating groups.")
    fallback_plans = serializers.ListField(child=serializers.CharField())
    bands = BandOut(many=True)
    allowances = AllowanceOut(many=True)
    rates = RateOut(many=True)
    examples = ExampleOut(many=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)

    def get_renewal(self, version: PlanVersion) -> str:
        return RenewalField().to_representation((version.renewal, version.renewal_count))
