"""Serializers and fields that say exactly what is wrong, at the field.

Money is a decimal string ("19.90") outside and nano-units (10⁻⁹) inside; amounts of units are
integers; a field nobody knows is an error, because it was meant to do something.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from portal import formatting

BIGINT_MAX: Final = 2**63 - 1
_MONEY: Final = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)


class StrictSerializer(serializers.Serializer[Any]):
    """A body whose every field must be known; all errors are told at once."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**unknown, **error.detail}) from error
            raise
        if unknown:
            raise ValidationError(unknown)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        return {
            str(name): [_unknown_field(str(name), writable)]
            for name in data
            if name not in writable
        }


def _unknown_field(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Unknown field; did you mean “{near[0]}”?" if near else "Unknown field."


@extend_schema_field({"type": "string", "format": "decimal", "example": "19.90"})
class MoneyField(serializers.Field[int, Any, str, Any]):
    """Nano-units as a decimal string.

    Out, the number of decimals follows the currency: `currency` is the dotted way to it from the
    object that is shown.
    """

    default_error_messages = {
        "invalid": "Write an amount of money as a decimal string with at most nine decimals, "
        "such as “19.90”.",
        "negative": "Enter an amount of zero or more.",
        "not_positive": "Enter an amount above zero.",
        "too_large": "The amount is too large.",
    }

    def __init__(
        self,
        *,
        currency: str = "currency",
        allows_negative: bool = False,
        allows_zero: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.currency = currency
        self.allows_negative = allows_negative
        self.allows_zero = allows_zero

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, (str, int, Decimal)):
            self.fail("invalid")
        text = f"{data:f}" if isinstance(data, Decimal) else str(data).strip()
        if not _MONEY.fullmatch(text):
            self.fail("invalid")
        nano_units = formatting.parse_money(text)
        if abs(nano_units) > BIGINT_MAX:
            self.fail("too_large")
        if nano_units < 0 and not self.allows_negative:
            self.fail("negative")
        if nano_units == 0 and not self.allows_zero:
            self.fail("not_positive")
        return nano_units

    def get_attribute(self, instance: Any) -> Any:
        nano_units = super().get_attribute(instance)
        if nano_units is None:
            return None
        currency = instance
        for step in self.currency.split("."):
            currency = currency[step] if isinstance(currency, Mapping) else getattr(currency, step)
        return formatting.money_text(nano_units, currency)

    def to_representation(self, value: Any) -> str:
        return str(value)


class AmountField(serializers.IntegerField):
    """Octets, seconds or events: a whole number that fits the database."""

    def __init__(self, *, min_value: int = 1, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=BIGINT_MAX, **kwargs)
        self.error_messages["invalid"] = (
            "Write a whole number of octets, seconds or events, such as 1073741824."
        )

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class LowerChoiceField(serializers.ChoiceField):
    """A choice whose stored values are upper case and whose spoken ones are lower: octets."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        self._stored = {str(value).lower(): value for value in choices}
        super().__init__(choices=list(self._stored), **kwargs)

    def to_internal_value(self, data: Any) -> str:
        spoken = super().to_internal_value(data.lower() if isinstance(data, str) else data)
        return str(self._stored[spoken])

    def to_representation(self, value: Any) -> str:
        return str(value).lower()
