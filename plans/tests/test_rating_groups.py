"""Rating groups are the tenant's own, and cannot start to count something else unnoticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from plans.models import RatingGroup
from plans.rating_groups import DEFAULTS, create_default_rating_groups, save_rating_group
from plans.specs import RatingGroupSpec
from portal.tenancy.actor import Actor
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.validation import Invalid
from tests.factories import make_published_plan

DATA = next(spec for spec in DEFAULTS if spec.number == 300)
VIDEO = RatingGroupSpec(number=320, name="Video", service="data", unit="OCTETS", grant=1_048_576)


def test_a_tenant_keeps_its_own_when_the_defaults_are_given_again(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    save_rating_group(spec=replace(DATA, grant=1), actor=ana, now=now)

    create_default_rating_groups(tenant=tenant)

    assert RatingGroup.objects.count() == 6
    assert RatingGroup.objects.get(number=300).grant == 1


def test_a_change_is_in_the_audit_trail(tenant: Tenant, ana: Actor, now: datetime) -> None:
    save_rating_group(spec=replace(DATA, grant=5), actor=ana, now=now)

    entry = AuditEntry.objects.get(action="rating_group.saved")
    assert (entry.before, entry.after) == ({"grant": 104_857_600}, {"grant": 5})


def test_a_change_tells_the_charger_to_read_again(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    tenant.refresh_from_db()
    before = tenant.settings_revision

    save_rating_group(spec=VIDEO, actor=ana, now=now)

    tenant.refresh_from_db()
    assert tenant.settings_revision == before + 1


def test_a_number_is_given_once(tenant: Tenant, ana: Actor, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        save_rating_group(spec=DATA, is_new=True, actor=ana, now=now)

    assert [error.path for error in refused.value.errors] == ["number"]


def test_what_published_plans_rate_keeps_its_unit(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    make_published_plan(now=now)

    with pytest.raises(Invalid) as refused:
        save_rating_group(spec=replace(DATA, unit="SECONDS"), actor=ana, now=now)

    assert [error.path for error in refused.value.errors] == ["unit"]
    assert RatingGroup.objects.get(number=300).unit == "OCTETS"


def test_before_anything_is_published_the_unit_may_change(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    saved = save_rating_group(spec=replace(DATA, unit="SECONDS", grant=60), actor=ana, now=now)

    assert saved.unit == "SECONDS"
