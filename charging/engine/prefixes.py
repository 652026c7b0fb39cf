"""Which destination groups know a number: every known prefix of it, the longest first.

A look-up tries the number's own beginnings, of the lengths that occur in the table, so it costs
as much in a table of 200,000 prefixes as in one of two. The table is one flat dictionary from a
prefix to the index of its set of groups: prefixes of the same groups share one set, and the
garbage collector has nothing in it to follow.
"""

from __future__ import annotations

from collections.abc import Iterable

from charging.engine.conditions import Prefixes


class PrefixTable:
    """Destination groups by prefix. A prefix may belong to several groups.

    Prefixes and numbers are compared as texts: digits in live charging, "+49" in case files that
    write their numbers so.
    """

    __slots__ = ("_index_of", "_lengths", "_sets")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """`pairs` are (prefix, group code) in any order; repeated ones count once."""
        index_of: dict[str, int] = {}
        sets: list[frozenset[str]] = []
        index_of_set: dict[frozenset[str], int] = {}
        alone: dict[str, int] = {}
        for prefix, group in pairs:
            assert prefix, "the group of every number needs no prefix"
            known = index_of.get(prefix)
            if known is None:
                index = alone.get(group)
                if index is None:
                    index = alone[group] = _number(frozenset((group,)), sets, index_of_set)
            else:
                index = _number(sets[known] | {group}, sets, index_of_set)
            index_of[prefix] = index
        self._index_of = index_of
        self._sets = tuple(sets)
        self._lengths = tuple(sorted(set(map(len, index_of)), reverse=True))

    def __len__(self) -> int:
        """How many different prefixes it knows."""
        return len(self._index_of)

    def match(self, number: str) -> Prefixes:
        """The known prefixes of a number, longest first, each with the codes of its groups.

        The group of every number is not in it: conditions hold that at a prefix of no digits.
        """
        get, sets, whole = self._index_of.get, self._sets, len(number)
        found: list[tuple[int, frozenset[str]]] = []
        for length in self._lengths:
            if length <= whole:
                index = get(number[:length])
                if index is not None:
                    found.append((length, sets[index]))
        return tuple(found)


def _number(
    groups: frozenset[str], sets: list[frozenset[str]], index_of_set: dict[frozenset[str], int]
) -> int:
    """The place of the set among the sets, added when it is new."""
    index = index_of_set.setdefault(groups, len(sets))
    if index == len(sets):
        sets.append(groups)
    return index
