"""What the views of accounts and sessions share: finding the subject, and answering dialogs."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal.tenancy.requests import TenantRequest
from subscribers.models import Account
from subscribers.selectors import find_account


def account_or_404(account_id: str) -> Account:
    """The open tenant's account; another tenant's is not there."""
    account = find_account(account_id)
    if account is None:
        raise Http404(f"no account {account_id}")
    return account


def dialog(
    request: TenantRequest, template: str, context: dict[str, Any], *, account: Account
) -> HttpResponse:
    """A dialog for htmx, 422 when its form was refused; a plain visit goes to the account."""
    if not request.htmx:
        return redirect("account", account.public_id)
    form = context.get("form")
    refused = form is not None and form.is_bound and bool(form.errors)
    status = 422 if refused else 200
    return render(request, template, {"account": account, **context}, status=status)


def close_dialog(text: str) -> HttpResponse:
    """Close the dialog, say what happened, and let the balances on the page be read again."""
    happened = {"dialog:close": {}, "toast": {"text": text}, "balances:changed": {}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(happened)})


def reload_account(request: TenantRequest, account: Account, text: str) -> HttpResponse:
    """Show the account's page anew, with a message: its head has changed."""
    messages.success(request, text)
    address = reverse("account", args=[account.public_id])
    return HttpResponse(status=204, headers={"HX-Redirect": address})
