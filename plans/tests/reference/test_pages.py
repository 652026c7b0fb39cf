"""The pages of destinations, zones and holidays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday, Zone
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_tenant, make_user

SignIn = Callable[[str], Client]
WORLD = "group,prefix,name\nes,34,Spain\nes-mobile,346,Spain mobile\nes-mobile,347,\n"


@pytest.fixture
def pm(client_of: SignIn) -> Client:
    return client_of("product-manager")


def upload(client: Client, text: str, mode: str = "replace") -> Any:
    file = SimpleUploadedFile("world.csv", text.encode(), content_type="text/csv")
    return client.post("/plans/destinations/import/", {"file": file, "mode": mode})


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_file_is_imported_and_the_list_counts_its_prefixes(tenant: Tenant, pm: Client) -> None:
    answer = upload(pm, WORLD)

    assert answer["Location"] == "/plans/destinations/"
    shown = text_of(pm.get("/plans/destinations/"))
    assert "3 prefixes added and 0 removed. New groups: es, es-mobile." in shown
    assert "Spain mobile es-mobile – Other 2" in shown


def test_a_wrong_file_is_told_line_by_line(tenant: Tenant, pm: Client) -> None:
    answer = upload(pm, "group,prefix\nes,34\nes,x<script>\n")

    assert answer.status_code == 422
    assert "Line 3: “x&lt;script&gt;” is no prefix" in text_of(answer)
    assert not DestinationGroup.objects.exists()
    assert "Choose a file." in text_of(pm.post("/plans/destinations/import/", {"mode": "add"}))


def test_a_number_shows_what_it_matches(tenant: Tenant, pm: Client) -> None:
    upload(pm, WORLD)

    shown = text_of(pm.get("/plans/destinations/?number=%2B34 612 345 678"))

    assert "Compared as 34612345678" in shown
    assert re.search(r"346 Spain mobile 34 Spain", shown)
    assert "An emergency number" in text_of(pm.get("/plans/destinations/?number=112"))
    assert "This is no number." in text_of(pm.get("/plans/destinations/?number=anna"))
    assert "No group knows 49301234" in text_of(pm.get("/plans/destinations/?number=49301234"))


def test_a_group_is_added_changed_and_deleted(tenant: Tenant, pm: Client) -> None:
    added = {"code": "es", "name": "Spain", "number_class": "fixed"}
    assert pm.post("/plans/destinations/new/", added).status_code == 302
    assert "There is a destination group “es” already." in text_of(
        pm.post("/plans/destinations/new/", added)
    )
    changed = {"name": "Spain", "is_own_network": "on"}
    assert pm.post("/plans/destinations/groups/es/", changed).status_code == 302
    group = DestinationGroup.objects.get()
    assert (group.code, group.number_class, group.is_own_network) == ("es", "", True)
    DestinationPrefix.objects.create(group=group, prefix="34")

    asked = pm.get("/plans/destinations/groups/es/delete/")
    assert "Its 1 prefix go" in text_of(asked)
    pm.post("/plans/destinations/groups/es/delete/")
    assert not DestinationGroup.objects.exists()


def test_a_zone_is_added_changed_and_deleted(tenant: Tenant, pm: Client) -> None:
    added = {"code": "eu", "name": "EU", "countries": "262 208;\n214", "networks": ""}
    assert pm.post("/plans/zones/new/", added).status_code == 302
    assert Zone.objects.get().countries == ["208", "214", "262"]

    wrong = pm.post("/plans/zones/all/eu/", {"name": "EU", "countries": "26"})
    assert wrong.status_code == 422
    assert "“26” is not a country code (MCC) of 3 digits." in text_of(wrong)
    pm.post("/plans/zones/all/eu/", {"name": "EU", "networks": "26202"})
    assert Zone.objects.get().networks == ["26202"]

    assert pm.get("/plans/zones/all/eu/delete/").status_code == 200
    pm.post("/plans/zones/all/eu/delete/")
    assert not Zone.objects.exists()


def test_a_holiday_is_added_and_deleted(tenant: Tenant, pm: Client) -> None:
    assert pm.post("/plans/holidays/", {"date": "2026-12-25", "name": "Xmas"}).status_code == 302
    assert "Fri 25 Dec 2026 Xmas" in text_of(pm.get("/plans/holidays/"))
    assert pm.post("/plans/holidays/", {"date": "soon", "name": "X"}).status_code == 422

    pm.post("/plans/holidays/2026-12-25/delete/")

    assert not Holiday.objects.exists()
    assert pm.get("/plans/holidays/2026-02-30/delete/").status_code == 404


def test_whoever_only_looks_changes_nothing(tenant: Tenant, client_of: SignIn) -> None:
    viewer = client_of("viewer")
    DestinationGroup.objects.create(code="es", name="Spain")

    assert upload(viewer, WORLD).status_code == 403
    assert viewer.post("/plans/destinations/groups/es/", {"name": "X"}).status_code == 403
    assert viewer.post("/plans/holidays/", {"date": "2026-12-25", "name": "X"}).status_code == 403
    shown = viewer.get("/plans/destinations/").content.decode()
    assert "Spain" in shown
    assert "Import prefixes" not in shown
    assert "disabled" in viewer.get("/plans/destinations/groups/es/").content.decode()


def test_another_operators_group_is_not_found(tenant: Tenant, pm: Client) -> None:
    contoso = make_tenant("contoso")
    with tenant_scope(contoso):
        DestinationGroup.objects.create(code="es", name="Spain")
        Zone.objects.create(code="eu", name="EU", countries=["262"])

    assert pm.get("/plans/destinations/groups/es/").status_code == 404
    assert pm.post("/plans/destinations/groups/es/delete/").status_code == 404
    assert pm.get("/plans/zones/all/eu/").status_code == 404
    stranger = Client()
    stranger.force_login(make_user(contoso, "admin"))
    assert stranger.get("/plans/destinations/groups/es/").status_code == 200


def test_a_list_of_many_groups_costs_as_many_queries_as_one_of_few(
    tenant: Tenant, pm: Client, django_assert_max_num_queries: Any
) -> None:
    DestinationGroup.objects.bulk_create(
        DestinationGroup(code=f"g{number}", name=f"Group {number}") for number in range(150)
    )

    with django_assert_max_num_queries(16):
        shown = text_of(pm.get("/plans/destinations/"))

    assert "1–100 of 150" in shown
    assert "101–150 of 150" in text_of(pm.get("/plans/destinations/?page=2"))
