"""Zones of a serving network: home, or roaming and every own zone that names it."""

from __future__ import annotations

from charging.engine.networks import Zone, ZoneTable

EU = Zone(code="eu", countries=frozenset({"214", "262", "208"}))
IBERIA = Zone(code="iberia", countries=frozenset({"214", "268"}))
PARTNERS = Zone(code="partners", networks=frozenset({"26202", "310410"}))
ZONES = ZoneTable((PARTNERS, EU, IBERIA))


def test_the_home_network_is_in_no_other_zone():
    assert ZONES.zones("26202", home="26202") == {"home"}


def test_a_network_that_was_not_told_is_the_home_network():
    assert ZONES.zones("", home="26202") == {"home"}


def test_a_network_of_several_country_groups_is_in_all_of_them():
    assert ZONES.zones("21407", home="00101") == {"roaming", "eu", "iberia"}
    assert ZONES.zones("26801", home="00101") == {"roaming", "iberia"}


def test_a_network_that_is_named_is_in_its_countrys_zones_too():
    assert ZONES.zones("26202", home="00101") == {"roaming", "partners", "eu"}
    assert ZONES.zones("310410", home="00101") == {"roaming", "partners"}


def test_an_unknown_network_is_roaming_and_nothing_else():
    assert ZONES.zones("42501", home="00101") == {"roaming"}
    assert ZoneTable().zones("42501", home="00101") == {"roaming"}


def test_the_length_of_the_network_code_tells_networks_apart():
    table = ZoneTable([Zone(code="two", networks=frozenset({"26202"}))])

    assert table.zones("26202", home="00101") == {"roaming", "two"}
    assert table.zones("262002", home="00101") == {"roaming"}
    assert table.zones("262002", home="26202") == {"roaming"}


def test_another_network_of_the_home_country_is_roaming():
    assert ZONES.zones("26203", home="26202") == {"roaming", "eu"}
