"""Operators themselves: a new one with its roles, and the settings of one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant, default_emergency_numbers
from portal.tenancy.roles import create_default_roles
from portal.tenancy.scope import current_tenant, tenant_scope
from portal.tenancy.services.administrators import MANAGE
from portal.tenancy.validation import FieldError, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """What an administrator may change of an operator; field names are those of Tenant."""

    name: str
    time_zone: str
    gigabyte_base: int
    home_plmn: str
    separates_duties: bool
    support_adjust_limit: int
    """Nano-units of the operator's currency."""
    bare_location: bool
    country_code: str = ""
    international_prefix: str = "00"
    national_prefix: str = "0"
    emergency_numbers: tuple[str, ...] = field(
        default_factory=lambda: tuple(default_emergency_numbers())
    )
    allows_zero_rating: bool = False

    @classmethod
    def of(cls, tenant: Tenant) -> TenantSettings:
        found = {field: getattr(tenant, field) for field in cls.__dataclass_fields__}
        return cls(**{**found, "emergency_numbers": tuple(tenant.emergency_numbers)})


NUMBERING: Final = frozenset(
    ("country_code", "international_prefix", "national_prefix", "emergency_numbers")
)
"""What the charger caches with the reference data."""


@transaction.atomic
def create_tenant(
    *,
    slug: str,
    name: str,
    currency: str,
    time_zone: str = "UTC",
    is_sandbox: bool = False,
    actor: Actor,
    now: datetime,
) -> Tenant:
    """A new operator with the usual roles and nobody in it. Raises Invalid, paths as arguments."""
    tenant = Tenant(
        slug=slug,
        name=name.strip(),
        currency=currency,
        time_zone=time_zone,
        is_sandbox=is_sandbox,
        created_at=now,
    )
    _check(tenant)
    try:
        with transaction.atomic():
            tenant.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid.at("slug", f"There is an operator “{slug}”.") from error
    create_default_roles(tenant)
    with tenant_scope(tenant):
        _record("tenant.created", tenant, actor, now, after={"name": name, "currency": currency})
    return tenant


@transaction.atomic
def update_tenant(*, settings: TenantSettings, actor: Actor, now: datetime) -> Tenant:
    """Change the open scope's tenant. Raises Invalid, paths as the fields of TenantSettings."""
    actor.require(MANAGE)
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)
    before, after = _recorded(TenantSettings.of(tenant)), _recorded(settings)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return tenant
    for name in changed:
        setattr(tenant, name, after[name])
    _check(tenant)
    revisions = ["settings_revision"]
    if NUMBERING.intersection(changed):
        revisions.append("reference_revision")
    for name in revisions:
        setattr(tenant, name, F(name) + 1)
    tenant.save(update_fields=[*changed, *revisions])
    tenant.refresh_from_db()
    _record(
        "tenant.changed",
        tenant,
        actor,
        now,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return tenant


def _recorded(settings: TenantSettings) -> dict[str, Any]:
    """As the audit trail keeps them; emergency numbers once each."""
    numbers = list(dict.fromkeys(settings.emergency_numbers))
    return {**asdict(settings), "emergency_numbers": numbers}


def _check(tenant: Tenant) -> None:
    try:
        tenant.clean_fields()
    except ValidationError as error:
        raise Invalid(
            FieldError(path, text) for path, texts in error.message_dict.items() for text in texts
        ) from error
    if tenant.support_adjust_limit < 0:
        raise Invalid.at("support_adjust_limit", "Enter 0 or more.")
    if not tenant.emergency_numbers:
        raise Invalid.at(
            "emergency_numbers", "Name at least one: calls for help are never refused."
        )


def _record(
    action: str,
    tenant: Tenant,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="tenant",
        subject_id=tenant.slug,
        now=now,
        before=before,
        after=after,
    )
