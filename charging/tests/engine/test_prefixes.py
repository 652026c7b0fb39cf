"""A number's prefixes: all that are known, longest first, at a cost that its length bounds."""

from __future__ import annotations

import gc
import random
from typing import Any, Self

from hypothesis import given
from hypothesis import strategies as st

from charging.engine.prefixes import PrefixTable

SPAIN = [("34", "spain"), ("346", "spain-mobile"), ("347", "spain-mobile"), ("346", "mobile")]


def test_every_known_prefix_of_a_number_is_found_longest_first():
    table = PrefixTable(SPAIN)

    assert table.match("34612345678") == (
        (3, frozenset({"spain-mobile", "mobile"})),
        (2, frozenset({"spain"})),
    )
    assert table.match("34911234567") == ((2, frozenset({"spain"})),)


def test_a_number_that_nobody_knows_has_no_prefix():
    assert PrefixTable(SPAIN).match("49151") == ()
    assert PrefixTable(SPAIN).match("") == ()
    assert PrefixTable().match("34612345678") == ()


def test_a_prefix_longer_than_the_number_does_not_match():
    assert PrefixTable([("34612", "x")]).match("346") == ()


def test_a_number_matches_the_prefix_that_is_all_of_it():
    assert PrefixTable([("112", "help")]).match("112") == ((3, frozenset({"help"})),)


def test_numbers_are_compared_as_they_are_written():
    table = PrefixTable([("+49", "germany"), ("*data", "data"), ("0723", "retail")])

    assert table.match("+4986517174963") == ((3, frozenset({"germany"})),)
    assert table.match("4986517174963") == ()
    assert table.match("0723045326") == ((4, frozenset({"retail"})),)


def test_the_order_of_the_pairs_and_repeats_among_them_do_not_matter():
    pairs = [("1", "a"), ("1", "b"), ("12", "b"), ("1", "c"), ("1", "a")]
    shuffled = pairs[::-1]

    assert PrefixTable(pairs).match("123") == PrefixTable(shuffled).match("123")
    assert PrefixTable(pairs).match("123")[1] == (1, frozenset({"a", "b", "c"}))
    assert len(PrefixTable(pairs)) == 2


class Counted(str):  # noqa: SLOT000  it counts in an attribute
    """A number that counts how many beginnings of it are tried."""

    tried: int

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.tried = 0
        return number

    def __getitem__(self, key: Any) -> str:
        self.tried += 1
        return super().__getitem__(key)


def numbering_plan(size: int) -> list[tuple[str, str]]:
    """So many different prefixes of 2 to 9 digits in 400 groups."""
    rng = random.Random(7)
    prefixes: dict[str, str] = {}
    while len(prefixes) < size:
        text = str(rng.randrange(10, 10 ** rng.randrange(2, 10)))
        prefixes[text] = f"group-{rng.randrange(400)}"
    return list(prefixes.items())


def test_a_look_up_costs_the_length_of_the_number_whatever_the_size_of_the_table():
    small, large = PrefixTable(numbering_plan(300)), PrefixTable(numbering_plan(200_000))
    for table in (small, large):
        for text in ("3461234567", "999999999999999", "12"):
            number = Counted(text)

            table.match(number)

            assert number.tried <= len(text)
    assert len(large) == 200_000


def test_the_garbage_collector_has_nothing_to_follow_in_a_large_table():
    table = PrefixTable(numbering_plan(2_000))

    assert not gc.is_tracked(table._index_of)
    assert len(table._sets) <= 400  # one for each set of groups, not for each prefix


@given(
    pairs=st.lists(st.tuples(st.text("123", min_size=1, max_size=4), st.sampled_from("abc"))),
    number=st.text("123", max_size=6),
)
def test_it_finds_what_comparing_with_every_prefix_finds(pairs: list[tuple[str, str]], number: str):
    naive: dict[int, set[str]] = {}
    for prefix, group in pairs:
        if number.startswith(prefix):
            naive.setdefault(len(prefix), set()).add(group)

    assert PrefixTable(pairs).match(number) == tuple(
        (length, frozenset(naive[length])) for length in sorted(naive, reverse=True)
    )
