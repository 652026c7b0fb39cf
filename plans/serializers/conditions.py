"""Conditions and time bands in JSON: the names are those of the stored specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from plans.models import TimeBand
from plans.rows import band_spec
from plans.serializers.amounts import CodesField, TimeOfDayField
from plans.stored import plain
from plans.terms import (
    ALWAYS,
    BandSpec,
    ConditionsSpec,
    DestinationsSpec,
    WindowSpec,
)
from portal.api.fields import StrictSerializer


class DestinationsIn(StrictSerializer):
    """The longest prefix that the list knows decides; only exclusions let in all else."""

    included = CodesField(required=False, help_text="Destination groups; “*any” is every number.")
    excluded = CodesField(required=False)


class ConditionsIn(StrictSerializer):
    """Where, when, how and with whom; all that is given must hold."""

    destinations = DestinationsIn(required=False)
    zones = CodesField(required=False, help_text="“home”, “roaming”, or zones by code.")
    networks = CodesField(required=False, help_text="Serving networks: MCC and MNC.")
    rats = CodesField(required=False, help_text="Radio access: NR, EUTRA, … (TS 29.571 RatType).")
    dnns = CodesField(required=False, help_text="Data networks.")
    slices = CodesField(required=False, help_text="“SST” or “SST-SD”.")
    number_classes = CodesField(required=False, help_text="Classes of destination groups.")
    categories = CodesField(required=False)
    characteristics_mask = serializers.IntegerField(
        min_value=0,
        max_value=65_535,
        required=False,
        help_text="Bits of the charging characteristics that are looked at.",
    )
    characteristics_value = serializers.IntegerField(min_value=0, max_value=65_535, required=False)
    on_net = serializers.BooleanField(
        required=False, allow_null=True, help_text="Whether the other party is a subscriber too."
    )
    band = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="A time band of this version."
    )


def conditions_spec(body: Mapping[str, Any] | None) -> ConditionsSpec:
    """A checked ConditionsIn as the services take it."""
    if not body:
        return ALWAYS
    values = _with_tuples(body)
    if "destinations" in body:
        lists = {name: tuple(codes) for name, codes in body["destinations"].items()}
        values["destinations"] = DestinationsSpec(**lists)
    return ConditionsSpec(**values)


@extend_schema_field(ConditionsIn)
class ConditionsOut(serializers.Field[Any, Any, Any, Any]):
    """As they are stored: only what restricts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return value


# ── time bands ───────────────────────────────────────────────────────────────────────────────


class NumbersField(serializers.ListField):
    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        child = serializers.IntegerField(min_value=least, max_value=most)
        super().__init__(child=child, max_length=most - least + 1, required=False, **kwargs)


class WindowIn(StrictSerializer):
    """Part of the days it names, in the account's wall time; what is left out names all."""

    years = NumbersField(2000, 2199)
    months = NumbersField(1, 12)
    month_days = NumbersField(1, 31)
    weekdays = NumbersField(0, 6, help_text="0 is Sunday.")
    start = TimeOfDayField(required=False, help_text="00:00 without.")
    end = TimeOfDayField(
        required=False,
        help_text="24:00 without; one that is not after the start lies on the next day.",
    )
    holidays = serializers.BooleanField(
        required=False, allow_null=True, help_text="Only holidays, or never on one."
    )


class BandIn(StrictSerializer):
    """Open while one of the windows is and none of those that close it."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    windows = WindowIn(many=True)
    closed = WindowIn(many=True, required=False)


def spec_of_band(body: Mapping[str, Any]) -> BandSpec:
    """A checked BandIn as the services take it."""
    return BandSpec(
        code=body["code"],
        name=body["name"],
        windows=_windows(body["windows"]),
        closed=_windows(body.get("closed", [])),
    )


def _windows(bodies: list[Mapping[str, Any]]) -> tuple[WindowSpec, ...]:
    return tuple(WindowSpec(**_with_tuples(body)) for body in bodies)


def _with_tuples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(part) if isinstance(part, list) else part for name, part in body.items()}


class BandOut(serializers.Serializer[TimeBand]):
    code = serializers.CharField()
    name = serializers.CharField()
    windows = serializers.SerializerMethodField()
    closed = serializers.SerializerMethodField()

    @extend_schema_field(WindowIn(many=True))
    def get_windows(self, band: TimeBand) -> list[dict[str, Any]]:
        return [_spoken_window(window) for window in band_spec(band).windows]

    @extend_schema_field(WindowIn(many=True))
    def get_closed(self, band: TimeBand) -> list[dict[str, Any]]:
        return [_spoken_window(window) for window in band_spec(band).closed]


def _spoken_window(window: WindowSpec) -> dict[str, Any]:
    """Only what restricts, and both times."""
    times = TimeOfDayField()
    return {
        **plain(window),
        "start": times.to_representation(window.start),
        "end": times.to_representation(window.end),
    }
