"""Forms of the account pages: what is typed, and what it means in exact amounts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from django import forms

from charging.services import ADJUSTMENT_REASONS
from plans.models import PlanVersion, Unit
from portal.formatting import unit_choices
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import Invalid
from portal.typed import Unreadable, read_money, read_quantity
from subscribers.models import PlanSubscription

_USUAL_UNITS: Final = {"OCTETS": "GB", "SECONDS": "min", "EVENTS": "SMS"}


def show_errors(form: forms.Form, invalid: Invalid) -> None:
    """Put what a service refused at the fields it is about."""
    for error in invalid.errors:
        form.add_error(error.path if error.path in form.fields else None, error.message)


class DeviceFields(forms.Form):
    """The identities of a device, shared by the forms that create one."""

    gpsi = forms.CharField(
        label="Number (MSISDN)", required=False, max_length=40, help_text="+49 151 0000 0001"
    )
    supi = forms.CharField(
        label="IMSI (SUPI)", required=False, max_length=40, help_text="15 digits, from the SIM"
    )
    label = forms.CharField(
        label="What it is", required=False, max_length=80, help_text="Phone, router, watch …"
    )
    is_test = forms.BooleanField(
        label="A test device: the phone emulator may use it", required=False
    )


class AccountForm(DeviceFields):
    """A new account with its plan and, if any number is given, its first device."""

    name = forms.CharField(label="Name", required=False, max_length=120)
    id = forms.CharField(
        label="Account id",
        required=False,
        max_length=64,
        help_text="Left empty, one is made. It never changes.",
    )
    plan = forms.ChoiceField(label="Plan", required=False)

    def __init__(self, *args: Any, versions: list[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(version.plan.code, str(version)) for version in versions]
        self.fields["plan"].choices = [("", "No plan yet"), *offered]  # type: ignore[attr-defined]

    @property
    def has_device(self) -> bool:
        return bool(self.cleaned_data["gpsi"] or self.cleaned_data["supi"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("label") and not (data.get("gpsi") or data.get("supi")):
            self.add_error("gpsi", "A device needs a number or an IMSI.")
        return data


class DeviceForm(DeviceFields):
    """A further device."""

    id = forms.CharField(
        label="Device id", required=False, max_length=64, help_text="Left empty, one is made."
    )
    charging_characteristics = forms.CharField(
        label="Charging characteristics",
        required=False,
        max_length=4,
        help_text="1 to 4 hexadecimal digits, e.g. 0800",
    )
    home_plmn = forms.CharField(
        label="Home network (PLMN)",
        required=False,
        max_length=6,
        help_text="MCC and MNC; empty for our own",
    )


class AmountForm(forms.Form):
    """An amount of money, or of units with the unit it is typed in."""

    request_key = forms.CharField(widget=forms.HiddenInput, max_length=100, required=False)
    amount = forms.CharField(
        label="Amount", max_length=40, error_messages={"required": "Enter an amount."}
    )
    amount_unit = forms.CharField(required=False, max_length=8)

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        usual = {"request_key": f"page-{uuid.uuid4()}", "amount_unit": _USUAL_UNITS.get(unit, "")}
        kwargs["initial"] = {**usual, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.unit = unit
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_amount(self) -> int:
        """Exact units or nano-units, above 0."""
        text = self.cleaned_data["amount"]
        try:
            is_money = self.unit == Unit.NANO_MONEY
            amount = read_money(text) if is_money else self._read_units(text)
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        if amount <= 0:
            raise forms.ValidationError("Enter an amount above 0.")
        return amount

    def _read_units(self, text: str) -> int:
        base, label = current_tenant().gigabyte_base, self.data.get("amount_unit", "")
        if label not in {choice.label for choice in unit_choices(self.unit, gigabyte_base=base)}:
            raise forms.ValidationError("Choose a unit.")
        return read_quantity(text, label, self.unit, gigabyte_base=base)[0]


class TopUpForm(AmountForm):
    """Add money or units."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="For the ledger: voucher number, cash, gift …",
        error_messages={"required": "Say where it comes from."},
    )


class AdjustForm(AmountForm):
    """Correct one balance, with a reason from the list."""

    direction = forms.ChoiceField(
        label="Direction",
        choices=[("add", "Add"), ("take", "Take away")],
        widget=forms.RadioSelect,
        initial="add",
    )
    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose …"), *ADJUSTMENT_REASONS.items()],
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(label="Note", required=False, max_length=200)

    def delta(self) -> int:
        """What was typed as a signed amount; the form must be valid."""
        amount: int = self.cleaned_data["amount"]
        return -amount if self.cleaned_data["direction"] == "take" else amount


class PlanForm(forms.Form):
    """Subscribe to a published version, or change to it."""

    version = forms.TypedChoiceField(
        label="Plan", coerce=int, error_messages={"required": "Choose a plan."}
    )
    charge_price = forms.BooleanField(label="Take the price from the main balance", required=False)

    def __init__(self, *args: Any, versions: list[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {version.pk: version for version in versions}
        choices = [(version.pk, str(version)) for version in versions]
        self.fields["version"].choices = choices  # type: ignore[attr-defined]

    def chosen(self) -> PlanVersion:
        return self.versions[self.cleaned_data["version"]]


class AddOnForm(PlanForm):
    """Buy an add-on, perhaps several times."""

    quantity = forms.IntegerField(
        label="How many",
        min_value=1,
        initial=1,
        error_messages={"required": "Say how many."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["charge_price"].initial = True


class ChangeForm(PlanForm):
    """Which plan, when, and what becomes of what is left."""

    when = forms.ChoiceField(
        label="When",
        choices=[("renewal", "At the end of the period"), ("now", "Now")],
        widget=forms.RadioSelect,
    )
    leftovers = forms.ChoiceField(
        label="What is left of its allowances", choices=PlanSubscription.Leftovers.choices
    )

    def __init__(self, *args: Any, ends_at: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["charge_price"].initial = True
        self.fields["when"].initial = "renewal" if ends_at else "now"


class CancelForm(forms.Form):
    """When a plan ends, and why."""

    when = forms.ChoiceField(
        label="When",
        choices=[("period_end", "At the end of the period"), ("now", "Now")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="Reason", max_length=200, required=False)

    def __init__(self, *args: Any, ends_at: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["when"].initial = "period_end" if ends_at else "now"


class QuantityForm(forms.Form):
    """How many of an add-on are held."""

    quantity = forms.IntegerField(
        label="How many", min_value=1, error_messages={"required": "Say how many."}
    )
    charge_price = forms.BooleanField(
        label="Take the price of more from the main balance", required=False, initial=True
    )


class ConfirmForm(forms.Form):
    """Nothing but the wish."""


class StateForm(forms.Form):
    """Why an account changes its state."""

    reason = forms.CharField(
        label="Reason", max_length=300, error_messages={"required": "Say why."}
    )
