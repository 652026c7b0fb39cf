"""How the settings' dialogs answer: as a dialog, or gone with a word about what was done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from portal.tenancy.requests import TenantRequest


def show_dialog(
    request: TenantRequest, template: str, context: dict[str, Any], *, page: str, status: int = 200
) -> HttpResponse:
    """A dialog for htmx; a plain visit goes to the page (a URL name) it opens on."""
    if not request.htmx:
        return redirect(page)
    return render(request, template, context, status=status)


def close_dialog(request: TenantRequest, *, page: str, text: str) -> HttpResponse:
    """Load the page anew, which says what was done: its rows, counts and rights may differ."""
    messages.success(request, text)
    if not request.htmx:
        return redirect(page)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = redirect(page).url
    return response
