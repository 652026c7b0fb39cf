"""The door for websockets: who is asking, for which tenant, and until when.

Three ways in: a bearer token in the Authorization header, the same as a subprotocol
(`bearer.<token>`, because browsers cannot set headers), or the browser session. A session counts
only from our own pages: its Origin must be this host (WebSockets are not under CORS). What was
granted is asked again while the socket lives, so that a sign-out or a revoked client ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from portal.tenancy import tokens
from portal.tenancy.actor import Actor
from portal.tenancy.directory import tenants_of
from portal.tenancy.middleware import SESSION_KEY, actor_for
from portal.tenancy.models import ApiClient, Membership, Tenant, is_live
from portal.tenancy.scope import tenant_scope

BEARER_SUBPROTOCOL: Final = "bearer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who opened a socket."""

    tenant: Tenant
    actor: Actor
    expires_at: datetime | None = None
    """When a token runs out; a session is asked again instead."""


class VisitorMiddleware:
    """Sets scope["visitor"] (None: nobody), scope["ask_again"] and scope["subprotocol"]."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        identify = _identification(scope)
        ask = database_sync_to_async(identify, thread_sensitive=False)
        scope = {**scope, "visitor": await ask(), "ask_again": ask}
        scope["subprotocol"] = _chosen_subprotocol(scope.get("subprotocols", []))
        return await self.application(scope, receive, send)


def visitor_with_token(token: str) -> Visitor | None:
    """The API client behind an access token, while the token counts."""
    try:
        claims = tokens.verify(token)
    except tokens.InvalidToken:
        return None
    tenant = Tenant.objects.filter(pk=claims.tenant_id).first()
    if tenant is None:
        return None
    with tenant_scope(tenant):
        client = ApiClient.objects.filter(pk=claims.client_key).first()
    if client is None or not is_live(client, issued_at=claims.issued_at):
        return None
    actor = Actor(kind="client", id=client.pk, name=client.name, permissions=claims.scopes)
    return Visitor(tenant=tenant, actor=actor, expires_at=claims.expires_at)


def visitor_with_session(session_key: str) -> Visitor | None:
    """The person behind a browser session, acting for the tenant chosen in it."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    request = HttpRequest()
    request.session = store
    user = get_user(request)
    if not user.is_authenticated:
        return None
    own = list(tenants_of(user))
    choice = store.get(SESSION_KEY)
    tenant = next((t for t in own if t.pk == choice), own[0] if own else None)
    if tenant is None:
        return None
    with tenant_scope(tenant):
        membership = Membership.objects.select_related("role").get(user=user)
    return Visitor(tenant=tenant, actor=actor_for(user, membership, tenant))


def _identification(scope: Mapping[str, Any]) -> Callable[[], Visitor | None]:
    """How to find out who asks, as a question that can be repeated."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    token = _bearer_token(headers, scope.get("subprotocols", []))
    if token is not None:
        return partial(visitor_with_token, token)
    session = SimpleCookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if session is None or not _is_own_page(headers):
        return lambda: None
    return partial(visitor_with_session, session.value)


def _bearer_token(headers: Mapping[bytes, str], subprotocols: list[str]) -> str | None:
    kind, _, token = headers.get(b"authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    offered = (p for p in subprotocols if p.startswith(BEARER_SUBPROTOCOL))
    return next((p.removeprefix(BEARER_SUBPROTOCOL) for p in offered), None)


def _is_own_page(headers: Mapping[bytes, str]) -> bool:
    origin = headers.get(b"origin", "")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    return bool(origin) and urlsplit(origin).netloc == headers.get(b"host", "")


def _chosen_subprotocol(offered: list[str]) -> str | None:
    """Browsers insist on an answer; a protocol that is no secret is preferred to the token."""
    plain = [p for p in offered if not p.startswith(BEARER_SUBPROTOCOL)]
    return next(iter([*plain, *offered]), None)
