"""What people type is read exactly, and shown so that it reads back the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.typed import (
    Unreadable,
    read_money,
    read_number,
    read_percent,
    read_quantity,
    read_whole,
    show_quantity,
)

GB = 2**30


@pytest.mark.parametrize(
    ("text", "label", "unit", "amount", "counted"),
    [
        ("20", "GB", "OCTETS", 20 * GB, "GB"),
        ("1.5GB", "MB", "OCTETS", 1_610_612_736, "GB"),
        ("1,5 gb", "MB", "OCTETS", 1_610_612_736, "GB"),
        ("20,480", "MB", "OCTETS", 20 * GB, "MB"),
        ("500 MB", "GB", "OCTETS", 524_288_000, "MB"),
        ("90 min", "s", "SECONDS", 5_400, "min"),
        ("90min", "h", "SECONDS", 5_400, "min"),
        ("1.5", "h", "SECONDS", 5_400, "h"),
        ("2 hours", "min", "SECONDS", 7_200, "h"),
        ("500 SMS", "SMS", "EVENTS", 500, "SMS"),
        ("1 000", "SMS", "EVENTS", 1_000, "SMS"),
    ],
)
def test_a_unit_behind_the_number_counts_else_the_chosen_one(
    text: str, label: str, unit: str, amount: int, counted: str
) -> None:
    assert read_quantity(text, label, unit, gigabyte_base=1024) == (amount, counted)


def test_a_tenant_with_decimal_gigabytes_gets_them() -> None:
    assert read_quantity("1.5", "GB", "OCTETS", gigabyte_base=1000) == (1_500_000_000, "GB")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "OCTETS"),
        ("a lot", "OCTETS"),
        ("20 minutes", "OCTETS"),
        ("0.5", "EVENTS"),
        ("1.2.3", "OCTETS"),
        ("1e9", "OCTETS"),
        ("9" * 50, "OCTETS"),
    ],
)
def test_what_is_no_amount_is_refused_with_words(text: str, unit: str) -> None:
    with pytest.raises(Unreadable, match=r"\w+"):
        read_quantity(text, "", unit, gigabyte_base=1024)


def test_a_third_of_a_minute_is_refused_rather_than_rounded() -> None:
    with pytest.raises(Unreadable, match="whole number of seconds"):
        read_quantity("0.33", "min", "SECONDS", gigabyte_base=1024)


@pytest.mark.parametrize(
    ("text", "nano_units"),
    [
        ("0,09", 90_000_000),
        ("0.09", 90_000_000),
        ("€19.90", 19_900_000_000),
        ("19.90 EUR", 19_900_000_000),
        ("1,234.50", 1_234_500_000_000),
        ("1.234,50", 1_234_500_000_000),
        ("1'200", 1_200_000_000_000),
        ("0.000000001", 1),
    ],
)
def test_prices_may_be_written_with_comma_sign_or_code(text: str, nano_units: int) -> None:
    assert read_money(text) == nano_units


def test_a_price_has_at_most_nine_decimals() -> None:
    with pytest.raises(Unreadable, match="nine decimals"):
        read_money("0.0000000001")


def test_percentages_may_carry_their_sign() -> None:
    assert read_percent(" 12,5 % ") == Decimal("12.5")


def test_a_whole_number_has_no_decimals() -> None:
    with pytest.raises(Unreadable, match="whole number"):
        read_whole("2.5")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "--1", "1-2"])
def test_what_decimals_accept_but_people_do_not_mean_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text)


@pytest.mark.parametrize(
    ("amount", "label", "unit", "shown"),
    [
        (20 * GB, "GB", "OCTETS", ("20", "GB")),
        (20 * GB, "MB", "OCTETS", ("20480", "MB")),
        (1_181_116_006, "GB", "OCTETS", ("1.1", "GB")),
        (104_857_600, "", "OCTETS", ("100", "MB")),
        (18_000, "min", "SECONDS", ("300", "min")),
        (18_001, "min", "SECONDS", ("18001", "s")),
    ],
)
def test_amounts_are_shown_in_the_unit_in_which_they_are_short(
    amount: int, label: str, unit: str, shown: tuple[str, str]
) -> None:
    assert show_quantity(amount, label, unit, gigabyte_base=1024) == shown


@given(
    amount=st.integers(0, 10**18),
    label=st.sampled_from(["B", "KB", "MB", "GB", "TB", ""]),
    base=st.sampled_from([1000, 1024]),
)
def test_an_amount_of_data_reads_back_as_it_was_shown(amount: int, label: str, base: int) -> None:
    text, shown = show_quantity(amount, label, "OCTETS", gigabyte_base=base)

    assert read_quantity(text, shown, "OCTETS", gigabyte_base=base) == (amount, shown)


@given(amount=st.integers(0, 10**12), label=st.sampled_from(["s", "min", "h", ""]))
def test_a_duration_reads_back_as_it_was_shown(amount: int, label: str) -> None:
    text, shown = show_quantity(amount, label, "SECONDS", gigabyte_base=1024)

    assert read_quantity(text, shown, "SECONDS", gigabyte_base=1024) == (amount, shown)
