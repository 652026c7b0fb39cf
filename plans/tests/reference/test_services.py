"""Groups, zones and holidays: saved, audited, counted; kept while plans name them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from plans.reference import services
from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday, Zone
from plans.reference.services import DestinationGroupSpec, ZoneSpec
from portal.tenancy.actor import SYSTEM, Actor, PermissionDenied
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.validation import Invalid

SPAIN = DestinationGroupSpec(code="es", name="Spain", number_class="fixed")
EU = ZoneSpec(code="eu", name="EU", networks=("26202",), countries=("214", "208", "214"))


def revision(tenant: Tenant) -> int:
    tenant.refresh_from_db()
    return tenant.reference_revision


def refused_paths(spec: ZoneSpec | DestinationGroupSpec, ana: Actor, now: datetime) -> list[str]:
    save = services.save_zone if isinstance(spec, ZoneSpec) else services.save_destination_group
    with pytest.raises(Invalid) as refused:
        save(spec=spec, actor=ana, now=now)  # type: ignore[arg-type]
    return [error.path for error in refused.value.errors]


def test_a_change_of_a_group_is_audited_and_its_prefixes_stay(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    group = services.save_destination_group(spec=SPAIN, actor=ana, now=now)
    DestinationPrefix.objects.create(group=group, prefix="34")

    services.save_destination_group(
        spec=DestinationGroupSpec(code="es", name="Spain", is_own_network=True), actor=ana, now=now
    )

    assert DestinationPrefix.objects.count() == 1
    saved = AuditEntry.objects.get(action="destination_group.saved")
    assert saved.before == {"number_class": "fixed", "is_own_network": False}
    assert saved.after == {"number_class": "", "is_own_network": True}


def test_every_change_counts_the_reference_revision_and_no_other(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    settings = Tenant.objects.get(pk=tenant.pk).settings_revision
    seen = [revision(tenant)]
    for act in (
        lambda: services.save_destination_group(spec=SPAIN, actor=ana, now=now),
        lambda: services.save_zone(spec=EU, actor=ana, now=now),
        lambda: services.save_holiday(date=date(2026, 12, 25), name="X", actor=ana, now=now),
        lambda: services.save_holiday(date=date(2026, 12, 25), name="Y", actor=ana, now=now),
        lambda: services.delete_holiday(date=date(2026, 12, 25), actor=ana, now=now),
        lambda: services.delete_zone(code="eu", actor=ana, now=now),
        lambda: services.delete_destination_group(code="es", actor=ana, now=now),
    ):
        act()
        seen.append(revision(tenant))

    assert sorted(set(seen)) == seen
    assert tenant.settings_revision == settings


def test_saving_what_is_there_changes_nothing(tenant: Tenant, ana: Actor, now: datetime) -> None:
    services.save_zone(spec=EU, actor=ana, now=now)
    before = revision(tenant)

    services.save_zone(spec=EU, actor=ana, now=now)

    assert revision(tenant) == before
    assert AuditEntry.objects.count() == 1


def test_a_group_goes_with_its_prefixes(tenant: Tenant, ana: Actor, now: datetime) -> None:
    group = services.save_destination_group(spec=SPAIN, actor=ana, now=now)
    DestinationPrefix.objects.create(group=group, prefix="34")

    services.delete_destination_group(code="es", actor=ana, now=now)

    assert not DestinationGroup.objects.exists()
    assert not DestinationPrefix.objects.exists()
    with pytest.raises(DestinationGroup.DoesNotExist):
        services.delete_destination_group(code="es", actor=ana, now=now)


def test_networks_and_countries_are_kept_once_and_in_order(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    services.save_zone(spec=EU, actor=ana, now=now)

    assert Zone.objects.get().countries == ["208", "214"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (ZoneSpec(code="eu", name="EU", networks=("2620",)), "networks"),
        (ZoneSpec(code="eu", name="EU", networks=("٢٦٢٠٢",)), "networks"),
        (ZoneSpec(code="eu", name="EU", countries=("34",)), "countries"),
        (ZoneSpec(code="eu", name="EU", countries=("262",) * 2001), "countries"),
        (ZoneSpec(code="eu", name="EU"), "networks"),
        (ZoneSpec(code="home", name="Home", countries=("262",)), "code"),
        (ZoneSpec(code="roaming", name="Abroad", countries=("262",)), "code"),
        (ZoneSpec(code="*any", name="Any", countries=("262",)), "code"),
        (ZoneSpec(code="eu", name="", countries=("262",)), "name"),
        (ZoneSpec(code="eu", name="E\x00", countries=("262",)), "name"),
        (DestinationGroupSpec(code="*any", name="All"), "code"),
        (DestinationGroupSpec(code="e" * 41, name="Spain"), "code"),
        (DestinationGroupSpec(code="es", name=" "), "name"),
        (DestinationGroupSpec(code="es", name="Spain", number_class="Big Number"), "number_class"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    tenant: Tenant, ana: Actor, now: datetime, spec: ZoneSpec | DestinationGroupSpec, path: str
) -> None:
    assert refused_paths(spec, ana, now) == [path]


def test_a_code_is_given_once(tenant: Tenant, ana: Actor, now: datetime) -> None:
    services.save_destination_group(spec=SPAIN, actor=ana, now=now)

    with pytest.raises(Invalid):
        services.save_destination_group(spec=SPAIN, is_new=True, actor=ana, now=now)
    with pytest.raises(Invalid):
        services.save_zone(spec=EU, is_new=False, actor=ana, now=now)


def test_one_day_is_one_holiday(tenant: Tenant, ana: Actor, now: datetime) -> None:
    services.save_holiday(date=date(2026, 1, 6), name="Reyes", actor=ana, now=now)
    services.save_holiday(date=date(2026, 1, 6), name="Epiphany", actor=ana, now=now)

    assert Holiday.objects.get().name == "Epiphany"


def test_whoever_may_not_design_changes_nothing(tenant: Tenant, now: datetime) -> None:
    viewer = Actor(kind="user", id=3, name="Vic", permissions=frozenset({"plans.view"}))

    for act, how in (
        (services.save_destination_group, {"spec": SPAIN}),
        (services.save_zone, {"spec": EU}),
        (services.save_holiday, {"date": date(2026, 1, 1), "name": "X"}),
        (services.delete_destination_group, {"code": "es"}),
        (services.delete_zone, {"code": "eu"}),
        (services.delete_holiday, {"date": date(2026, 1, 1)}),
    ):
        with pytest.raises(PermissionDenied):
            act(**how, actor=viewer, now=now)  # type: ignore[operator]


def test_the_system_itself_may(tenant: Tenant, now: datetime) -> None:
    services.save_zone(spec=EU, actor=SYSTEM, now=now)

    assert Zone.objects.exists()
