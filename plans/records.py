"""A version as JSON for the audit trail, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec, plain_decimal

Recorded = dict[str, Any]


def recorded(spec: VersionSpec) -> Recorded:
    """Everything the version says; amounts are whole units, percentages decimal strings."""
    return {
        "currency": spec.currency,
        "price": spec.price,
        "renewal": spec.renewal,
        "renewal_count": spec.renewal_count,
        "allowances": [_allowance(allowance) for allowance in spec.allowances],
        "rates": [_rate(rate) for rate in spec.rates],
    }


def changed_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Recorded, Recorded]:
    """The entries that differ, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _allowance(spec: AllowanceSpec) -> Recorded:
    plain = _plain(spec)
    # The order in which marks are typed says nothing: they are kept from the highest down.
    plain["thresholds"] = sorted((_threshold(mark) for mark in spec.thresholds), key=str)
    return plain


def _rate(spec: RateSpec) -> Recorded:
    return _plain(spec)


def _threshold(spec: ThresholdSpec) -> Recorded:
    percent = None if spec.percent is None else plain_decimal(spec.percent)
    return {"name": spec.name, "percent": percent, "amount": spec.amount}


def _plain(spec: AllowanceSpec | RateSpec) -> Recorded:
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    values["key"] = str(spec.key) if spec.key else None
    values["rating_groups"] = list(spec.rating_groups)
    return values
