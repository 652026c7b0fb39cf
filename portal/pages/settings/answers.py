"""How the settings' dialogs answer: as a dialog, or gone with a word about what was done."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def show_dialog(
    request: HttpRequest, template: str, context: dict[str, Any], *, page: str, status: int = 200
) -> HttpResponse:
    """A dialog for htmx; a plain visit goes to the page (a URL name) it opens on."""
    if not request.htmx:
        return redirect(page)
    return render(request, template, context, status=status)


def close_dialog(request: HttpRequest, *, page: str, text: str) -> HttpResponse:
    """Load the page anew, which says what was done: its rows, counts and rights may differ."""
    messages.success(request, text)
    if not request.htmx:
        return redirect(page)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = redirect(page).url
    return response


def with_toast(response: HttpResponse, text: str) -> HttpResponse:
    """Tell something beside what the answer shows."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": text}})
    return response
