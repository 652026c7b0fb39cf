"""Dialled numbers become international digits; calls for help are known however they come."""

from __future__ import annotations

import pytest

from charging.engine.numbers import NumberingPlan

HELP = frozenset({"112", "911", "999", "000"})
GERMANY = NumberingPlan(country_code="49", emergency_numbers=HELP)
AMERICA = NumberingPlan(
    country_code="1", international_prefix="011", national_prefix="1", emergency_numbers=HELP
)
SPAIN = NumberingPlan(country_code="34", national_prefix="", emergency_numbers=HELP)
NOWHERE = NumberingPlan()


@pytest.mark.parametrize(
    "dialled",
    [
        "+4930901820",
        "004930901820",
        "030901820",
        "4930901820",
        "tel:+49-30-901820",
        "tel:+49(30)901820;cpc=ordinary",
        "sip:+4930901820@ims.example;user=phone",
        "SIPS:+4930901820@ims.example",
        "tel:030901820;phone-context=ims.example",
        " 030 / 90 18 20",
    ],
)
def test_one_number_has_one_form_however_it_is_dialled(dialled: str):
    assert GERMANY.digits(dialled) == "4930901820"


def test_a_number_of_another_context_is_that_countrys():
    assert GERMANY.digits("tel:911234567;phone-context=+34") == "34911234567"


def test_a_short_code_stays_short_in_any_context():
    assert GERMANY.digits("tel:1004;phone-context=+34") == "1004"


def test_prefixes_are_those_of_the_operators_country():
    assert AMERICA.digits("12125550123") == "12125550123"
    assert AMERICA.digits("01134911234567") == "34911234567"
    assert AMERICA.digits("0034911234567") == "0034911234567"  # no prefix there


def test_without_a_country_national_numbers_stay_as_they_are():
    assert NOWHERE.digits("030901820") == "030901820"
    assert NOWHERE.digits("+34911234567") == "34911234567"
    assert SPAIN.digits("911234567") == "911234567"


@pytest.mark.parametrize("dialled", ["112", "000", "*100#", "#31#112"])
def test_emergency_numbers_and_service_codes_stay_as_dialled(dialled: str):
    assert GERMANY.digits(dialled) == dialled


@pytest.mark.parametrize(
    "address", ["", "tel:", "sip:alice@ims.example", "tel:anna", "urn:service:sos", "١١٢", "+"]
)
def test_what_holds_no_number_has_no_digits(address: str):
    assert GERMANY.digits(address) == ""


@pytest.mark.parametrize(
    "dialled",
    ["112", "tel:911", "sip:999@ims.example", "000", "+49112", "0049112", "49112", "+112",
     "urn:service:sos", "urn:service:sos.police", "tel:112;phone-context=+49"],
)  # fmt: skip
def test_a_call_for_help_is_known_bare_and_behind_the_home_countrys_code(dialled: str):
    assert GERMANY.is_emergency(dialled)


@pytest.mark.parametrize("dialled", ["1125", "0112", "+34112", "030112", "00112", "49", "", "0"])
def test_other_numbers_are_no_calls_for_help(dialled: str):
    assert not GERMANY.is_emergency(dialled)


def test_three_zeros_call_for_help_though_two_begin_an_international_number():
    assert GERMANY.is_emergency("000")
    assert GERMANY.digits("000") == "000"


def test_an_operator_may_have_other_emergency_numbers():
    own = NumberingPlan(country_code="81", emergency_numbers=frozenset({"110", "119"}))

    assert own.is_emergency("119")
    assert own.is_emergency("+81119")
    assert not own.is_emergency("112")
