"""Rating groups in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

from plans.models import UINT32_MAX, RatingGroup, Service, Unit
from plans.specs import RatingGroupSpec
from portal.api.fields import AmountField, LowerChoiceField, StrictSerializer

_METERED_UNITS: Final = (Unit.SECONDS, Unit.OCTETS, Unit.EVENTS)


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


def rating_group_spec(body: Mapping[str, Any], *, number: int) -> RatingGroupSpec:
    """A checked RatingGroupIn as the services take it."""
    return RatingGroupSpec(**{**body, "number": number})


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
