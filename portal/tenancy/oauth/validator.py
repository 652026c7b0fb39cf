"""What Django OAuth Toolkit asks us while it answers a token request (RFC 6749 §4.4).

The tenant's scope is open around it (views.py), so that it finds that tenant's clients only.
Tokens are signed, not stored (portal.tenancy.tokens): nothing is written but the time of use.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request

from portal.tenancy import tokens
from portal.tenancy.models import ApiClient
from portal.tenancy.roles import CLIENT_SCOPES, SCOPE_ALIASES

_KNOWN_SCOPES: Final = frozenset(CLIENT_SCOPES) | SCOPE_ALIASES.keys()


class ClientCredentialsValidator(OAuth2Validator):
    """Enabled clients, their granted scopes, and no table of tokens."""

    def _load_application(self, client_id: str, request: Request) -> ApiClient | None:
        client = super()._load_application(client_id, request)
        if client is not None and not client.is_enabled:
            request.client = client = None
        return client

    def get_default_scopes(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> list[str]:
        return sorted(request.client.scopes)

    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str],
        client: ApiClient,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Keeps of the scopes asked for those the client was given; none left is an error.

        The answer says which are left, by the names that were asked for (RFC 6749 §3.3).
        """
        if not _KNOWN_SCOPES.issuperset(scopes):
            return False
        asked = dict.fromkeys(scopes)
        request.scopes = [name for name in asked if _permission(name) in client.scopes]
        return bool(request.scopes)

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        ApiClient.objects.filter(pk=request.client.pk).update(last_used_at=timezone.now())

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Ends every token the client was given until now, if `token` is one of them (RFC 7009).

        Tokens are not stored, so one cannot be ended without its siblings.
        """
        try:
            claims = tokens.verify(token)
        except tokens.InvalidToken:
            return
        if claims.client_key == request.client.pk:
            ApiClient.objects.filter(pk=request.client.pk).update(tokens_valid_from=timezone.now())


def signed_token(request: Request) -> str:
    """ACCESS_TOKEN_GENERATOR: the token of an authenticated client with the scopes it may have."""
    client: ApiClient = request.client
    return tokens.issue(
        tenant_id=client.tenant_id,
        tenant_slug=client.tenant.slug,
        client_key=client.pk,
        client_name=str(client),
        scopes={_permission(name) for name in request.scopes},
        now=datetime.now(UTC),
        lifetime_seconds=request.expires_in,
    )


def _permission(scope: str) -> str:
    return SCOPE_ALIASES.get(scope, scope)
