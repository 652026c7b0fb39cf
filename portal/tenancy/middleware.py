"""The door for HTTP: who is asking, for which tenant, and the scope in which the view runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.tenancy import tokens
from portal.tenancy.actor import Actor
from portal.tenancy.directory import tenants_of
from portal.tenancy.models import ApiClient, Membership, Tenant, User, is_live
from portal.tenancy.roles import permissions_of
from portal.tenancy.scope import tenant_scope

SESSION_KEY = "tenant_id"
SEEN_EVERY = timedelta(minutes=5)


class TenantMiddleware:
    """Sets request.tenant, request.membership and request.actor, and opens the scope.

    A bearer token decides by itself; otherwise the signed-in person's chosen tenant counts.
    Without either all three are None and every scoped manager refuses to work.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = request.membership = request.actor = None
        request.token_error = ""
        authorization = request.headers.get("Authorization", "")
        if authorization.lower().startswith("bearer "):
            tenant = self._by_token(request, authorization[7:].strip())
        else:
            tenant = self._by_session(request)
        if tenant is None:
            return self.get_response(request)
        with tenant_scope(tenant):
            return self.get_response(request)

    def _by_token(self, request: HttpRequest, token: str) -> Tenant | None:
        try:
            claims = tokens.verify(token)
        except tokens.InvalidToken:
            request.token_error = "The access token is invalid or has expired."
            return None
        tenant = Tenant.objects.filter(pk=claims.tenant_id).first()
        if tenant is None:
            request.token_error = "The token's tenant no longer exists."
            return None
        with tenant_scope(tenant):
            client = ApiClient.objects.filter(pk=claims.client_key).first()
        if client is None or not is_live(client, issued_at=claims.issued_at):
            request.token_error = "The access token has been revoked."
            return None
        request.tenant = tenant
        request.actor = Actor(
            kind="client", id=client.pk, name=client.name, permissions=claims.scopes
        )
        return tenant

    def _by_session(self, request: HttpRequest) -> Tenant | None:
        if not request.user.is_authenticated:
            return None
        choice = request.session.get(SESSION_KEY)
        own = list(tenants_of(request.user))
        tenant = next((t for t in own if t.pk == choice), own[0] if own else None)
        if tenant is None:
            return None
        with tenant_scope(tenant):
            members = Membership.objects.select_related("role")
            membership = members.filter(user=request.user).first()
            if membership is None:  # taken away a moment ago
                return None
            self._mark_seen(membership)
        request.tenant = tenant
        request.own_tenants = own
        request.membership = membership
        request.actor = actor_for(request.user, membership, tenant)
        return tenant

    @staticmethod
    def _mark_seen(membership: Membership) -> None:
        """Once in a few minutes is enough to say when somebody was last here."""
        now, last = timezone.now(), membership.last_seen_at
        if last is None or now - last > SEEN_EVERY:
            Membership.objects.filter(pk=membership.pk).update(last_seen_at=now)


def actor_for(user: User, membership: Membership, tenant: Tenant) -> Actor:
    """A signed-in person as the name behind their changes."""
    return Actor(
        kind="user",
        id=user.pk,
        name=str(user),
        permissions=permissions_of(membership.role, tenant),
    )
