"""What the forms of reference data share."""

from __future__ import annotations

from django import forms

from portal.tenancy.validation import Invalid


def show_errors(form: forms.Form, invalid: Invalid) -> None:
    """Put what a service refused at the fields it is about."""
    for error in invalid.errors:
        form.add_error(error.path if error.path in form.fields else None, error.message)
