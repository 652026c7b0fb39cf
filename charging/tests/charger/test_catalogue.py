"""What the charger keeps of an operator, and what makes it read again."""

from __future__ import annotations

import io
from datetime import datetime

from charging.charger.catalogue import Catalogue, Missing, Revisions, TenantSettings
from plans.reference.importing import ImportMode, import_prefixes
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


def read(catalogue: Catalogue, tenant: Tenant) -> TenantSettings:
    """As a batch does whose tenant is at its present revisions."""
    now = Tenant.objects.get(pk=tenant.pk)
    at = Revisions(settings=now.settings_revision, reference=now.reference_revision)
    try:
        catalogue.require(revisions={tenant.pk: at}, versions=set(), allowances=set())
    except Missing as missing:
        catalogue._load(missing)
        catalogue.require(revisions={tenant.pk: at}, versions=set(), allowances=set())
    return catalogue.settings(tenant.pk)


def test_settings_change_without_reading_the_prefixes_again(
    northwind: Tenant, now: datetime
) -> None:
    catalogue = Catalogue()
    first = read(catalogue, northwind)
    assert read(catalogue, northwind) is first

    northwind.refresh_from_db()
    northwind.settings_revision += 1
    northwind.home_plmn = "26202"
    with tenant_scope(northwind):
        northwind.save()
    second = read(catalogue, northwind)

    assert second.home_plmn == "26202"
    assert second.reference is first.reference


def test_an_import_is_read_by_the_next_batch(northwind: Tenant, now: datetime) -> None:
    catalogue = Catalogue()
    first = read(catalogue, northwind)

    with tenant_scope(northwind):
        file = io.BytesIO(b"group,prefix\nes,34\n")
        import_prefixes(file=file, mode=ImportMode.REPLACE, actor=SYSTEM, now=now)
    second = read(catalogue, northwind)

    assert len(first.reference.prefixes) == 0
    assert len(second.reference.prefixes) == 1
