"""The page behind an invitation: choosing the first password."""

from __future__ import annotations

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.tenancy.invitations import invited_user
from portal.tenancy.permissions import public
from portal.tenancy.services import choose_password
from portal.tenancy.validation import Invalid


class ChoosePasswordForm(forms.Form):
    """Twice, because it cannot be seen."""

    password = forms.CharField(
        label="Password",
        strip=False,
        help_text="At least 8 characters, and not a common one.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    repeated = forms.CharField(
        label="The same again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_repeated(self) -> str:
        if self.cleaned_data["repeated"] != self.cleaned_data.get("password"):
            raise forms.ValidationError("The two passwords differ.")
        return str(self.cleaned_data["repeated"])


@public
@never_cache
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Choose the first password; it signs in at once."""
    user = invited_user(key, token)
    if user is None:
        return render(request, "registration/invitation_used.html", status=404)
    form = ChoosePasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_password(user=user, password=form.cleaned_data["password"])
        except Invalid as error:
            for problem in error.errors:
                form.add_error(problem.path, problem.message)
        else:
            login(request, user)
            return redirect("overview")
    status = 422 if form.errors else 200
    return render(
        request, "registration/welcome.html", {"form": form, "invited": user}, status=status
    )
