"""Operators themselves: a new one with its roles, and the settings of one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
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

    @classmethod
    def of(cls, tenant: Tenant) -> TenantSettings:
        return cls(**{field: getattr(tenant, field) for field in cls.__dataclass_fields__})


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
    before, after = asdict(TenantSettings.of(tenant)), asdict(settings)
    changed = [field for field in after if before[field] != after[field]]
    if not changed:
        return tenant
    for field in changed:
        setattr(tenant, field, after[field])
    _check(tenant)
    tenant.settings_revision = F("settings_revision") + 1
    tenant.save(update_fields=[*changed, "settings_revision"])
    tenant.refresh_from_db()
    _record(
        "tenant.changed",
        tenant,
        actor,
        now,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )
    return tenant


def _check(tenant: Tenant) -> None:
    try:
        tenant.clean_fields()
    except ValidationError as error:
        raise Invalid(
            FieldError(path, text) for path, texts in error.message_dict.items() for text in texts
        ) from error
    if tenant.support_adjust_limit < 0:
        raise Invalid.at("support_adjust_limit", "Enter 0 or more.")


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
