"""Addresses with a NUL: PostgreSQL's texts hold none, so they name nothing we could have.

Forms and the API refuse it at the field; pages read ids and searches from the address itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

NUL: Final = "\x00"


class RefuseNul:
    """404 for a page whose path has a NUL, 400 for one whose query has."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Raises Http404, BadRequest; where there is no address the usual answer says so."""
        if request.path.startswith("/api/"):
            return
        if any(NUL in text for text in kwargs.values() if isinstance(text, str)):
            raise Http404
        if any(NUL in text for _, texts in request.GET.lists() for text in texts):
            raise BadRequest("The query has a NUL character.")
