"""What must hold for any account and any run of requests."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from charging.engine.tariff import Rate
from charging.engine.values import Bucket, BucketExhausted, Kind
from charging.tests.engine.builders import (
    CENT,
    Phone,
    line,
    minutes,
    money,
    octets,
    used,
)

SECONDS = st.integers(0, 2000)

unhurried = settings(deadline=None)  # a busy machine is no counterexample

rates = st.builds(
    Rate.flat,
    key=st.just("voice"),
    service=st.just("voice"),
    price=st.integers(0, 10**9),
    per=st.sampled_from([1, 60, 1000]),
    increment=st.sampled_from([1, 6, 60]),
    connect_fee=st.sampled_from([0, 3 * CENT]),
    decimals=st.integers(0, 9),
)


@st.composite
def phones(draw: st.DrawFn) -> Phone:
    """A voice subscriber with a few unit and money buckets, and perhaps a rate."""
    units = [
        minutes(number, draw(SECONDS), weight=draw(st.integers(0, 2)))
        for number in range(1, 1 + draw(st.integers(0, 3)))
    ]
    purses = [
        money(
            number,
            draw(st.integers(0, 5 * 10**9)),
            credit_limit=draw(st.sampled_from([0, 10**9])),
            weight=draw(st.integers(0, 2)),
        )
        for number in range(10, 10 + draw(st.integers(0, 3)))
    ]
    return Phone(*units, *purses, rates=tuple(draw(st.lists(rates, max_size=1))))


@st.composite
def lines(draw: st.DrawFn):
    asks = draw(st.sampled_from(["no", "slice", "amount"]))
    wanted = {"no": {}, "slice": {"asks": None}, "amount": {"asks": draw(SECONDS)}}[asks]
    reports = tuple(
        used(draw(SECONDS), closes_quota=draw(st.booleans()))
        for _ in range(draw(st.integers(0, 2)))
    )
    return line(upf_id=draw(st.sampled_from(["", "b"])), reports=reports, **wanted)


steps = st.lists(
    st.tuples(
        st.sampled_from([Kind.UPDATE, Kind.UPDATE, Kind.UPDATE, Kind.POST_EVENT]),
        st.lists(lines(), min_size=1, max_size=2),
    ),
    max_size=6,
)


def assert_adds_up(bucket: Bucket) -> None:
    assert bucket.granted == bucket.available + bucket.reserved + bucket.used + bucket.expired
    assert bucket.reserved >= 0
    assert bucket.used >= 0
    assert bucket.expired >= 0


def held_by_session(phone: Phone) -> dict[int, int]:
    held: dict[int, int] = {}
    for each in phone.session.lines.values():
        for part in each.parts:
            held[part.bucket_id] = held.get(part.bucket_id, 0) + part.amount
    return {bucket_id: amount for bucket_id, amount in held.items() if amount}


@unhurried
@given(phone=phones(), steps=steps)
def test_every_bucket_adds_up_and_reserves_what_the_session_holds(phone, steps):
    for kind, asked in steps:
        phone.send(kind, *asked)

        for bucket in phone.account.buckets:
            assert_adds_up(bucket)
        reserved = {bucket.id: bucket.reserved for bucket in phone.account.buckets}
        assert {key: amount for key, amount in reserved.items() if amount} == held_by_session(phone)


@unhurried
@given(phone=phones(), steps=steps)
def test_a_release_leaves_nothing_reserved(phone, steps):
    for kind, asked in steps:
        phone.send(kind, *asked)

    phone.release()

    assert all(bucket.reserved == 0 for bucket in phone.account.buckets)


@unhurried
@given(phone=phones(), asked=st.lists(lines(), min_size=1, max_size=3))
def test_quota_never_takes_a_bucket_beyond_its_credit(phone, asked):
    phone.start(*asked)
    before = {bucket.id: bucket.available for bucket in phone.account.buckets}

    phone.update(line(asks=1500), line(asks=None, upf_id="c"))

    for bucket in phone.account.buckets:
        floor = min(before[bucket.id], -bucket.credit_limit)
        assert bucket.available >= floor


@unhurried
@given(phone=phones(), wanted=st.integers(1, 5000))
def test_what_is_granted_can_be_used_without_debt(phone, wanted):
    (answer,) = phone.start(line(asks=wanted)).answers
    granted = answer.granted or 0
    assert granted <= wanted

    outcome = phone.release(line(reports=granted))

    assert all(isinstance(event, BucketExhausted) for event in outcome.events)
    for bucket in phone.account.buckets:
        assert bucket.available >= -bucket.credit_limit


@unhurried
@given(phone=phones(), wanted=st.integers(1, 5000))
def test_after_a_final_grant_the_account_has_nothing_more(phone, wanted):
    (answer,) = phone.start(line(asks=wanted)).answers
    if not answer.granted:
        return

    (next_answer,) = phone.update(line(asks=1, reports=answer.granted)).answers

    assert (next_answer.granted is None) == answer.is_final


@unhurried
@given(rate=rates, parts=st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_splitting_usage_into_any_number_of_updates_costs_the_same_as_one(rate, parts):
    whole = Phone(money(1, 10**9), rates=(rate,))
    whole.release(line(reports=sum(parts)))

    split = Phone(money(1, 10**9), rates=(rate,))
    for amount in parts:
        split.update(line(asks=amount, reports=amount))
    split.release()

    assert split.session.cost == whole.session.cost
    assert split.amounts(1) == whole.amounts(1)


@settings(unhurried, max_examples=20)
@given(amount=st.integers(2**39, 2**41), already=st.integers(0, 2**41))
def test_a_terabyte_in_steps_of_one_octet_costs_no_more_time_than_one(amount, already):
    rate = Rate.flat(key="data", service="data", price=1, per=1000, increment=1, decimals=9)
    phone = Phone(octets(1, already), money(2, 10**9), rates=(rate,))
    started = time.process_time()

    phone.release(line(300, reports=amount))

    assert time.process_time() - started < 0.1
    bundle, priced = min(already, amount), max(0, amount - already)
    assert phone.amounts(1) == (already - bundle, 0, bundle)
    assert phone.session.cost == (2 * priced + 1000) // 2000
