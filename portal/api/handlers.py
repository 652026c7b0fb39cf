"""What Django calls when something fails outside any view."""

from __future__ import annotations

import sys
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from portal.api.problems import problem_response

_MACHINES: Final = ("/api/", "/oauth/")


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: systems get a problem document, people the page.

    Middleware asks the database before any view does, so this is where a system learns that it
    is away. Django calls it while the exception is being handled.
    """
    exception = sys.exc_info()[1]
    if request.path.startswith(_MACHINES) and isinstance(exception, Exception):
        return problem_response(exception, request)
    return defaults.server_error(request)
