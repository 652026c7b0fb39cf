"""A subscription's own terms in JSON (plans/overrides.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from plans.models import Unit
from plans.overrides import AllowanceOverride, Overrides, RateOverride, validate_overrides
from plans.serializers.allowances import LifetimeIn, ThresholdIn
from plans.serializers.amounts import (
    AmountOrMoneyField,
    read_amount,
    spoken_amount,
    spoken_percent,
)
from plans.specs import AllowanceSpec, ThresholdSpec, VersionSpec, unit_of
from plans.stored import plain
from plans.terms import LifetimeSpec
from portal import formatting
from portal.api.fields import MoneyField, StrictSerializer
from portal.tenancy.validation import FieldError, Invalid

_FEES = ("price", "purchase_fee", "first_use_fee")


class RateOverrideIn(StrictSerializer):
    price = MoneyField(required=False, help_text="Of the first slot.")
    connect_fee = MoneyField(required=False)


class AllowanceOverrideIn(StrictSerializer):
    amount = AmountOrMoneyField(required=False)
    validity_days = serializers.IntegerField(min_value=1, max_value=3650, required=False)
    lifetime = LifetimeIn(required=False)
    thresholds = ThresholdIn(many=True, required=False, help_text="Instead of the version's.")


class OverridesIn(StrictSerializer):
    """What differs from the version for one subscription; rates and allowances by their keys."""

    price = MoneyField(required=False)
    purchase_fee = MoneyField(required=False)
    first_use_fee = MoneyField(required=False)
    rates = serializers.DictField(child=RateOverrideIn(), required=False)
    allowances = serializers.DictField(child=AllowanceOverrideIn(), required=False)


def overrides_spec(body: Mapping[str, Any], spec: VersionSpec) -> Overrides:
    """A checked OverridesIn, for a version that says `spec`. Raises Invalid."""
    known = {allowance.key: allowance for allowance in spec.allowances}
    errors: list[FieldError] = []
    allowances = {
        key: _allowance_override(part, known.get(key), f"allowances/{key}", errors)
        for key, part in _by_key(body, "allowances", errors).items()
    }
    rates = {key: RateOverride(**part) for key, part in _by_key(body, "rates", errors).items()}
    fees = {name: body[name] for name in _FEES if name in body}
    overrides = Overrides(**fees, rates=rates, allowances=allowances)
    if errors := errors or validate_overrides(overrides, spec):
        raise Invalid(errors)
    return overrides


def _by_key(body: Mapping[str, Any], name: str, errors: list[FieldError]) -> dict[UUID, Any]:
    found = {}
    for text, part in body.get(name, {}).items():
        try:
            found[UUID(text)] = part
        except ValueError:
            errors.append(FieldError(f"{name}/{text}", "This is no key."))
    return found


def _allowance_override(
    body: Mapping[str, Any], usual: AllowanceSpec | None, path: str, errors: list[FieldError]
) -> AllowanceOverride:
    is_money = usual is not None and unit_of(usual, {}) == Unit.NANO_MONEY
    said: dict[str, Any] = {**body}
    if "lifetime" in body:
        said["lifetime"] = LifetimeSpec(**body["lifetime"])
    if "amount" in body:
        said["amount"] = _amount(body["amount"], is_money, f"{path}/amount", errors)
    if "thresholds" in body:
        said["thresholds"] = tuple(
            ThresholdSpec(**_with_amount(mark, is_money, f"{path}/thresholds/{place}", errors))
            for place, mark in enumerate(body["thresholds"])
        )
    return AllowanceOverride(**said)


def _with_amount(
    mark: Mapping[str, Any], is_money: bool, path: str, errors: list[FieldError]
) -> dict[str, Any]:
    if mark.get("amount") is None:
        return dict(mark)
    return {**mark, "amount": _amount(mark["amount"], is_money, f"{path}/amount", errors)}


def _amount(raw: Any, is_money: bool, path: str, errors: list[FieldError]) -> int:
    try:
        return read_amount(raw, is_money=is_money, allows_zero=True)
    except ValidationError as error:
        messages = error.detail if isinstance(error.detail, list) else [error.detail]
        errors.extend(FieldError(path, str(message)) for message in messages)
        return 0


# ── answering ────────────────────────────────────────────────────────────────────────────────


def spoken_overrides(overrides: Overrides, spec: VersionSpec) -> dict[str, Any]:
    """As they were sent: only what differs."""
    currency = spec.currency
    spoken: dict[str, Any] = {
        name: formatting.money_text(amount, currency)
        for name in _FEES
        if (amount := getattr(overrides, name)) is not None
    }
    if overrides.rates:
        spoken["rates"] = {
            str(key): {
                name: formatting.money_text(amount, currency)
                for name, amount in plain(part).items()
            }
            for key, part in overrides.rates.items()
        }
    known = {allowance.key: allowance for allowance in spec.allowances}
    if overrides.allowances:
        spoken["allowances"] = {
            str(key): _spoken_allowance(part, known.get(key), currency)
            for key, part in overrides.allowances.items()
        }
    return spoken


def _spoken_allowance(
    own: AllowanceOverride, usual: AllowanceSpec | None, currency: str
) -> dict[str, Any]:
    unit = unit_of(usual, {}) if usual else ""
    spoken: dict[str, Any] = plain(own)
    if own.amount is not None:
        spoken["amount"] = spoken_amount(own.amount, unit, currency)
    if own.lifetime is not None:
        spoken["lifetime"] = {"span": own.lifetime.span, **spoken["lifetime"]}
    if own.thresholds is not None:
        spoken["thresholds"] = [_spoken_mark(mark, unit, currency) for mark in own.thresholds]
    return spoken


def _spoken_mark(mark: ThresholdSpec, unit: str, currency: str) -> dict[str, Any]:
    spoken: dict[str, Any] = plain(mark)
    if mark.percent is not None:
        spoken["percent"] = spoken_percent(mark.percent)
    if mark.amount is not None:
        spoken["amount"] = spoken_amount(mark.amount, unit, currency)
    return spoken
