"""A version as JSON for the audit trail, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from plans.stored import plain

Recorded = dict[str, Any]


def recorded(spec: VersionSpec) -> Recorded:
    """Everything the version says; amounts are whole units, percentages decimal strings."""
    return {
        **{field.name: plain(getattr(spec, field.name)) for field in fields(spec)},
        "allowances": [_allowance(allowance) for allowance in spec.allowances],
        "rates": [_rate(rate) for rate in spec.rates],
    }


def changed_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Recorded, Recorded]:
    """The entries that differ, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _allowance(spec: AllowanceSpec) -> Recorded:
    always = ("name", "amount", "service", "weight", "validity_days", "display_unit")
    return {
        **_always(spec, always),
        # The order in which marks are typed says nothing: they are kept from the highest down.
        "thresholds": sorted((_threshold(mark) for mark in spec.thresholds), key=str),
    }


def _rate(spec: RateSpec) -> Recorded:
    return _always(spec, ("price", "per", "service", "increment", "connect_fee"))


def _threshold(spec: ThresholdSpec) -> Recorded:
    return {"percent": None, "amount": None, "name": spec.name, **plain(spec)}


def _always(spec: AllowanceSpec | RateSpec, names: tuple[str, ...]) -> Recorded:
    """The spec with the fields that people look for, whether or not they say anything."""
    return {
        **{name: getattr(spec, name) for name in names},
        "key": str(spec.key) if spec.key else None,
        "rating_groups": list(spec.rating_groups),
        **plain(spec),
    }
