"""Which charging function an emulated phone speaks to, and how it introduces itself."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from charging.client.addresses import resolve_open
from charging.client.http import HttpxTransport
from charging.client.tokens import ClientCredentials, StaticToken, TokenSource
from charging.client.transport import ChargingConnection
from charging.client.usage import (
    ServedDevice,
    UsagePlan,
    data_usage,
    text_messages,
    voice_call,
)
from charging.models import ChargerEndpoint
from plans.models import RatingGroup, Service
from portal.tenancy import tokens
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from portal.tenancy.secrets import unseal
from subscribers.models import Device

BUILT_IN_CLIENT_KEY = 0
"""No API client: the emulator's own tokens for the built-in charging function."""
BUILT_IN_CLIENT_NAME = "Phone emulator"


class NoRatingGroup(Exception):
    """The tenant has no rating group for the service, so nothing can be charged."""


def charger_endpoint() -> ChargerEndpoint:
    """The open scope's setting; an unsaved one for the built-in charging function."""
    return ChargerEndpoint.objects.first() or ChargerEndpoint(tenant=current_tenant())


def is_built_in(endpoint: ChargerEndpoint) -> bool:
    return not endpoint.url


def connect(endpoint: ChargerEndpoint, *, now: datetime) -> ChargingConnection:
    """A connection to the endpoint; nothing is sent yet. Raises UnreadableSecret.

    Where the built-in charging function is says the installation; every other address is checked
    when it is called, wherever redirects lead.
    """
    return ChargingConnection(
        endpoint.url or settings.CHF_URL,
        _token_source(endpoint, now=now),
        http=HttpxTransport(resolve=None if is_built_in(endpoint) else resolve_open),
        capital_data=endpoint.spells_charging_data,
    )


def plan_usage(
    *,
    device: Device,
    service: str,
    volume: int | None,
    destination: str,
    rating_group: int | None,
    endpoint: ChargerEndpoint,
) -> UsagePlan:
    """What the session says about itself on N40. Raises NoRatingGroup."""
    tenant = current_tenant()
    served = _served(device, tenant)
    group = rating_group if rating_group is not None else _default_group(service)
    identifier = tenant.slug if endpoint.spells_charging_data else ""
    if service == Service.VOICE:
        return voice_call(
            served,
            volume,
            rating_group=group,
            called_number=destination,
            tenant_identifier=identifier,
        )
    assert volume is not None
    if service == Service.SMS:
        return text_messages(
            served,
            volume,
            rating_group=group,
            recipient=destination,
            tenant_identifier=identifier,
        )
    return data_usage(served, volume, rating_group=group, tenant_identifier=identifier)


def _served(device: Device, tenant: Tenant) -> ServedDevice:
    return ServedDevice(
        subscriber_identifier=device.supi or device.gpsi or device.public_id,
        gpsi=device.gpsi,
        home_plmn=device.home_plmn or tenant.home_plmn,
        charging_characteristics=device.charging_characteristics,
    )


def _default_group(service: str) -> int:
    groups = RatingGroup.objects.filter(service=service, mode=RatingGroup.Mode.ONLINE)
    first = groups.order_by("number").first()
    if first is None:
        raise NoRatingGroup(f"There is no rating group for {Service(service).label.lower()}.")
    return first.number


def _token_source(endpoint: ChargerEndpoint, *, now: datetime) -> TokenSource:
    tenant = current_tenant()
    if is_built_in(endpoint):
        return StaticToken(
            tokens.issue(
                tenant_id=tenant.pk,
                tenant_slug=tenant.slug,
                client_key=BUILT_IN_CLIENT_KEY,
                client_name=BUILT_IN_CLIENT_NAME,
                scopes=["charging.n40"],
                now=now,
            )
        )
    match endpoint.authentication:
        case ChargerEndpoint.Authentication.STATIC_TOKEN:
            return StaticToken(unseal(endpoint.sealed_token))
        case ChargerEndpoint.Authentication.CLIENT_CREDENTIALS:
            return ClientCredentials(
                endpoint.token_url,
                endpoint.client_id,
                unseal(endpoint.sealed_client_secret),
                scope=endpoint.scope,
                resolve=resolve_open,
            )
        case _:
            return StaticToken()
