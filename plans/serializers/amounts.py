"""Fields that several kinds of rows share: amounts, percentages, rating groups, times of day."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from plans.models import UINT32_MAX, Unit
from portal import formatting
from portal.api.fields import AmountField, MoneyField

_TIME_OF_DAY: Final = re.compile(r"(\d{2}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_DAY_SECONDS: Final = 86_400


def spoken_unit(unit: str, currency: str) -> str:
    """octets, seconds, events, generic, or the currency of an amount of money."""
    return currency if unit == Unit.NANO_MONEY else str(unit).lower()


def spoken_amount(amount: int, unit: str, currency: str) -> int | str:
    """Units as an integer, money as a decimal string."""
    return formatting.money_text(amount, currency) if unit == Unit.NANO_MONEY else amount


@extend_schema_field(
    {
        "oneOf": [{"type": "integer"}, {"type": "string", "format": "decimal"}],
        "description": "Octets, seconds, events or neutral units; money as a decimal string.",
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


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 100, "example": 12.5})
class PercentField(serializers.DecimalField):
    """0 to 100 with at most two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), **kwargs
        )


def spoken_percent(percent: Decimal | None) -> int | float | None:
    """20, 12.5: two decimals, which a JSON number holds exactly enough to be read back."""
    if percent is None:
        return None
    return int(percent) if percent == int(percent) else float(percent)


class RatingGroupsField(serializers.ListField):
    """Rating groups by number, instead of every one of the service."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("child", serializers.IntegerField(min_value=0, max_value=UINT32_MAX))
        kwargs.setdefault("help_text", "By number, instead of every one of the service.")
        super().__init__(max_length=1000, **kwargs)


class CodesField(serializers.ListField):
    """A list of short texts."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.CharField(max_length=100, allow_blank=True)
        super().__init__(child=child, max_length=1000, **kwargs)


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$", "example": "18:00"})
class TimeOfDayField(serializers.Field[int, Any, str, Any]):
    """Seconds of the local day as "18:00"; "24:00" is its end."""

    default_error_messages = {"invalid": "Write a time of day such as “18:00”."}

    def to_internal_value(self, data: Any) -> int:
        match = _TIME_OF_DAY.fullmatch(data) if isinstance(data, str) else None
        if match is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
        if seconds > _DAY_SECONDS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return seconds

    def to_representation(self, value: int) -> str:
        minutes, seconds = divmod(value, 60)
        text = f"{minutes // 60:02}:{minutes % 60:02}"
        return f"{text}:{seconds:02}" if seconds else text
