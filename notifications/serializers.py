"""Events in JSON, in our own shape and in Totogi's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.event_types import EVENT_TYPES


class EventTypesField(serializers.CharField):
    """One or more event types, separated by commas."""

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]
        types = [name.strip() for name in super().to_internal_value(data).split(",")]
        if unknown := [name for name in types if name not in EVENT_TYPES]:
            raise serializers.ValidationError(f"There is no event type {', '.join(unknown)}.")
        return types


class EventFilters(serializers.Serializer[Any]):
    account = serializers.CharField(required=False, help_text="Id of an account.")
    type = EventTypesField(required=False, help_text="One or more types, separated by commas.")
    after = serializers.IntegerField(
        required=False, min_value=0, help_text="Only events past this position of the stream."
    )
    shape = serializers.ChoiceField(
        required=False,
        choices=["totogi", "totogi-v2"],
        help_text="Threshold events as CounterThreshold, or as notificationinformation.",
    )


class SubjectOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.CharField()


class EventOut(serializers.Serializer[Any]):
    """As in the stream (`/ws/v1/events/`) and in webhooks."""

    position = serializers.IntegerField(help_text="Its place in the tenant's stream.")
    type = serializers.ChoiceField(choices=sorted(EVENT_TYPES))
    subject = SubjectOut()
    account = serializers.CharField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    payload = serializers.DictField()
