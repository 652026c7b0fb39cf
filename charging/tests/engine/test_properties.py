"""What must hold for any account and any run of requests."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from charging.engine.tariff import Factor, Rate, Rates, Role, Rounding, Slot, Tariff, Terms, Unit
from charging.engine.values import Bucket, BucketExhausted, Kind
from charging.tests.engine.builders import (
    CENT,
    EURO,
    NOW,
    Phone,
    bucket,
    line,
    minutes,
    money,
    octets,
    used,
)

SECONDS = st.integers(0, 2000)

unhurried = settings(deadline=None)  # a busy machine is no counterexample

slots = st.lists(
    st.tuples(st.integers(1, 600), st.integers(0, 10**9), st.sampled_from([1, 60, 1000])),
    min_size=1,
    max_size=3,
)


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    """A price with up to three slots, limits and a connect fee."""
    start, made = 0, []
    for length, price, per in draw(slots):
        increment = draw(st.sampled_from([1, 6, 60]))
        made.append(Slot(start=start, price=price, per=per, increment=increment))
        start += length
    return Rate(
        key="voice",
        service="voice",
        slots=tuple(made),
        is_volume=draw(st.sampled_from([False, False, True])),
        connect_fee=draw(st.sampled_from([0, 3 * CENT])),
        decimals=draw(st.integers(0, 9)),
        rounding=draw(st.sampled_from(Rounding)),
        minimum=draw(st.sampled_from([0, 0, 5 * CENT])),
        maximum=draw(st.sampled_from([None, None, 2 * EURO])),
    )


@st.composite
def unit_terms(draw: st.DrawFn, number: int) -> Terms:
    return Terms(
        is_blocker=draw(st.sampled_from([False, False, True])),
        step=draw(st.sampled_from([1, 1, 60])),
        factors=tuple(draw(st.lists(st.builds(Factor, times=times), max_size=1))),
        is_unlimited=draw(st.sampled_from([False, False, False, True])),
        tariffs=draw(st.sampled_from([(), (), (own_price(draw, number),)])),
    )


def own_price(draw: st.DrawFn, number: int) -> Tariff:
    """Of a bundle whose units cost money too."""
    own = replace(draw(rates()), key=f"own {number}", is_volume=False)
    return Tariff(version_id=9, label="Own", rates=Rates((own,)))


times = st.sampled_from([Fraction(1), Fraction(3), Fraction(5, 2)])


@st.composite
def phones(draw: st.DrawFn) -> Phone:
    """A voice subscriber with a few unit and money buckets, counters, and perhaps a rate."""
    units = [
        minutes(
            number,
            draw(SECONDS),
            weight=draw(st.integers(0, 2)),
            terms=draw(unit_terms(number)),
            group=draw(st.sampled_from(["", "family"])),
            owner_id=draw(st.sampled_from([0, 2])),
            is_disabled=draw(st.sampled_from([False, False, False, True])),
        )
        for number in range(1, 1 + draw(st.integers(0, 3)))
    ]
    purses = [
        money(
            number,
            draw(st.integers(0, 5 * EURO)),
            credit_limit=draw(st.sampled_from([0, EURO])),
            weight=draw(st.integers(0, 2)),
            terms=Terms(is_blocker=draw(st.sampled_from([False, False, True]))),
        )
        for number in range(10, 10 + draw(st.integers(0, 3)))
    ]
    counters = [
        bucket(
            20 + number,
            unit,
            service,
            draw(st.integers(0, 3 * EURO)),
            terms=Terms(role=Role.COUNTS, limits=draw(st.booleans())),
        )
        for number, (unit, service) in enumerate(
            draw(st.lists(st.sampled_from(COUNTED), max_size=2, unique=True))
        )
    ]
    return Phone(
        *units,
        *purses,
        *counters,
        rates=tuple(draw(st.lists(rates(), max_size=1))),
        tariff={"money_first": draw(st.booleans())},
    )


COUNTED = [(Unit.SECONDS, "voice"), (Unit.NANO_MONEY, "money")]


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

        for each in phone.account.buckets:
            assert_adds_up(each)
        reserved = {each.id: each.reserved for each in phone.account.buckets}
        assert {key: amount for key, amount in reserved.items() if amount} == held_by_session(phone)


@unhurried
@given(phone=phones(), steps=steps)
def test_a_release_leaves_nothing_reserved(phone, steps):
    for kind, asked in steps:
        phone.send(kind, *asked)

    phone.release()

    assert all(each.reserved == 0 for each in phone.account.buckets)


@unhurried
@given(phone=phones(), asked=st.lists(lines(), min_size=1, max_size=3))
def test_quota_never_takes_a_bucket_beyond_its_credit(phone, asked):
    phone.start(*asked)
    before = {each.id: each.available for each in phone.account.buckets}

    phone.update(line(asks=1500), line(asks=None, upf_id="c"))

    for each in phone.account.buckets:
        if not each.terms.is_unlimited and (each.terms.limits or not each.counts):
            assert each.available >= min(before[each.id], -each.credit_limit)


@unhurried
@given(phone=phones(), wanted=st.integers(1, 5000))
def test_what_is_granted_can_be_used_without_debt(phone, wanted):
    (answer,) = phone.start(line(asks=wanted)).answers
    granted = answer.granted or 0
    assert granted <= wanted

    outcome = phone.release(line(reports=granted))

    assert all(isinstance(event, BucketExhausted) for event in outcome.events)
    for each in phone.account.buckets:
        if not each.terms.is_unlimited and (each.terms.limits or not each.counts):
            assert each.available >= -each.credit_limit


@unhurried
@given(phone=phones(), wanted=st.integers(1, 5000))
def test_after_a_final_grant_the_account_has_nothing_more(phone, wanted):
    (answer,) = phone.start(line(asks=wanted)).answers
    if not answer.granted:
        return

    (next_answer,) = phone.update(line(asks=1, reports=answer.granted)).answers

    assert (next_answer.granted is None) == answer.is_final


@unhurried
@given(rate=rates(), parts=st.lists(st.integers(0, 500), min_size=1, max_size=8))
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


@unhurried
@given(
    rate=rates(),
    night=rates(),
    border=st.integers(0, 900),
    parts=st.lists(st.integers(1, 400), min_size=1, max_size=6),
)
def test_a_call_over_a_change_of_price_costs_the_same_however_it_is_reported(
    rate, night, border, parts
):
    """Reports end where usage ends, so each second is priced at its own time."""
    change = NOW + timedelta(seconds=border)
    later = replace(night, key="night")
    tariffs = (
        Tariff(version_id=1, label="Day", rates=Rates((rate,)), ends_at=change),
        Tariff(version_id=2, label="Night", rates=Rates((later,)), starts_at=change),
    )

    def call(lengths: list[int]) -> Phone:
        phone = Phone(money(1, EURO))
        phone.account = replace(phone.account, tariffs=tariffs)
        passed = 0
        for length in lengths:
            begins = NOW + timedelta(seconds=passed)
            passed += length
            ends = NOW + timedelta(seconds=passed)
            phone.update(line(reports=(used(length, started_at=begins, at=ends),)), at=ends)
        return phone

    assert call(parts).session.cost == call([sum(parts)]).session.cost


@unhurried
@given(phone=phones(), parts=st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_what_is_used_is_counted_whatever_pays(phone, parts):
    for length in parts:
        phone.update(line(reports=length, asks=50))
    phone.release()

    for each in phone.account.buckets:
        if each.counts:
            amount = sum(parts) if each.unit is Unit.SECONDS else phone.session.cost
            priced = bool(phone.session.totals) or phone.account.tariffs[0].rates
            assert each.used == amount or not priced
