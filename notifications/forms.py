"""Forms of the notification pages."""

from __future__ import annotations

from typing import Any

from django import forms

from notifications.event_types import EVENT_TYPES, TEST_EVENT_TYPE
from notifications.models import WebhookEndpoint
from notifications.services import DESCRIPTION_LENGTH_MAX, URL_LENGTH_MAX, EndpointSpec

CHOOSABLE = [(name, name) for name in EVENT_TYPES if name != TEST_EVENT_TYPE]


class EndpointForm(forms.Form):
    """Where to be told, and of what."""

    url = forms.CharField(
        label="Address",
        max_length=URL_LENGTH_MAX,
        help_text="Each event is posted here as JSON, signed.",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        error_messages={"required": "Enter the address to call."},
    )
    description = forms.CharField(
        label="What it is for", required=False, max_length=DESCRIPTION_LENGTH_MAX
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        required=False,
        choices=CHOOSABLE,
        help_text="None chosen means all.",
        widget=forms.CheckboxSelectMultiple,
    )
    uses_totogi_shape = forms.BooleanField(
        label="Send threshold events as CounterThreshold, the shape of Totogi's demo",
        required=False,
    )
    is_enabled = forms.BooleanField(label="Switched on", required=False, initial=True)

    @classmethod
    def of(cls, endpoint: WebhookEndpoint | None, data: Any = None) -> EndpointForm:
        """Filled with what an endpoint is now."""
        if endpoint is None:
            return cls(data)
        names = ("url", "description", "event_types", "uses_totogi_shape", "is_enabled")
        return cls(data, initial={name: getattr(endpoint, name) for name in names})

    def spec(self) -> EndpointSpec:
        """What the form says, once it is valid."""
        given = self.cleaned_data
        return EndpointSpec(**{**given, "event_types": tuple(given["event_types"])})
