"""Expected texts are worked out by hand from docs/front-end.md."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from portal import formatting, typed
from portal.formatting import InvalidAmount

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GB = 1024**3


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (20 * GB, "OCTETS", "20 GB"),
        (20 * GB - 1, "OCTETS", "19.99 GB"),
        (18 * GB + 2 * GB // 5, "OCTETS", "18.39 GB"),  # 18.4 GB is no whole number of octets
        (1536 * 1024**2, "OCTETS", "1.5 GB"),
        (1023, "OCTETS", "1,023 B"),
        (0, "OCTETS", "0 B"),
        (-5 * 1024**2, "OCTETS", "−5 MB"),
        (252, "SECONDS", "4 min 12 s"),
        (18_000, "SECONDS", "300 min"),
        (45, "SECONDS", "45 s"),
        (0, "SECONDS", "0 s"),
        (-90, "SECONDS", "−1 min 30 s"),
        (3, "EVENTS", "3 SMS"),
        (12_840, "EVENTS", "12,840 SMS"),
    ],
)
def test_a_quantity_reads_as_people_say_it(amount: int, unit: str, text: str) -> None:
    assert formatting.format_quantity(amount, unit) == text


def test_a_gigabyte_may_be_a_thousand_million_octets() -> None:
    assert formatting.format_quantity(20 * 10**9, "OCTETS", gigabyte_base=1000) == "20 GB"


def test_events_that_are_no_messages_have_a_noun_of_their_own() -> None:
    assert formatting.format_quantity(2, "EVENTS", noun="downloads") == "2 downloads"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (20 * GB, "20 GB"),
        (20 * GB + 1024**2, "20,481 MB"),
        (20 * GB - 1, "21,474,836,479 B"),
        (GB // 4, "256 MB"),
    ],
)
def test_an_exact_quantity_loses_no_octet(octets: int, text: str) -> None:
    assert formatting.format_quantity_exact(octets, "OCTETS") == text


@given(
    amount=integers(0, 2**63 - 1),
    unit=sampled_from(["OCTETS", "SECONDS", "EVENTS"]),
    base=sampled_from([1000, 1024]),
)
def test_what_a_form_shows_parses_back_to_the_same_amount(
    amount: int, unit: str, base: int
) -> None:
    text, label = formatting.split_quantity(amount, unit, gigabyte_base=base)

    assert typed.read_quantity(text, label, unit, gigabyte_base=base)[0] == amount
    assert label in {choice.label for choice in formatting.unit_choices(unit, gigabyte_base=base)}


@pytest.mark.parametrize(
    ("nano_units", "currency", "text"),
    [
        (19_900_000_000, "EUR", "€19.90"),
        (-90_000_000, "EUR", "−€0.09"),
        (12_500_000, "EUR", "€0.0125"),
        (1, "EUR", "€0.000000001"),
        (0, "GBP", "£0.00"),
        (1_234_567_000_000_000, "USD", "$1,234,567.00"),
        (5_000_000_000, "CHF", "CHF 5.00"),
        (500_000_000_000, "JPY", "¥500"),
        (500_500_000_000, "JPY", "¥500.5"),
        (1_500_000_000, "KWD", "KWD 1.500"),
    ],
)
def test_money_is_written_exactly(nano_units: int, currency: str, text: str) -> None:
    assert formatting.format_money(nano_units, currency) == text


@given(nano_units=integers(-(2**63), 2**63 - 1), currency=sampled_from(["EUR", "JPY", "KWD"]))
def test_money_in_a_form_parses_back_to_the_same_amount(nano_units: int, currency: str) -> None:
    assert formatting.parse_money(formatting.money_text(nano_units, currency)) == nano_units


def test_money_past_nine_decimals_is_refused() -> None:
    with pytest.raises(InvalidAmount, match="nine decimals"):
        formatting.parse_money("0.0000000001")


@pytest.mark.parametrize(
    ("hundredths", "text"), [(2000, "20 %"), (1250, "12.5 %"), (5, "0.05 %"), (0, "0 %")]
)
def test_a_share_is_given_in_hundredths_of_a_percent(hundredths: int, text: str) -> None:
    assert formatting.format_percent(hundredths) == text


@pytest.mark.parametrize(
    ("part", "whole", "fill"),
    [
        (0, 100, 0),
        (1, 1000, 1),
        (999, 1000, 99),
        (1000, 1000, 100),
        (1500, 1000, 100),
        (-5, 100, 0),
        (5, 0, 0),
    ],
)
def test_a_bar_is_empty_only_when_nothing_is_left(part: int, whole: int, fill: int) -> None:
    assert formatting.fill_percent(part, whole) == fill


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=-59), "59 s ago"),
        (timedelta(minutes=-2), "2 min ago"),
        (timedelta(hours=-26), "1 d ago"),
        (timedelta(hours=5), "in 5 h"),
        (timedelta(days=-31), "22 Oct 2026"),
    ],
)
def test_a_time_is_told_by_its_distance(offset: timedelta, text: str) -> None:
    assert formatting.format_ago(NOW + offset, now=NOW) == text


def test_a_moment_names_its_zone() -> None:
    assert (
        formatting.format_datetime(NOW, zone=ZoneInfo("Europe/Berlin"))
        == "22 Nov 2026, 13:00:00 CET"
    )


@pytest.mark.parametrize("text", ["1,000", "0,09", "€5", "", "five"])
def test_what_a_system_writes_has_no_separators(text: str) -> None:
    with pytest.raises(InvalidAmount):
        formatting.parse_money(text)
