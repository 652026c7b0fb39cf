"""Reference data in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from plans.reference.importing import Imported, ImportMode
from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday, Zone
from portal.api.fields import StrictSerializer


class DestinationGroupIn(StrictSerializer):
    name = serializers.CharField(max_length=80)
    number_class = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="Your class of its numbers: mobile, fixed, premium.",
    )
    is_own_network = serializers.BooleanField(
        required=False, help_text="Calls to its numbers are on-net."
    )


class DestinationGroupOut(serializers.Serializer[DestinationGroup]):
    code = serializers.CharField()
    name = serializers.CharField()
    number_class = serializers.CharField()
    is_own_network = serializers.BooleanField()
    prefixes = serializers.SerializerMethodField(help_text="How many it has.")

    def get_prefixes(self, group: DestinationGroup) -> int:
        counts: dict[int, int] = self.context["counts"]
        return counts.get(group.pk, 0)


class PrefixFilters(serializers.Serializer[Any]):
    group = serializers.CharField(required=False, help_text="Code of a destination group.")
    number = serializers.CharField(
        required=False,
        max_length=80,
        help_text="A number as dialled: its prefixes only.",
    )


class PrefixOut(serializers.Serializer[DestinationPrefix]):
    prefix = serializers.CharField()
    group = serializers.CharField(source="group.code")


class ImportFilters(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(
        choices=[str(mode) for mode in ImportMode],
        default=str(ImportMode.REPLACE),
        help_text="What the file means for the prefixes that its groups have.",
    )
    group = serializers.CharField(
        required=False, help_text="Code of the group that all lines are of."
    )


class ImportedOut(serializers.Serializer[Imported]):
    rows = serializers.IntegerField(help_text="Lines of the file.")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    new_groups = serializers.ListField(child=serializers.CharField())


class ZoneIn(StrictSerializer):
    name = serializers.CharField(max_length=80)
    networks = serializers.ListField(
        child=serializers.CharField(max_length=6),
        required=False,
        help_text="PLMNs: MCC and MNC, 5 or 6 digits.",
    )
    countries = serializers.ListField(
        child=serializers.CharField(max_length=3),
        required=False,
        help_text="Mobile country codes.",
    )


class ZoneOut(serializers.Serializer[Zone]):
    code = serializers.CharField()
    name = serializers.CharField()
    networks = serializers.ListField(child=serializers.CharField())
    countries = serializers.ListField(child=serializers.CharField())


class HolidayIn(StrictSerializer):
    name = serializers.CharField(max_length=80)


class HolidayOut(serializers.Serializer[Holiday]):
    date = serializers.DateField()
    name = serializers.CharField()
