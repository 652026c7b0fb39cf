"""Plans and rating groups in JSON: what the API reads and what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from plans.models import UINT32_MAX, Allowance, PlanVersion, RatingGroup, Service, Threshold, Unit
from plans.specs import AllowanceSpec, RateSpec, RatingGroupSpec, ThresholdSpec, VersionSpec
from portal import formatting
from portal.api.fields import AmountField, LowerChoiceField, MoneyField, StrictSerializer

_METERED_UNITS: Final = (Unit.SECONDS, Unit.OCTETS, Unit.EVENTS)
_RENEWAL: Final = re.compile(r"(?:(?P<count>\d{1,3}) )?(?P<unit>day|week|month)s?", re.ASCII)
_DURATION: Final = re.compile(r"P(?P<count>\d{1,3})(?P<unit>[DWM])", re.ASCII)
_UNIT_OF_DURATION: Final = {"D": "day", "W": "week", "M": "month"}


# ── amounts that may be units or money ───────────────────────────────────────────────────────


def spoken_unit(unit: str, currency: str) -> str:
    """octets, seconds, events, or the currency of an amount of money."""
    return currency if unit == Unit.NANO_MONEY else str(unit).lower()


def spoken_amount(amount: int, unit: str, currency: str) -> int | str:
    """Units as an integer, money as a decimal string."""
    return formatting.money_text(amount, currency) if unit == Unit.NANO_MONEY else amount


@extend_schema_field(
    {
        "oneOf": [{"type": "integer"}, {"type": "string", "format": "decimal"}],
        "description": "Octets, seconds or events; money as a decimal string.",
    }
)
class AmountOrMoneyField(serializers.Field[Any, Any, Any, Any]):
    """Taken as it is; `read_amount` reads it once the service is known."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def read_amount(raw: Any, *, is_money: bool, allows_zero: bool = False) -> int:
    """Units or nano-units. Raises ValidationError."""
    if is_money:
        return int(MoneyField(allows_zero=allows_zero).run_validation(raw))
    return int(AmountField(min_value=0 if allows_zero else 1).run_validation(raw))


@extend_schema_field(
    {
        "type": "string",
        "example": "30 days",
        "description": "“none”, “day”, “week”, “month”, a number of them (“30 days”), or an "
        "ISO 8601 duration of one part (“P30D”).",
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
        if match := _DURATION.fullmatch(text):
            return _UNIT_OF_DURATION[match["unit"]], int(match["count"])
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


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 100, "example": 12.5})
class PercentField(serializers.DecimalField):
    """0 to 100 with at most two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), **kwargs
        )


class ThresholdIn(StrictSerializer):
    name = serializers.CharField(max_length=60, required=False, allow_blank=True)
    percent = PercentField(
        required=False, allow_null=True, help_text="Of what was granted in the period."
    )
    amount = AmountOrMoneyField(required=False, allow_null=True)


class RatingGroupsField(serializers.ListField):
    """Rating groups by number, instead of every one of the service."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("child", serializers.IntegerField(min_value=0, max_value=UINT32_MAX))
        kwargs.setdefault("help_text", "By number, instead of every one of the service.")
        super().__init__(max_length=1000, **kwargs)


class AllowanceIn(StrictSerializer):
    """Units of a service, or of named rating groups, for each period."""

    key = serializers.UUIDField(
        required=False, help_text="Of the same allowance in an earlier version."
    )
    name = serializers.CharField(max_length=80)
    service = serializers.ChoiceField(choices=Service.choices, required=False)
    rating_groups = RatingGroupsField(required=False)
    amount = AmountOrMoneyField()
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
    thresholds = ThresholdIn(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_money = self._counts_money(attrs)
        errors: dict[str, Any] = {}
        try:
            attrs["amount"] = read_amount(attrs["amount"], is_money=is_money)
        except ValidationError as error:
            errors["amount"] = error.detail
        for place, mark in enumerate(attrs.get("thresholds", [])):
            if mark.get("amount") is None:
                continue
            try:
                mark["amount"] = read_amount(mark["amount"], is_money=is_money, allows_zero=True)
            except ValidationError as error:
                errors.setdefault("thresholds", {})[place] = {"amount": error.detail}
        if errors:
            raise ValidationError(errors)
        return attrs

    def _counts_money(self, attrs: Mapping[str, Any]) -> bool:
        if "service" in attrs:
            return bool(attrs["service"] == Service.MONEY)
        groups: Mapping[int, RatingGroup] = self.context["rating_groups"]
        named = (groups[number] for number in attrs.get("rating_groups", []) if number in groups)
        return any(group.service == Service.MONEY for group in named)


class RateIn(StrictSerializer):
    """`price` for every `per` units, in started steps of `increment`."""

    key = serializers.UUIDField(required=False)
    service = serializers.ChoiceField(choices=Service.choices, required=False)
    rating_groups = RatingGroupsField(required=False)
    price = MoneyField()
    per = AmountField(help_text="Seconds, octets or events which `price` buys.")
    increment = AmountField(required=False, help_text="Charged in started steps of so many; 1.")
    connect_fee = MoneyField(required=False, help_text="Once per session with priced usage.")


class VersionIn(StrictSerializer):
    currency = serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, help_text="The tenant's unless given."
    )
    price = MoneyField(required=False, help_text="For each period; 0 unless given.")
    renewal = RenewalField(required=False)
    allowances = AllowanceIn(many=True, required=False)
    rates = RateIn(many=True, required=False)


class DraftIn(VersionIn):
    revision = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="The revision the change was made on; an older one is a conflict.",
    )


class RatingGroupIn(StrictSerializer):
    number = serializers.IntegerField(min_value=0, max_value=UINT32_MAX, required=False)
    name = serializers.CharField(max_length=80)
    service = serializers.ChoiceField(choices=Service.choices)
    unit = LowerChoiceField(choices=_METERED_UNITS)
    mode = serializers.ChoiceField(choices=RatingGroup.Mode.choices, required=False)
    grant = AmountField(help_text="Units of one grant when the network names no amount.")
    validity_time = serializers.IntegerField(
        min_value=0, max_value=604_800, required=False, help_text="Seconds a grant lives."
    )
    holding_time = serializers.IntegerField(min_value=0, max_value=604_800, required=False)
    threshold_percent = serializers.IntegerField(min_value=0, max_value=99, required=False)
    final_unit_action = serializers.ChoiceField(
        choices=RatingGroup.FinalUnitAction.choices, required=False
    )
    redirect_address = serializers.URLField(required=False, allow_blank=True)


def version_spec(body: Mapping[str, Any], *, currency: str) -> VersionSpec:
    """A checked VersionIn as the services take it; `currency` unless it names one."""
    renewal, count = body.get("renewal", ("day", 30))
    return VersionSpec(
        currency=body.get("currency", currency),
        price=body.get("price", 0),
        renewal=renewal,
        renewal_count=count,
        allowances=tuple(_allowance_spec(part) for part in body.get("allowances", [])),
        rates=tuple(_rate_spec(part) for part in body.get("rates", [])),
    )


def _allowance_spec(body: Mapping[str, Any]) -> AllowanceSpec:
    thresholds = tuple(ThresholdSpec(**mark) for mark in body.get("thresholds", []))
    return AllowanceSpec(**{**_with_tuples(body), "thresholds": thresholds})


def _rate_spec(body: Mapping[str, Any]) -> RateSpec:
    return RateSpec(**_with_tuples(body))


def _with_tuples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "rating_groups": tuple(body.get("rating_groups", ()))}


def rating_group_spec(body: Mapping[str, Any], *, number: int) -> RatingGroupSpec:
    """A checked RatingGroupIn as the services take it."""
    return RatingGroupSpec(**{**body, "number": number})


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


class ThresholdOut(serializers.Serializer[Threshold]):
    """Either a percentage of what was granted, or an amount."""

    name = serializers.CharField()
    percent = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()

    def get_percent(self, mark: Threshold) -> float | None:
        if mark.percent is None:
            return None
        return int(mark.percent) if mark.percent == int(mark.percent) else float(mark.percent)

    @extend_schema_field(AmountOrMoneyField(allow_null=True))
    def get_amount(self, mark: Threshold) -> int | str | None:
        if mark.amount is None:
            return None
        return spoken_amount(mark.amount, mark.allowance.unit, mark.allowance.version.currency)


class AllowanceOut(serializers.Serializer[Allowance]):
    key = serializers.UUIDField()
    name = serializers.CharField()
    service = serializers.ChoiceField(choices=Service.choices)
    rating_groups = RatingGroupsField()
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    amount = serializers.SerializerMethodField()
    weight = serializers.IntegerField()
    validity_days = serializers.IntegerField(allow_null=True)
    thresholds = ThresholdOut(many=True)

    def get_unit(self, allowance: Allowance) -> str:
        return spoken_unit(allowance.unit, allowance.version.currency)

    @extend_schema_field(AmountOrMoneyField)
    def get_amount(self, allowance: Allowance) -> int | str:
        return spoken_amount(allowance.amount, allowance.unit, allowance.version.currency)


class RateOut(serializers.Serializer[Any]):
    key = serializers.UUIDField()
    service = serializers.ChoiceField(choices=Service.choices)
    rating_groups = RatingGroupsField()
    price = MoneyField(currency="version.currency")
    per = serializers.IntegerField()
    increment = serializers.IntegerField()
    connect_fee = MoneyField(currency="version.currency")


class VersionOut(serializers.Serializer[PlanVersion]):
    plan = serializers.CharField(source="plan.code")
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PlanVersion.State.choices)
    currency = serializers.CharField()
    price = MoneyField()
    renewal = serializers.SerializerMethodField(help_text="“none”, “month”, “30 days”, …")
    allowances = AllowanceOut(many=True)
    rates = RateOut(many=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    retired_at = serializers.DateTimeField(allow_null=True)

    def get_renewal(self, version: PlanVersion) -> str:
        return RenewalField().to_representation((version.renewal, version.renewal_count))


class RatingGroupOut(serializers.Serializer[RatingGroup]):
    number = serializers.IntegerField()
    name = serializers.CharField()
    service = serializers.ChoiceField(choices=Service.choices)
    unit = LowerChoiceField(choices=_METERED_UNITS)
    mode = serializers.ChoiceField(choices=RatingGroup.Mode.choices)
    grant = serializers.IntegerField()
    validity_time = serializers.IntegerField()
    holding_time = serializers.IntegerField()
    threshold_percent = serializers.IntegerField()
    final_unit_action = serializers.ChoiceField(choices=RatingGroup.FinalUnitAction.choices)
    redirect_address = serializers.CharField()
