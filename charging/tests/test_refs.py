from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from charging.refs import bucket_key, bucket_ref, entry_key, entry_ref


@given(key=integers(1, 2**63 - 1))
def test_a_reference_is_read_back(key):
    assert bucket_key(bucket_ref(key)) == key
    assert entry_key(entry_ref(key)) == key


def test_references_tell_nothing_of_the_keys_and_differ_by_kind():
    refs = [bucket_ref(key) for key in range(1, 200)]

    assert len(set(refs)) == 199
    assert {len(ref) for ref in refs} == {13}
    assert refs != sorted(refs)
    assert bucket_ref(7) != entry_ref(7)
    assert bucket_key(entry_ref(7)) != 7


@pytest.mark.parametrize("text", ["", "7", "x" * 13, "u" * 13, "Z" * 13, "0" * 14, "é" * 13])
def test_what_is_no_reference_names_nothing(text):
    assert bucket_key(text) is None
