"""What makes a rating group acceptable."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from plans.models import UINT32_MAX, RatingGroup, Service, Unit
from plans.specs import RatingGroupSpec
from plans.validation.fields import check_amount, check_name
from portal.tenancy.validation import FieldError


def validate_rating_group(spec: RatingGroupSpec) -> list[FieldError]:
    """Everything that keeps the rating group from being saved."""
    return [*_check_identity(spec), *_check_metering(spec), *_check_final_units(spec)]


def _check_identity(spec: RatingGroupSpec) -> Iterator[FieldError]:
    if not 0 <= spec.number <= UINT32_MAX:
        yield FieldError("number", f"Enter a number from 0 to {UINT32_MAX}.")
    yield from check_name(spec.name, "Give the rating group a name.")
    if spec.service not in Service.values:
        yield FieldError("service", f"Choose one of {', '.join(Service.values)}.")
    if spec.unit not in (Unit.OCTETS, Unit.SECONDS, Unit.EVENTS):
        yield FieldError("unit", "Choose octets, seconds or events.")
    if spec.mode not in RatingGroup.Mode.values:
        yield FieldError("mode", "Choose online or offline.")


def _check_metering(spec: RatingGroupSpec) -> Iterator[FieldError]:
    yield from check_amount("grant", spec.grant)
    for path, seconds in (
        ("validity_time", spec.validity_time),
        ("holding_time", spec.holding_time),
    ):
        if not 0 <= seconds <= 7 * 86_400:
            yield FieldError(path, "Enter 0 to 604800 seconds (a week).")
    if not 0 <= spec.threshold_percent <= 99:
        yield FieldError("threshold_percent", "Enter a percentage from 0 to 99.")


def _check_final_units(spec: RatingGroupSpec) -> Iterator[FieldError]:
    if spec.final_unit_action not in RatingGroup.FinalUnitAction.values:
        yield FieldError("final_unit_action", "Choose what happens after the last units.")
        return
    if spec.final_unit_action == RatingGroup.FinalUnitAction.REDIRECT and not spec.redirect_address:
        yield FieldError("redirect_address", "Enter the address to redirect to.")
    if spec.redirect_address:
        try:
            URLValidator(schemes=["http", "https"])(spec.redirect_address)
        except ValidationError:
            yield FieldError("redirect_address", "Enter a web address, https://…")
