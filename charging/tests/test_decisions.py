from __future__ import annotations

import msgspec
import pytest

from charging.decisions import Decision, UnknownDecisionVersion, decode, encode
from charging.engine import trace
from charging.engine.values import Result
from charging.engine.wording import sentences


def test_what_was_decided_comes_back_as_it_was():
    usage = [(300, "upf-1", 104_857_600, 0), (100, "", 60, 90_000_000)]
    steps = [(trace.USED, 300, 104_857_600), (trace.REFUSED, 100, Result.QUOTA_LIMIT_REACHED)]

    decision = decode(encode(steps, usage))

    assert decision.usage == usage
    assert decision.trace == [["used", 300, 104_857_600], ["refused", 100, "QUOTA_LIMIT_REACHED"]]


def test_the_sentences_of_a_stored_trace_are_those_of_the_fresh_one():
    steps = [(trace.USED, 300, 5), (trace.REFUSED, 300, Result.RATING_FAILED), (trace.ORDER, 1, 2)]

    assert sentences(decode(encode(steps, [])).trace) == sentences(steps)


def test_no_bytes_mean_that_nothing_was_decided():
    assert decode(b"") == Decision()
    assert decode(memoryview(b"")) == Decision()


def test_bytes_of_another_version_are_not_guessed_at():
    with pytest.raises(UnknownDecisionVersion):
        decode(msgspec.msgpack.encode((99, [], [])))
