"""The reference data as the charger keeps it, and the situation it makes of what was told."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from charging.engine.conditions import Situation
from plans.reference.importing import ImportMode, import_prefixes
from plans.reference.loading import Reference, load_reference
from plans.reference.services import (
    DestinationGroupSpec,
    ZoneSpec,
    save_destination_group,
    save_holiday,
    save_zone,
)
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_tenant

HOME = "26201"
FILE = b"""group,prefix
de,49
de-mobile,4915
own,491511
premium,49900
es,34
es-mobile,346
"""


@pytest.fixture
def reference(tenant: Tenant, now: datetime) -> Reference:
    import_prefixes(file=io.BytesIO(FILE), mode=ImportMode.REPLACE, actor=SYSTEM, now=now)
    for code, kind, own in (
        ("de", "fixed", False),
        ("de-mobile", "mobile", False),
        ("own", "", True),
        ("premium", "premium", False),
    ):
        spec = DestinationGroupSpec(code=code, name=code, number_class=kind, is_own_network=own)
        save_destination_group(spec=spec, actor=SYSTEM, now=now)
    save_zone(spec=ZoneSpec(code="eu", name="EU", countries=("214", "208")), actor=SYSTEM, now=now)
    save_holiday(date=date(2026, 12, 25), name="Christmas", actor=SYSTEM, now=now)
    Tenant.objects.filter(pk=tenant.pk).update(country_code="49")
    return load_reference(tenant)


def calling(reference: Reference, number: str, **more: Any) -> Situation:
    return reference.situation(**{"number": number, "network": HOME, "home": HOME, **more})


@pytest.mark.parametrize("dialled", ["tel:+34612345678", "0034612345678", "34612345678"])
def test_a_number_is_compared_however_it_is_dialled(reference: Reference, dialled: str) -> None:
    situation = calling(reference, dialled)

    assert situation.destination == "34612345678"
    assert situation.prefixes == ((3, frozenset({"es-mobile"})), (2, frozenset({"es"})))


def test_a_national_number_is_of_the_operators_country(reference: Reference) -> None:
    assert calling(reference, "0151234567").destination == "49151234567"


def test_the_class_is_that_of_the_longest_prefix_that_has_one(reference: Reference) -> None:
    assert calling(reference, "+4930901820").number_class == "fixed"
    assert calling(reference, "+4915123456").number_class == "mobile"
    assert calling(reference, "+4915112345").number_class == "mobile"  # the own range has none
    assert calling(reference, "+4990012345").number_class == "premium"
    assert calling(reference, "+34612345678").number_class == ""


def test_calls_to_ones_own_numbers_are_on_net_and_without_a_number_there_is_no_saying(
    reference: Reference,
) -> None:
    assert calling(reference, "+4915112345").on_net is True
    assert calling(reference, "+4915212345").on_net is False
    assert calling(reference, "+1212555").on_net is False
    assert calling(reference, "").on_net is None


@pytest.mark.parametrize("dialled", ["112", "tel:911", "+49112", "urn:service:sos", "000"])
def test_emergency_numbers_are_known_at_home_and_abroad(reference: Reference, dialled: str) -> None:
    assert calling(reference, dialled).is_emergency
    assert calling(reference, dialled, network="21407").is_emergency
    assert not calling(reference, "+4911234").is_emergency


def test_an_emergency_without_a_number_keeps_its_address(reference: Reference) -> None:
    """Later requests of the session name no called party: they go by what is kept."""
    situation = calling(reference, "urn:service:sos")

    assert situation.destination == "urn:service:sos"
    assert calling(reference, situation.destination).is_emergency
    assert calling(reference, "sip:alice@example.org").destination == ""


def test_zones_follow_from_the_network_and_whose_home_it_is(reference: Reference) -> None:
    assert calling(reference, "").zones == {"home"}
    assert calling(reference, "", network="").zones == {"home"}
    abroad = calling(reference, "", network="21407")
    assert (abroad.zones, abroad.network) == ({"roaming", "eu"}, "21407")
    assert calling(reference, "", network="21407", home="21407").zones == {"home"}
    nowhere = calling(reference, "", network="abroad")
    assert (nowhere.zones, nowhere.network) == ({"roaming"}, "")


def test_the_rest_is_handed_on(reference: Reference) -> None:
    situation = calling(
        reference, "", rat="NR", dnn="ims", slice="1-0000FF", characteristics=8, category="data"
    )

    assert (situation.rat, situation.dnn, situation.slice) == ("NR", "ims", "1-0000FF")
    assert (situation.characteristics, situation.category) == (8, "data")


def test_holidays_are_read_in_the_wall_time_of_an_account(reference: Reference) -> None:
    almanac = reference.almanac(ZoneInfo("Europe/Berlin"))

    assert almanac.holidays == {date(2026, 12, 25)}
    assert str(almanac.zone) == "Europe/Berlin"


def test_it_bears_the_revision_of_its_time(tenant: Tenant, reference: Reference) -> None:
    assert reference.revision == Tenant.objects.get(pk=tenant.pk).reference_revision


def test_it_holds_one_operators_data(tenant: Tenant, reference: Reference) -> None:
    contoso = make_tenant("contoso")

    theirs = load_reference(contoso)

    assert len(theirs.prefixes) == 0
    assert theirs.zones.zones("21407", home=HOME) == {"roaming"}
    with tenant_scope(contoso):
        assert len(load_reference(tenant).prefixes) == 6
