"""Specs as JSON, for columns that hold lists or conditions and for the audit trail.

Only what differs from the default is written, so `{}` is "no condition"; amounts are integers,
decimals strings, times ISO 8601.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec

Spec = TypeVar("Spec")


def plain(value: Any) -> Any:
    """A spec, or anything within one, as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(content)
            for field in fields(value)
            if (content := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, (datetime, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def read(kind: type[Spec], data: Any) -> Spec:
    """The spec that `plain` wrote."""
    return msgspec.convert(data, kind)


def plain_decimal(number: Decimal) -> str:
    """20, 12.5: without trailing zeros and never in powers of ten."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _default(field: Field[Any]) -> Any:
    return None if field.default is MISSING else field.default
