"""POST /oauth/token/ and /oauth/revoke/: the doors for systems (RFC 6749 §4.4, RFC 7009)."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import unquote_plus

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from oauth2_provider.oauth2_backends import get_oauthlib_core

from portal.tenancy.directory import tenant_of_client
from portal.tenancy.models import Tenant
from portal.tenancy.permissions import public
from portal.tenancy.rate_limit import RateLimit, RateLimited
from portal.tenancy.scope import tenant_scope

# Checking a secret costs a fifth of a second on purpose; these keep it from being a weapon.
_OF_CLIENT: Final = RateLimit(name="token-client", most=120)
_OF_ADDRESS: Final = RateLimit(name="token-address", most=240)
_FAILURES: Final = RateLimit(name="token-failures", most=20)

_FORM: Final = "application/x-www-form-urlencoded"


@public
@csrf_exempt
@require_POST
@sensitive_post_parameters("client_secret")
def token(request: HttpRequest) -> HttpResponse:
    """Give an access token for a client's id and secret, by form or HTTP Basic."""
    return _answer(request, lambda core: core.create_token_response(request))


@public
@csrf_exempt
@require_POST
@sensitive_post_parameters("client_secret", "token")
def revoke(request: HttpRequest) -> HttpResponse:
    """End the tokens of the client that authenticates itself and shows one of them."""
    return _answer(request, lambda core: core.create_revocation_response(request))


def _answer(request: HttpRequest, ask: Any) -> HttpResponse:
    if request.content_type != _FORM or request.META.get("QUERY_STRING"):
        text = f"Send the parameters in the body, as {_FORM}."
        return _error("invalid_request", text, status=400)
    client_id = client_id_of(request)
    address = request.META.get("REMOTE_ADDR", "")
    now = timezone.now()
    try:
        _FAILURES.check(client_id, address, now=now)
        _OF_ADDRESS.count(address, now=now)
        _OF_CLIENT.count(client_id, address, now=now)
    except RateLimited as limited:
        return _too_many(limited)
    tenant = tenant_of_client(client_id) if client_id else None
    response = _unknown_client(request) if tenant is None else _ask_within(tenant, ask)
    if response.status_code == 401:
        _count_failure(client_id, address)
    return response


def client_id_of(request: HttpRequest) -> str:
    """The id a client claims to have, from HTTP Basic or the form; empty when there is none."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    client_id = request.POST.get("client_id", "")
    if scheme == "Basic":
        try:
            client_id = unquote_plus(base64.b64decode(encoded).decode().partition(":")[0])
        except ValueError:  # no Base64, or no UTF-8 in it
            return ""
    return "" if "\x00" in client_id else client_id


def _ask_within(tenant: Tenant, ask: Any) -> HttpResponse:
    with tenant_scope(tenant):
        _, headers, body, status = ask(get_oauthlib_core())
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def _unknown_client(request: HttpRequest) -> HttpResponse:
    make_password(request.POST.get("client_secret", ""))  # as slow as a known one
    return _error("invalid_client", "The client id or the secret is wrong.", status=401)


def _count_failure(client_id: str, address: str) -> None:
    try:
        _FAILURES.count(client_id, address, now=timezone.now())
    except RateLimited:
        return  # the next attempt is the one that is told


def _too_many(limited: RateLimited) -> HttpResponse:
    response = _error("temporarily_unavailable", str(limited), status=429)
    response["Retry-After"] = str(limited.retry_after)
    return response


def _error(code: str, description: str, *, status: int) -> HttpResponse:
    """An error answer (RFC 6749 §5.2)."""
    response = JsonResponse({"error": code, "error_description": description}, status=status)
    response["Cache-Control"] = "no-store"
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="token"'
    return response
