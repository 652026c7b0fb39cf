"""Reference data over REST: files with their errors by line, and never another operator's."""

from __future__ import annotations

from datetime import datetime

import pytest

from plans.reference.models import DestinationGroup, DestinationPrefix, Zone
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.harness.rest import RestCaller, make_caller

WORLD = "group,prefix,name\nes,34,Spain\nes-mobile,346,Spain mobile\nes-mobile,347,\n"
IMPORT = "destination-prefixes/import/"


def test_a_file_is_imported_and_counted(rest: RestCaller) -> None:
    answer = rest.post_csv(IMPORT, WORLD)

    assert answer.status_code == 200
    assert answer.json() == {
        "rows": 3,
        "added": 3,
        "removed": 0,
        "unchanged": 0,
        "new_groups": ["es", "es-mobile"],
    }
    listed = rest.get("destination-groups/").json()["results"]
    assert [(group["code"], group["name"], group["prefixes"]) for group in listed] == [
        ("es", "Spain", 1),
        ("es-mobile", "Spain mobile", 2),
    ]


def test_the_mode_and_the_group_are_in_the_query(rest: RestCaller, northwind: Tenant) -> None:
    rest.post_csv(IMPORT, WORLD)

    added = rest.post_csv(f"{IMPORT}?mode=add&group=es-mobile", "prefix\n348\n").json()
    removed = rest.post_csv(f"{IMPORT}?mode=remove", "group,prefix\nes,34\n").json()

    assert (added["added"], removed["removed"]) == (1, 1)
    with tenant_scope(northwind):
        assert set(DestinationPrefix.objects.values_list("prefix", flat=True)) == {
            "346",
            "347",
            "348",
        }


def test_wrong_lines_are_named_and_nothing_is_taken(rest: RestCaller, northwind: Tenant) -> None:
    answer = rest.post_csv(IMPORT, "group,prefix\nes,34\nes,x\n\nes,\n")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert [each["param"] for each in answer.json()["invalidParams"]] == ["line 3", "line 5"]
    with tenant_scope(northwind):
        assert not DestinationGroup.objects.exists()


def test_a_file_is_csv_and_not_too_large(rest: RestCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rest.post(IMPORT, {"group": "es"}).status_code == 415
    assert rest.post_csv(IMPORT + "?mode=merge", WORLD).status_code == 400
    assert rest.post_csv(IMPORT + "?modus=add", WORLD).status_code == 400
    assert rest.post_csv(IMPORT, b"").status_code == 400

    monkeypatch.setattr("plans.reference.api.FILE_OCTETS_MAX", 10)
    assert rest.post_csv(IMPORT, WORLD).status_code == 413


def test_a_number_is_looked_up_as_it_is_dialled(rest: RestCaller, northwind: Tenant) -> None:
    rest.post_csv(IMPORT, WORLD)

    found = rest.get("destination-prefixes/", number="0034 612-345-678").json()["results"]

    assert sorted((row["prefix"], row["group"]) for row in found) == [
        ("34", "es"),
        ("346", "es-mobile"),
    ]
    of_group = rest.get("destination-prefixes/", group="es-mobile").json()["results"]
    assert {row["prefix"] for row in of_group} == {"346", "347"}
    assert rest.get("destination-prefixes/", number="none").json()["results"] == []


def test_a_group_is_made_changed_and_deleted(rest: RestCaller) -> None:
    assert rest.put("destination-groups/es/", {"name": "Spain"}).status_code == 201
    changed = rest.put("destination-groups/es/", {"name": "Spain", "is_own_network": True})
    assert (changed.status_code, changed.json()["is_own_network"]) == (200, True)
    assert rest.put("destination-groups/*any/", {"name": "All"}).status_code == 400
    assert rest.put("destination-groups/es/", {"name": "Spain", "prefix": "34"}).status_code == 400

    assert rest.delete("destination-groups/es/").status_code == 204
    assert rest.delete("destination-groups/es/").status_code == 404
    assert rest.get("destination-groups/es/").status_code == 404


def test_a_zone_is_made_changed_and_deleted(rest: RestCaller) -> None:
    body = {"name": "Iberia", "countries": ["268", "214"]}
    assert rest.put("zones/iberia/", body).status_code == 201
    assert rest.get("zones/iberia/").json() == {
        "code": "iberia",
        "name": "Iberia",
        "networks": [],
        "countries": ["214", "268"],
    }
    wrong = rest.put("zones/iberia/", {"name": "Iberia", "networks": ["26"]})
    assert [each["param"] for each in wrong.json()["invalidParams"]] == ["/networks"]
    assert rest.put("zones/home/", body).status_code == 400
    assert rest.delete("zones/iberia/").status_code == 204
    assert rest.get("zones/").json()["results"] == []


def test_holidays_are_days_of_the_calendar(rest: RestCaller) -> None:
    assert rest.put("holidays/2026-12-25/", {"name": "Christmas"}).status_code == 201
    assert rest.put("holidays/2026-01-06/", {"name": "Epiphany"}).status_code == 201
    assert rest.put("holidays/2026-12-25/", {"name": "Navidad"}).status_code == 200
    assert rest.put("holidays/2026-02-30/", {"name": "Never"}).status_code == 404

    assert rest.get("holidays/").json()["results"] == [
        {"date": "2026-01-06", "name": "Epiphany"},
        {"date": "2026-12-25", "name": "Navidad"},
    ]
    assert rest.delete("holidays/2026-12-25/").status_code == 204
    assert rest.delete("holidays/2026-12-25/").status_code == 404


def test_another_operators_group_and_zone_are_unknown(
    rest: RestCaller, contoso: Tenant, northwind: Tenant, now: datetime
) -> None:
    theirs = make_caller(contoso)
    theirs.post_csv(IMPORT, WORLD)
    theirs.put("zones/eu/", {"name": "EU", "countries": ["262"]})
    theirs.put("holidays/2026-12-25/", {"name": "Christmas"})

    for address in ("destination-groups/es/", "zones/eu/"):
        assert rest.get(address).status_code == 404
        assert rest.delete(address).status_code == 404
    assert rest.delete("holidays/2026-12-25/").status_code == 404
    assert rest.get("destination-prefixes/", number="34612").json()["results"] == []
    assert rest.post_csv(f"{IMPORT}?group=es", "prefix\n34\n").status_code == 400
    with tenant_scope(contoso):
        assert DestinationPrefix.objects.count() == 3
        assert Zone.objects.count() == 1
