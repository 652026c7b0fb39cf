"""Which buckets pay, in which order, and what moves leave of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from charging.engine import balances, trace
from charging.engine.candidates import Working, unusable_now
from charging.engine.tariff import RatingGroup, Unit
from charging.engine.values import Bucket, Move, MoveKind
from charging.tests.engine.builders import (
    DATA,
    NOW,
    SMS,
    VIDEO,
    VOICE,
    Phone,
    account,
    bucket,
    line,
    messages,
    minutes,
    money,
    octets,
    used,
)

DAY = timedelta(days=1)


def pays(bucket: Bucket, rating_group: RatingGroup) -> bool:
    concerned = balances.concerns(bucket, rating_group)
    return concerned and not balances.is_kept_for_others(bucket, rating_group)


def test_units_pay_for_their_own_service_only():
    assert pays(minutes(1, 60), VOICE)
    assert not pays(messages(1, 60), VOICE)
    assert not pays(minutes(1, 60), DATA)


def test_a_restricted_bucket_pays_for_the_rating_groups_it_names():
    video_only = octets(1, 60, rating_groups=frozenset({310}))

    assert pays(video_only, VIDEO)
    assert not pays(video_only, DATA)


def test_money_and_generic_units_pay_for_everything_unless_restricted():
    assert pays(money(1, 60), VOICE)
    assert pays(bucket(1, Unit.GENERIC, "generic", 60), VOICE)
    assert pays(money(1, 60, rating_groups=frozenset({200})), SMS)
    assert not pays(money(1, 60, rating_groups=frozenset({200})), VOICE)


def test_higher_weight_pays_first_then_the_earlier_expiry_then_the_older_bucket():
    old = minutes(1, 60)
    young = minutes(2, 60)
    later = minutes(3, 60, expires_at=NOW + 2 * DAY)
    sooner = minutes(4, 60, expires_at=NOW + DAY)
    heavy = minutes(5, 60, weight=10)

    ordered = sorted([young, old, later, sooner, heavy], key=balances.paying_order)

    assert [bucket.id for bucket in ordered] == [5, 4, 3, 1, 2]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOW - timedelta(microseconds=1), trace.NOT_YET_VALID),
        (NOW, None),
        (NOW + DAY - timedelta(microseconds=1), None),
        (NOW + DAY, trace.EXPIRED),
    ],
)
def test_a_bucket_is_usable_from_its_start_up_to_but_not_at_its_expiry(at, reason):
    one = minutes(1, 60, valid_from=NOW, expires_at=NOW + DAY)

    step = unusable_now(Working(one), account(one), at)

    assert (step and step[2]) == reason


def test_usage_takes_buckets_in_order_and_units_before_money():
    phone = Phone(minutes(1, 100), minutes(2, 100, weight=1), money(3, 60))

    phone.start(line(asks=150))

    assert phone.amounts(2) == (0, 100, 0)
    assert phone.amounts(1) == (50, 50, 0)
    assert phone.amounts(3) == (60, 0, 0)


def test_settlement_looks_at_the_buckets_of_the_events_own_time():
    expired_since = minutes(1, 100, weight=5, expires_at=NOW - timedelta(minutes=1))
    phone = Phone(expired_since, minutes(2, 100))

    early = line(reports=(used(10, at=NOW - timedelta(minutes=2)),))
    phone.update(early)
    late = line(reports=(used(10),))
    phone.update(late)

    assert phone.amounts(1) == (90, 0, 10)
    assert phone.amounts(2) == (90, 0, 10)


def test_moves_are_added_to_copies_and_leave_other_buckets_as_they_are():
    first, second = minutes(1, 100), minutes(2, 100)
    moves = [
        Move(bucket_id=1, kind=MoveKind.RESERVE, available=-30, reserved=30),
        Move(bucket_id=1, kind=MoveKind.POST, reserved=-20, used=20),
        Move(bucket_id=1, kind=MoveKind.VOID, reserved=-10, expired=10),
    ]

    changed, same = balances.apply_moves((first, second), moves)

    assert (changed.available, changed.reserved, changed.used, changed.expired) == (70, 0, 20, 10)
    assert same is second
    assert first.available == 100


def test_a_move_of_a_bucket_that_is_not_there_is_a_callers_bug():
    with pytest.raises(KeyError):
        balances.apply_moves((), [Move(bucket_id=1, kind=MoveKind.POST)])
