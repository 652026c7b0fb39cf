from __future__ import annotations

import pytest

from subscribers.identities import (
    InvalidIdentity,
    digits_typed,
    format_msisdn,
    parse_gpsi,
    parse_supi,
)


@pytest.mark.parametrize("text", ["imsi-001010000000001", "001010000000001", " 00101 0000000001 "])
def test_an_imsi_is_understood_with_and_without_its_prefix(text):
    assert parse_supi(text) == "001010000000001"


@pytest.mark.parametrize(
    "text", ["msisdn-4915100000001", "+49 151 0000-0001", "+49 (151) 0000/0001", "4915100000001"]
)
def test_a_number_is_understood_however_it_is_written(text):
    assert parse_gpsi(text) == "4915100000001"


@pytest.mark.parametrize(
    "text", ["", "1234", "imsi-", "imsi-12a45", "1" * 16, "nai-user@example", "１２３４５６"]
)
def test_what_is_no_imsi_is_refused(text):
    with pytest.raises(InvalidIdentity, match="imsi-001010000000001"):
        parse_supi(text)


@pytest.mark.parametrize("text", ["++4915100000001", "msisdn-+49", "extid-a@b.example"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidIdentity, match=r"\+49 151 0000 0001"):
        parse_gpsi(text)


def test_a_search_text_is_a_number_only_when_nothing_else_is_in_it():
    assert digits_typed("+49 151") == "49151"
    assert digits_typed("imsi-00101") == "00101"
    assert digits_typed("acc-49151") == ""
    assert digits_typed("") == ""


def test_a_number_is_shown_in_groups():
    assert format_msisdn("4915100000001") == "+49 151 0000 0001"
    assert format_msisdn("49151") == "+49 151"
    assert format_msisdn("") == ""
