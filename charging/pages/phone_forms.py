"""Forms of the phone page: another amount than an app's, and a burst."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from charging.emulator import BURST_SESSIONS_MAX, CONCURRENCY_MAX, DESTINATION_LENGTH_MAX
from plans.models import UNIT_OF_SERVICE, RatingGroup, Service
from portal.formatting import unit_choices
from portal.tenancy.scope import current_tenant
from portal.typed import Unreadable, read_quantity

SERVICES: Final = ((Service.DATA, "Data"), (Service.VOICE, "Voice"), (Service.SMS, "SMS"))
DEFAULT_AMOUNTS: Final = {
    Service.DATA: ("500", "MB"),
    Service.VOICE: ("10", "min"),
    Service.SMS: ("10", "SMS"),
}
#: A session of a burst: small, so that many fit into a balance.
BURST_UNITS: Final = {Service.DATA: "MB", Service.VOICE: "s", Service.SMS: "SMS"}


def parse_volume(text: str, label: str, unit: str) -> int:
    """Exact octets, seconds or messages. Raises ValidationError."""
    base = current_tenant().gigabyte_base
    if label not in {choice.label for choice in unit_choices(unit, gigabyte_base=base)}:
        raise forms.ValidationError("Choose a unit.")
    try:
        return read_quantity(text, label, unit, gigabyte_base=base)[0]
    except Unreadable as error:
        raise forms.ValidationError(str(error)) from error


class AmountForm(forms.Form):
    """So much of one service, once."""

    service = forms.ChoiceField(choices=SERVICES, widget=forms.HiddenInput)
    volume = forms.CharField(
        label="How much", max_length=30, error_messages={"required": "Enter an amount."}
    )
    volume_unit = forms.CharField(required=False, max_length=8)
    rating_group = forms.TypedChoiceField(
        label="Rating group", required=False, coerce=int, empty_value=None
    )
    destination = forms.CharField(
        label="To", required=False, max_length=DESTINATION_LENGTH_MAX, help_text="+49 151 …"
    )

    def __init__(self, data: Any, *, service: str) -> None:
        self.of_service = Service(service)
        amount, unit = DEFAULT_AMOUNTS[self.of_service]
        super().__init__(data, initial={"service": service, "volume": amount, "volume_unit": unit})
        groups = RatingGroup.objects.filter(service=service).order_by("number")
        named = [(group.number, str(group)) for group in groups]
        self.fields["rating_group"].choices = [("", "Usual for the service"), *named]  # type: ignore[attr-defined]
        self.fields["volume"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        if self.of_service == Service.DATA:
            del self.fields["destination"]

    @property
    def units(self) -> Any:
        unit = UNIT_OF_SERVICE[self.of_service]
        return unit_choices(unit, gigabyte_base=current_tenant().gigabyte_base)

    def clean_volume(self) -> int:
        label = self.data.get("volume_unit", "")
        return parse_volume(self.cleaned_data["volume"], label, UNIT_OF_SERVICE[self.of_service])


class BurstForm(forms.Form):
    """Many sessions at once."""

    service = forms.ChoiceField(label="Service", choices=SERVICES, initial=Service.SMS)
    volume = forms.CharField(
        label="Each uses",
        initial="1",
        max_length=20,
        help_text="MB, seconds or messages",
        error_messages={"required": "Enter an amount."},
    )
    sessions = forms.IntegerField(
        label="Sessions", initial=200, min_value=1, max_value=BURST_SESSIONS_MAX
    )
    concurrency = forms.IntegerField(
        label="At a time", initial=50, min_value=1, max_value=CONCURRENCY_MAX
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="burst_%s")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        service, volume = data.get("service"), data.get("volume")
        if service and volume:
            unit = UNIT_OF_SERVICE[Service(service)]
            try:
                data["volume"] = parse_volume(volume, BURST_UNITS[Service(service)], unit)
            except forms.ValidationError as error:
                self.add_error("volume", error)
        return data
