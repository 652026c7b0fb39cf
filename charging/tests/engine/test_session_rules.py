"""What is free, what is denied, where usage that lasts is split, what marks do. By hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from charging.engine.conditions import Situation
from charging.engine.lifetimes import Lifetime, Span
from charging.engine.tariff import Action, Rate, Rates, Role, Tariff, Terms, Threshold, Unit
from charging.engine.values import (
    AccountSuspended,
    BucketSwitched,
    FirstUsed,
    Kind,
    Result,
    ThresholdCrossed,
)
from charging.tests.engine.builders import (
    CENT,
    EURO,
    MB,
    NOW,
    PER_MB,
    PER_MINUTE,
    PER_SECOND,
    Phone,
    bucket,
    line,
    messages,
    minutes,
    money,
    octets,
    used,
)

EMERGENCY = Situation(destination="112", is_emergency=True)
MINUTE = timedelta(minutes=1)


# ── free of charge ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("may_use", [True, False])
def test_an_emergency_call_is_granted_and_free_even_without_credit_or_permission(may_use):
    phone = Phone(may_use=may_use)

    (answer,) = phone.start(line(asks=600), situation=EMERGENCY).answers
    outcome = phone.release(line(reports=600), situation=EMERGENCY)

    assert (answer.result, answer.granted, answer.is_final) == (Result.SUCCESS, 600, False)
    assert (outcome.cost, outcome.events) == (0, [])


def test_an_emergency_under_an_unknown_rating_group_needs_no_quota():
    (answer,) = Phone().start(line(999, asks=60), situation=EMERGENCY).answers

    assert answer.result == Result.QUOTA_MANAGEMENT_NOT_APPLICABLE


def test_a_zero_rated_group_touches_neither_bundle_nor_money():
    phone = Phone(
        octets(1, 10 * MB), money(2, EURO), rates=(PER_MB,), tariff={"zero_rated": frozenset({310})}
    )

    granted = phone.granted(line(310, asks=50 * MB), line(300, asks=4 * MB))
    phone.release(line(310, reports=50 * MB), line(300, reports=4 * MB))

    assert granted == [50 * MB, 4 * MB]
    assert phone.amounts(1) == (6 * MB, 0, 4 * MB)
    assert phone.amounts(2) == (EURO, 0, 0)


# ── states ───────────────────────────────────────────────────────────────────────────────────


def test_a_state_may_allow_some_services_only():
    phone = Phone(minutes(1, 60), messages(2, 5), services=frozenset({"sms"}))

    voice, sms = phone.start(line(asks=10), line(200, asks=1)).answers

    assert (voice.result, sms.result) == (Result.END_USER_SERVICE_DENIED, Result.SUCCESS)


# ── splitting in time ────────────────────────────────────────────────────────────────────────


def cheaper_from(minute: int) -> tuple[Tariff, ...]:
    """0.09 a minute by the second, 0.03 from so many minutes after NOW on."""
    border = NOW + minute * MINUTE
    cheap = Rate.flat(key="cheap", service="voice", price=3 * CENT, per=60)
    return (
        Tariff(version_id=1, label="Day", rates=Rates((PER_SECOND,)), ends_at=border),
        Tariff(version_id=2, label="Night", rates=Rates((cheap,)), starts_at=border),
    )


def test_a_call_is_split_where_the_price_changes():
    phone = Phone(money(1, EURO))
    phone.account = replace(phone.account, tariffs=cheaper_from(2))
    call = used(300, started_at=NOW, at=NOW + 5 * MINUTE)

    outcome = phone.release(line(reports=(call,)), at=NOW + 5 * MINUTE)

    assert outcome.cost == 27 * CENT  # 2 min at 0.09 and 3 min at 0.03


def test_data_is_priced_at_the_time_of_its_report():
    phone = Phone(money(1, EURO), rates=(PER_MB,), tariff={"starts_at": NOW})

    outcome = phone.release(line(300, reports=(used(2 * MB, at=NOW),)))

    assert outcome.cost == 2 * CENT


def test_a_started_step_reaches_beyond_the_border_and_is_not_charged_twice():
    """By the started minute: 90 s from 30 s before the border. The first minute is begun at the
    old price and reaches 30 s over; the other 30 s begin a minute at the new one."""
    old, new = cheaper_from(1)
    phone = Phone(money(1, EURO))
    phone.account = replace(phone.account, tariffs=(replace(old, rates=Rates((PER_MINUTE,))), new))
    call = used(90, started_at=NOW + MINUTE / 2, at=NOW + 2 * MINUTE)

    outcome = phone.release(line(reports=(call,)), at=NOW + 2 * MINUTE)

    assert outcome.cost == 9 * CENT + 2 * CENT  # 30 s x 0.03 / 60 s = 0.015 -> 0.02


def test_seconds_are_granted_up_to_the_next_price_and_the_grant_is_not_final():
    phone = Phone(money(1, EURO))
    phone.account = replace(phone.account, tariffs=cheaper_from(2))

    (answer,) = phone.start(line(asks=300)).answers

    assert (answer.granted, answer.is_final) == (120, False)


def test_octets_are_granted_whole_and_valid_up_to_the_next_price():
    phone = Phone(money(1, EURO))
    cheap = Rate.flat(key="cheap", service="data", price=1, per=MB)
    day, night = cheaper_from(2)
    tariffs = (replace(day, rates=Rates((PER_MB,))), replace(night, rates=Rates((cheap,))))
    phone.account = replace(phone.account, tariffs=tariffs)

    (answer,) = phone.start(line(300, asks=10 * MB)).answers

    assert (answer.granted, answer.validity_time) == (10 * MB, 120)


def test_a_call_beyond_the_end_of_its_bundle_is_paid_from_the_next():
    phone = Phone(minutes(1, 600, expires_at=NOW + MINUTE), minutes(2, 600))
    call = used(100, started_at=NOW, at=NOW + 2 * MINUTE)

    phone.release(line(reports=(call,)), at=NOW + 2 * MINUTE)

    assert phone.amounts(1) == (540, 0, 60)
    assert phone.amounts(2) == (560, 0, 40)


# ── first use ────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_begins_to_live_with_its_first_use():
    waiting = Terms(lifetime=Lifetime(span=Span.HOURS, count=24, from_first_use=True))
    phone = Phone(minutes(1, 60, terms=waiting))

    outcome = phone.start(line(asks=10))
    again = phone.update(line(asks=10, reports=10))

    assert outcome.events == [FirstUsed(bucket_id=1, at=NOW, expires_at=NOW + timedelta(days=1))]
    assert again.events == []


# ── marks ────────────────────────────────────────────────────────────────────────────────────


def test_a_mark_may_block_another_bucket_and_a_later_request_finds_it_blocked():
    empty = Threshold(name="roaming used up", amount=0, action=Action.BLOCK, target="abroad")
    phone = Phone(
        octets(1, 10 * MB, thresholds=(empty,)),
        octets(2, 50 * MB, weight=-1, allowance_key="abroad"),
    )

    outcome = phone.update(line(300, asks=5 * MB, reports=10 * MB))

    switched = [event for event in outcome.events if isinstance(event, BucketSwitched)]
    assert switched == [BucketSwitched(bucket_id=2, is_disabled=True, threshold="roaming used up")]
    assert outcome.answers[0].result == Result.QUOTA_LIMIT_REACHED


def test_a_mark_may_suspend_the_account_and_quota_ends_at_once():
    spent = Threshold(name="cap", percent_hundredths=10_000, action=Action.SUSPEND)
    phone = Phone(
        money(1, EURO),
        bucket(
            9,
            Unit.NANO_MONEY,
            "money",
            50 * CENT,
            terms=Terms(role=Role.COUNTS),
            thresholds=(spent,),
        ),
        rates=(PER_MINUTE,),
    )

    outcome = phone.update(line(asks=60, reports=360))  # 0.54

    assert AccountSuspended(bucket_id=9, threshold="cap") in outcome.events
    assert outcome.answers[0].result == Result.END_USER_SERVICE_DENIED


def test_a_counters_mark_is_reached_by_what_was_used():
    eighty = Threshold(name="80 %", percent_hundredths=8_000)
    phone = Phone(
        money(1, EURO),
        bucket(9, Unit.SECONDS, "voice", 100, terms=Terms(role=Role.COUNTS), thresholds=(eighty,)),
        rates=(PER_MINUTE,),
    )

    before = phone.update(line(reports=79)).events
    (crossed,) = phone.update(line(reports=1)).events

    assert before == []
    assert isinstance(crossed, ThresholdCrossed)
    assert crossed.is_low


def test_beyond_fair_use_grants_are_marked_as_throttled():
    fair = Threshold(name="fair use", amount=0, action=Action.THROTTLE)
    phone = Phone(octets(1, 10 * MB, terms=Terms(is_unlimited=True), thresholds=(fair,)))

    (first,) = phone.start(line(300, asks=10 * MB)).answers
    (second,) = phone.update(line(300, asks=10 * MB, reports=10 * MB)).answers

    assert (first.is_throttled, second.is_throttled) == (False, True)
    assert second.granted == 10 * MB


def test_a_paused_mark_is_recorded_as_such():
    paused = Threshold(name="half", percent_hundredths=5_000, is_paused=True)

    (crossed,) = Phone(minutes(1, 100, thresholds=(paused,))).release(line(reports=60)).events

    assert isinstance(crossed, ThresholdCrossed)
    assert crossed.is_paused


def test_a_minimum_is_held_and_charged_once():
    phone = Phone(money(1, EURO), rates=(replace(PER_SECOND, minimum=10 * CENT),))

    assert phone.granted(line(asks=10)) == [10]
    assert phone.amounts(1) == (90 * CENT, 10 * CENT, 0)
    phone.update(line(asks=10, reports=10))
    assert phone.amounts(1) == (90 * CENT, 0, 10 * CENT)


def test_an_event_is_not_split_and_costs_its_own_time():
    phone = Phone(money(1, EURO))
    phone.account = replace(phone.account, tariffs=cheaper_from(0))

    outcome = phone.send(Kind.POST_EVENT, line(reports=(used(60, at=NOW - MINUTE),)))

    assert outcome.cost == 9 * CENT
