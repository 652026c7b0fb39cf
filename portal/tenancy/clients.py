"""API clients: systems that act for the tenant with exactly the scopes they were given."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import ApiClient
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.validation import FieldError, Invalid

NAME_LENGTH_MAX: Final = 80


def list_clients() -> QuerySet[ApiClient]:
    """The tenant's clients, enabled ones first, by name."""
    return ApiClient.objects.order_by("-is_enabled", "name", "pk")


@transaction.atomic
def create_client(
    *,
    name: str,
    scopes: Iterable[str],
    actor: Actor,
    now: datetime,
    client_id: str | None = None,
    secret: str | None = None,
) -> tuple[ApiClient, str]:
    """Create a client; also returns its secret, which is stored hashed and never shown again.

    Id and secret are made unless given. Raises Invalid with the paths name, scopes, client_id.
    """
    granted = _checked(name, scopes)
    secret = secret or _new_secret()
    client = ApiClient(
        name=name.strip(),
        scopes=granted,
        client_id=client_id or f"client-{secrets.token_hex(8)}",
        client_secret=secret,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
    )
    try:
        with transaction.atomic():
            client.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid.at("client_id", "This id is already in use.") from error
    _record("api_client.created", client, actor, now, after=_facts(client))
    return client, secret


@transaction.atomic
def change_client(
    *, client: ApiClient, name: str, scopes: Iterable[str], actor: Actor, now: datetime
) -> ApiClient:
    """Rename a client or change its scopes; other scopes end the tokens it has.

    Raises Invalid with the paths name and scopes.
    """
    granted = _checked(name, scopes)
    before = _facts(client)
    if granted != sorted(client.scopes):
        client.tokens_valid_from = now
    client.name, client.scopes = name.strip(), granted
    client.save(update_fields=["name", "scopes", "tokens_valid_from", "updated"])
    _record("api_client.changed", client, actor, now, before=before, after=_facts(client))
    return client


@transaction.atomic
def rotate_secret(*, client: ApiClient, actor: Actor, now: datetime) -> str:
    """Replace the secret and end the tokens given for the old one; returns the new secret."""
    secret = _new_secret()
    client.client_secret, client.tokens_valid_from = secret, now
    client.save(update_fields=["client_secret", "tokens_valid_from", "updated"])
    _record("api_client.secret_rotated", client, actor, now)
    return secret


@transaction.atomic
def disable_client(*, client: ApiClient, actor: Actor, now: datetime) -> None:
    """Refuse the client from now on and end the tokens it has; repeating changes nothing."""
    if not client.is_enabled:
        return
    client.is_enabled, client.tokens_valid_from = False, now
    client.save(update_fields=["is_enabled", "tokens_valid_from", "updated"])
    _record("api_client.disabled", client, actor, now, after={"enabled": False})


@transaction.atomic
def enable_client(*, client: ApiClient, actor: Actor, now: datetime) -> None:
    """Let a disabled client in again, with its old secret; its old tokens stay ended."""
    if client.is_enabled:
        return
    client.is_enabled = True
    client.save(update_fields=["is_enabled", "updated"])
    _record("api_client.enabled", client, actor, now, after={"enabled": True})


def _checked(name: str, scopes: Iterable[str]) -> list[str]:
    """The scopes, sorted. Raises Invalid."""
    errors = []
    if not name.strip():
        errors.append(FieldError("name", "Give the client a name, e.g. the system that uses it."))
    elif len(name.strip()) > NAME_LENGTH_MAX:
        errors.append(FieldError("name", f"At most {NAME_LENGTH_MAX} characters."))
    asked = set(scopes)
    if unknown := sorted(asked - set(CLIENT_SCOPES)):
        errors.append(FieldError("scopes", f"There is no scope {', '.join(unknown)}."))
    elif not asked:
        errors.append(FieldError("scopes", "Choose at least one scope."))
    if errors:
        raise Invalid(errors)
    return sorted(asked)


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _facts(client: ApiClient) -> dict[str, object]:
    return {"name": client.name, "scopes": client.scopes}


def _record(
    action: str,
    client: ApiClient,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="api_client",
        subject_id=client.client_id[:80],
        now=now,
        before=before,
        after=after,
    )
