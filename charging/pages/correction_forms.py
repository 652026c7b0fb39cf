"""Forms of transfers, reversals and sharing on the account pages."""

from __future__ import annotations

from typing import Any

from django import forms

from charging.models import Bucket
from charging.pages.forms import AmountForm
from charging.services import ADJUSTMENT_REASONS
from plans.models import Service
from subscribers.models import SharedGroup

METERED_OR_MONEY = (Service.DATA, Service.VOICE, Service.SMS, Service.MONEY)


class ReasonFields(forms.Form):
    """Why something is put right."""

    reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Choose …"), *ADJUSTMENT_REASONS.items()],
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(label="Note", required=False, max_length=200)


class TransferForm(ReasonFields, AmountForm):
    """Move an amount to another balance, of this account or another."""

    to_account = forms.CharField(
        label="To account",
        required=False,
        max_length=64,
        help_text="Its id; left empty, another balance of this account.",
    )
    target = forms.ChoiceField(label="To balance", required=False)

    def __init__(self, *args: Any, own: list[Bucket], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = {bucket.ref: bucket for bucket in own}
        choices = [("", "Choose …"), *((ref, each.name) for ref, each in self.own.items())]
        self.fields["target"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("to_account") and not data.get("target"):
            self.add_error("to_account", "Name an account, or choose a balance of this one.")
        return data


class ReverseForm(ReasonFields, AmountForm):
    """Give a charge back, or a part of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].required = False
        self.fields["amount"].label = "Only a part"
        self.fields["amount"].help_text = "Left empty, all of it is given back."

    def clean_amount(self) -> int | None:  # type: ignore[override]  # a part is optional
        return super().clean_amount() if self.cleaned_data["amount"] else None


class ParentForm(forms.Form):
    """Which account this one is below."""

    parent = forms.CharField(
        label="Parent account",
        required=False,
        max_length=64,
        help_text="Its id; left empty, the account is on its own.",
    )


class GroupForm(forms.Form):
    """A shared group to join, or to start."""

    code = forms.CharField(
        label="Group code",
        max_length=40,
        help_text="Of the group to join; a new code starts a group that hangs on this account.",
        error_messages={"required": "Enter the group’s code."},
    )
    name = forms.CharField(
        label="Name", required=False, max_length=80, help_text="For a new group: Torres family"
    )
    order = forms.ChoiceField(label="Which balance pays first", choices=SharedGroup.Order.choices)


class CapForm(AmountForm):
    """How much may be taken of others' balances in a cycle."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].required = False
        self.fields["amount"].label = "At most, per cycle"
        self.fields["amount"].help_text = "Left empty, as much as there is."

    def clean_amount(self) -> int | None:  # type: ignore[override]  # no cap where it is empty
        return super().clean_amount() if self.cleaned_data["amount"] else None
