"""Which charging function the tenant's emulator speaks to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from charging.client.addresses import AddressRefused, check_address
from charging.models import ChargerEndpoint
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.secrets import seal
from portal.tenancy.validation import FieldError, Invalid

Authentication = ChargerEndpoint.Authentication

_SECRETS: Final = {"token": "sealed_token", "client_secret": "sealed_client_secret"}

_SENT_TO: Final = {"token": "url", "client_secret": "token_url"}
_AGAIN: Final = ", for a new address again."


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """A charging function as a form describes it.

    Secrets left empty stay as they are as long as they go where they went: whoever may change the
    address must not have the secret sent to an address of their own.
    """

    url: str = ""
    """Empty: the built-in charging function, and nothing else counts."""
    authentication: str = Authentication.NONE
    token: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    scope: str = ""
    spells_charging_data: bool = False


def described_endpoint(spec: EndpointSpec, *, saved: ChargerEndpoint | None) -> ChargerEndpoint:
    """The endpoint that a spec means, not saved. Raises Invalid, paths as the spec's fields."""
    endpoint = saved or ChargerEndpoint(tenant=current_tenant())
    if not spec.url:
        return _filled(endpoint, EndpointSpec(), keeps_secrets=False)
    described = _filled(endpoint, spec, keeps_secrets=True)
    errors = [
        *_address_errors(spec),
        *_credential_errors(spec, described),
        *_field_errors(described),
    ]
    if errors:
        raise Invalid(errors)
    return described


@transaction.atomic
def save_endpoint(*, spec: EndpointSpec, actor: Actor, now: datetime) -> ChargerEndpoint:
    """Use this charging function from the next emulated session on. Raises Invalid."""
    actor.require("tenant.manage")
    saved = ChargerEndpoint.objects.select_for_update().first()
    before = _facts(saved) if saved else {}
    endpoint = described_endpoint(spec, saved=saved)
    endpoint.save()
    after = _facts(endpoint)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed or spec.token or spec.client_secret:
        audit.record(
            "charger_endpoint.changed",
            actor=actor,
            subject_type="charger_endpoint",
            subject_id=str(endpoint)[:80],
            now=now,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed},
            reason="With new secrets" if spec.token or spec.client_secret else "",
        )
    return endpoint


def _filled(
    endpoint: ChargerEndpoint, spec: EndpointSpec, *, keeps_secrets: bool
) -> ChargerEndpoint:
    kept = [name for name in _SECRETS if keeps_secrets and not _is_moved(endpoint, spec, name)]
    for name, value in asdict(spec).items():
        if name not in _SECRETS:
            setattr(endpoint, name, value)
        elif value or name not in kept:
            setattr(endpoint, _SECRETS[name], seal(value))
    return endpoint


def _is_moved(endpoint: ChargerEndpoint, spec: EndpointSpec, secret: str) -> bool:
    """Whether a saved secret would go to another server than before."""
    field = _SENT_TO[secret]
    return _server(getattr(endpoint, field)) != _server(getattr(spec, field))


def _server(url: str) -> str:
    """Scheme, host and port; the text itself where there are none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"


def _address_errors(spec: EndpointSpec) -> list[FieldError]:
    errors = []
    addresses = {"url": spec.url}
    if spec.authentication == Authentication.CLIENT_CREDENTIALS:
        addresses["token_url"] = spec.token_url
    for path, address in addresses.items():
        try:
            check_address(address)
        except AddressRefused as error:
            errors.append(FieldError(path, str(error)))
    return errors


def _credential_errors(spec: EndpointSpec, described: ChargerEndpoint) -> list[FieldError]:
    if spec.authentication == Authentication.STATIC_TOKEN and not described.sealed_token:
        return [FieldError("token", f"Enter the token{_AGAIN}")]
    if spec.authentication != Authentication.CLIENT_CREDENTIALS:
        return []
    errors = []
    if not spec.client_id:
        errors.append(FieldError("client_id", "Enter the client id."))
    if not described.sealed_client_secret:
        errors.append(FieldError("client_secret", f"Enter the client secret{_AGAIN}"))
    return errors


def _field_errors(endpoint: ChargerEndpoint) -> list[FieldError]:
    """Lengths and choices; addresses have had their say already."""
    try:
        endpoint.clean_fields(exclude=["tenant", "url", "token_url"])
    except ValidationError as error:
        return [
            FieldError(path, text) for path, texts in error.message_dict.items() for text in texts
        ]
    return []


def _facts(endpoint: ChargerEndpoint) -> dict[str, Any]:
    """What the audit trail may know: no secrets."""
    shown = [name for name in EndpointSpec.__dataclass_fields__ if name not in _SECRETS]
    return {name: getattr(endpoint, name) for name in shown}
