"""Who calls the REST API: a system with an access token, or a signed-in person's browser."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class TenantAuthentication(SessionAuthentication):
    """Takes over what TenantMiddleware found out.

    An access token stands by itself; a browser's session counts only with its CSRF token. A
    broken token is refused even where a session would do: the caller meant to use it.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http = request._request
        if http.token_error:
            raise AuthenticationFailed(http.token_error)
        if http.actor is None:
            return None
        if http.actor.kind == "user":
            self.enforce_csrf(request)
        return http.user, http.actor

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401 (RFC 6750 §3); a token that was tried is called invalid."""
        if request._request.token_error:
            return 'Bearer realm="api", error="invalid_token"'
        return 'Bearer realm="api"'
