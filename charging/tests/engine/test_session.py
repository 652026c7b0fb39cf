"""Whole requests: settle, hand back, grant."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from charging.engine.session import charge
from charging.engine.tariff import Rates, RatingGroup, Unit
from charging.engine.trace import NO_MONEY, NO_RATE, UNKNOWN_RATING_GROUP
from charging.engine.values import (
    BucketExhausted,
    CreditLimitPassed,
    Kind,
    Move,
    MoveKind,
    Result,
    UsageUnrated,
)
from charging.tests.engine import builders
from charging.tests.engine.builders import (
    CENT,
    EURO,
    GB,
    MB,
    NOW,
    PER_MB,
    PER_MINUTE,
    PER_SECOND,
    PER_SMS,
    VOICE,
    Phone,
    line,
    messages,
    minutes,
    money,
    octets,
    repriced,
    request,
    used,
)

# ── the classic flow ─────────────────────────────────────────────────────────────────────────


def test_the_classic_flow_grants_600_then_300_and_returns_200():
    phone = Phone(minutes(1, 1000))

    created = phone.start(line(asks=600))
    assert created.answers[0].granted == 600
    assert phone.amounts(1) == (400, 600, 0)

    updated = phone.update(line(asks=300, reports=600))
    assert updated.answers[0].granted == 300
    assert phone.amounts(1) == (100, 300, 600)

    released = phone.release(line(reports=100))
    assert released.answers == []
    assert released.moves == [
        Move(bucket_id=1, kind=MoveKind.POST, reserved=-100, used=100, rating_group=100),
        Move(bucket_id=1, kind=MoveKind.VOID, available=200, reserved=-200, rating_group=100),
    ]
    assert phone.amounts(1) == (300, 0, 700)


def test_nothing_that_is_handed_in_is_changed():
    phone = Phone(minutes(1, 1000), money(2, EURO), rates=(PER_SECOND,))
    phone.start(line(asks=1200))
    account, session = copy.deepcopy(phone.account), copy.deepcopy(phone.session)

    charge(
        phone.account,
        phone.session,
        request(Kind.UPDATE, line(asks=600, reports=1100), line(200, asks=1)),
    )

    assert phone.account == account
    assert phone.session == session


def test_a_new_grant_replaces_the_old_one():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    phone.update(line(asks=300, reports=200))

    assert phone.amounts(1) == (500, 300, 200)


def test_a_mere_report_keeps_the_rest_of_the_reservation():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    phone.update(line(reports=200))

    assert phone.amounts(1) == (400, 400, 200)


def test_a_report_that_closes_the_quota_hands_the_rest_back():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    phone.update(line(reports=(used(200, closes_quota=True),)))

    assert phone.amounts(1) == (800, 0, 200)


def test_asking_for_nothing_succeeds_without_a_grant_and_hands_the_rest_back():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    outcome = phone.update(line(asks=0, reports=600))

    (answer,) = outcome.answers
    assert (answer.result, answer.granted, answer.is_final) == (Result.SUCCESS, None, False)
    assert not outcome.refused
    assert phone.amounts(1) == (400, 0, 600)


def test_lines_that_are_not_mentioned_keep_theirs_until_the_release():
    phone = Phone(minutes(1, 1000), messages(2, 10))
    phone.start(line(asks=600), line(200, asks=2))

    phone.update(line(asks=300, reports=600))
    assert phone.amounts(2) == (8, 2, 0)

    phone.release(line(reports=300))
    assert phone.amounts(1) == (100, 0, 900)
    assert phone.amounts(2) == (10, 0, 0)


def test_two_upfs_of_one_rating_group_hold_their_own_reservations():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=300, upf_id="a"), line(asks=200, upf_id="b"))

    outcome = phone.update(line(asks=100, upf_id="a", reports=50))

    assert [(answer.upf_id, answer.granted) for answer in outcome.answers] == [("a", 100)]
    assert phone.amounts(1) == (650, 300, 50)


def test_every_container_of_a_line_is_settled():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    outcome = phone.update(line(reports=(used(100), used(0), used(50))))

    assert outcome.usage == [(100, "", 150, 0)]
    assert phone.amounts(1) == (400, 450, 150)


# ── what a grant gives ───────────────────────────────────────────────────────────────────────


def test_without_an_amount_the_rating_groups_slice_is_granted():
    phone = Phone(minutes(1, 1000))

    (answer,) = phone.start(line(asks=None)).answers

    assert (answer.granted, answer.unit) == (300, Unit.SECONDS)
    assert (answer.validity_time, answer.threshold) == (3600, 60)


def test_an_amount_that_is_asked_for_may_exceed_the_slice():
    phone = Phone(minutes(1, 1000))

    assert phone.start(line(asks=900)).answers[0].granted == 900


def test_one_grant_of_octets_fits_a_signed_32_bit_counter():
    phone = Phone(octets(1, 20 * GB))

    (answer,) = phone.start(line(300, asks=10 * GB)).answers

    assert answer.granted == 2_147_483_647
    assert not answer.is_final


def test_a_grant_spans_several_buckets():
    phone = Phone(minutes(1, 100), minutes(2, 100))

    phone.start(line(asks=150))

    assert phone.amounts(1) == (0, 100, 0)
    assert phone.amounts(2) == (50, 50, 0)


def test_the_grant_lives_no_longer_than_the_buckets_that_pay():
    phone = Phone(minutes(1, 100, expires_at=NOW + timedelta(minutes=10)), minutes(2, 900))

    assert phone.start(line(asks=50)).answers[0].validity_time == 600
    assert phone.update(line(asks=50), at=NOW + timedelta(minutes=10)).answers[0].validity_time == (
        3600
    )


def test_the_last_units_are_granted_as_final_and_carry_no_threshold():
    phone = Phone(minutes(1, 100))

    (answer,) = phone.start(line(asks=600)).answers

    assert (answer.result, answer.granted) == (Result.SUCCESS, 100)
    assert (answer.is_final, answer.final_unit_action, answer.threshold) == (True, "TERMINATE", 0)


def test_units_are_not_final_while_another_bucket_or_money_is_left():
    with_bucket = Phone(minutes(1, 100), minutes(2, 1))
    with_money = Phone(minutes(1, 100), money(2, EURO), rates=(PER_SECOND,))

    assert not with_bucket.start(line(asks=100)).answers[0].is_final
    assert not with_money.start(line(asks=100)).answers[0].is_final


def test_money_that_does_not_buy_one_more_step_leaves_the_units_final():
    phone = Phone(minutes(1, 100), money(2, 8 * CENT), rates=(PER_MINUTE,))

    assert phone.start(line(asks=100)).answers[0].is_final


def test_a_redirecting_rating_group_says_where_to_with_its_last_units():
    group = replace(VOICE, final_unit_action="REDIRECT", redirect_address="https://top.up")
    phone = Phone(minutes(1, 10))
    phone.account = replace(phone.account, rating_groups={100: group})

    (answer,) = phone.start(line(asks=10)).answers

    assert (answer.final_unit_action, answer.redirect_address) == ("REDIRECT", "https://top.up")


# ── money after the bundle ───────────────────────────────────────────────────────────────────


def test_money_goes_on_where_the_bundle_ends():
    phone = Phone(minutes(1, 100), money(2, 10 * EURO), rates=(PER_SECOND,))

    (answer,) = phone.start(line(asks=160)).answers
    assert answer.granted == 160
    # 60 s at 0.09 a minute
    assert phone.amounts(2) == (10 * EURO - 9 * CENT, 9 * CENT, 0)

    outcome = phone.release(line(reports=130))
    # 30 s: 0.045 -> 0.05
    assert outcome.cost == 5 * CENT
    assert phone.amounts(1) == (0, 0, 100)
    assert phone.amounts(2) == (10 * EURO - 5 * CENT, 0, 5 * CENT)
    assert phone.session.cost == 5 * CENT


def test_money_grants_no_more_than_it_pays_for():
    # 0.20 buys two started minutes
    phone = Phone(money(1, 20 * CENT), rates=(PER_MINUTE,))

    (answer,) = phone.start(line(asks=600)).answers

    assert (answer.granted, answer.is_final) == (120, True)
    assert phone.amounts(1) == (2 * CENT, 18 * CENT, 0)


def test_several_money_buckets_pay_together_in_order():
    # 0.05 of bonus and 0.13 of the main balance together pay two started minutes
    bonus = money(1, 5 * CENT, weight=10)
    phone = Phone(bonus, money(2, 20 * CENT), rates=(PER_MINUTE,))

    phone.start(line(asks=120))
    assert phone.amounts(1) == (0, 5 * CENT, 0)
    assert phone.amounts(2) == (7 * CENT, 13 * CENT, 0)

    phone.update(line(reports=60))
    assert phone.amounts(1) == (0, 0, 5 * CENT)
    assert phone.amounts(2) == (7 * CENT, 9 * CENT, 4 * CENT)

    phone.release()
    assert phone.amounts(2) == (16 * CENT, 0, 4 * CENT)


def test_an_account_without_money_is_not_granted_what_rounds_to_nothing():
    phone = Phone(money(1, 0), rates=(PER_MB,))

    assert phone.start(line(300, asks=1000)).answers[0].result is Result.QUOTA_LIMIT_REACHED


def test_credit_may_be_spent_on_new_quota_down_to_its_limit():
    phone = Phone(money(1, 0, credit_limit=18 * CENT), rates=(PER_MINUTE,))

    (answer,) = phone.start(line(asks=600)).answers
    assert (answer.granted, answer.is_final) == (120, True)

    outcome = phone.release(line(reports=120))
    assert phone.amounts(1) == (-18 * CENT, 0, 18 * CENT)
    assert outcome.events == []


def test_a_price_of_nothing_is_granted_freely():
    phone = Phone(rates=(repriced(PER_SECOND, 0),))

    (answer,) = phone.start(line(asks=600)).answers
    outcome = phone.release(line(reports=600))

    assert (answer.granted, answer.is_final) == (600, False)
    assert (outcome.cost, outcome.events, outcome.moves) == (0, [], [])
    assert outcome.usage == [(100, "", 600, 0)]


def test_splitting_a_call_into_reports_costs_the_same_as_one():
    whole = Phone(money(1, EURO), rates=(PER_SECOND,))
    whole.release(line(reports=252))
    split = Phone(money(1, EURO), rates=(PER_SECOND,))
    for _ in range(84):
        split.update(line(asks=3, reports=3))
    split.release()

    assert whole.session.cost == split.session.cost == 38 * CENT
    assert split.amounts(1) == whole.amounts(1) == (62 * CENT, 0, 38 * CENT)


def test_a_price_that_changes_during_a_session_applies_to_new_usage_only():
    phone = Phone(money(1, 10 * EURO), rates=(PER_MINUTE,))
    phone.update(line(reports=60))
    dearer = replace(phone.account.tariffs[0], rates=Rates((repriced(PER_MINUTE, EURO),)))
    phone.account = replace(phone.account, tariffs=(dearer,))

    assert phone.release(line(reports=60)).cost == EURO


def test_usage_is_priced_by_the_plan_of_its_own_time_and_quota_by_the_present_one():
    phone = Phone(money(1, 10 * EURO), rates=(PER_MINUTE,))
    old = replace(phone.account.tariffs[0], ends_at=NOW)
    dearer = replace(old, rates=Rates((repriced(PER_MINUTE, EURO),)), starts_at=NOW, ends_at=None)
    phone.account = replace(phone.account, tariffs=(old, dearer))

    late = phone.update(line(asks=60, reports=(used(60, at=NOW - timedelta(seconds=1)),)))

    assert late.cost == 9 * CENT
    assert phone.amounts(1) == (10 * EURO - 9 * CENT - EURO, EURO, 9 * CENT)


def test_usage_from_before_any_plan_is_priced_by_the_present_one():
    phone = Phone(money(1, EURO, valid_from=NOW), rates=(PER_MINUTE,))
    phone.account = replace(
        phone.account, tariffs=(replace(phone.account.tariffs[0], starts_at=NOW),)
    )

    outcome = phone.release(line(reports=(used(60, at=NOW - timedelta(days=1)),)))

    assert (outcome.cost, outcome.events) == (9 * CENT, [])


def test_the_connect_fee_is_paid_once_with_the_first_priced_unit():
    rate = replace(PER_MINUTE, connect_fee=5 * CENT)
    phone = Phone(minutes(1, 60), money(2, EURO), rates=(rate,))

    phone.start(line(asks=120))
    assert phone.amounts(2) == (86 * CENT, 14 * CENT, 0)
    assert phone.update(line(asks=60, reports=60)).cost == 0
    assert phone.update(line(asks=60, reports=60)).cost == 14 * CENT
    assert phone.release(line(reports=60)).cost == 9 * CENT
    assert phone.amounts(2) == (77 * CENT, 0, 23 * CENT)


def test_a_session_that_uses_nothing_pays_no_connect_fee():
    phone = Phone(money(1, EURO), rates=(replace(PER_MINUTE, connect_fee=5 * CENT),))

    phone.start(line(asks=120))
    phone.release(line(reports=0))

    assert phone.amounts(1) == (EURO, 0, 0)


def test_a_connect_fee_that_cannot_be_paid_refuses():
    phone = Phone(money(1, 5 * CENT), rates=(replace(PER_MINUTE, connect_fee=5 * CENT),))

    assert phone.start(line(asks=60)).answers[0].result is Result.QUOTA_LIMIT_REACHED


def test_the_two_upfs_of_one_rate_line_share_its_rounding():
    # each alone would cost 0.0045 -> 0.00; together 0.009 -> 0.01
    phone = Phone(money(1, EURO), rates=(PER_SECOND,))

    phone.start(line(asks=3, upf_id="a"), line(asks=3, upf_id="b"))
    assert phone.amounts(1) == (99 * CENT, 1 * CENT, 0)

    phone.release(line(upf_id="a", reports=3), line(upf_id="b", reports=3))
    assert phone.amounts(1) == (99 * CENT, 0, 1 * CENT)


# ── usage beyond what was granted ────────────────────────────────────────────────────────────


def test_an_over_run_is_paid_from_free_units_first():
    phone = Phone(minutes(1, 1000))
    phone.start(line(asks=600))

    phone.release(line(reports=650))

    assert phone.amounts(1) == (350, 0, 650)


def test_an_over_run_takes_money_below_zero_and_is_flagged():
    phone = Phone(minutes(1, 60), money(2, 10 * CENT), rates=(PER_MINUTE,))
    phone.start(line(asks=60))

    # two started minutes beyond the bundle: 0.18 of which 0.10 is there
    outcome = phone.release(line(reports=180))

    assert outcome.cost == 18 * CENT
    assert phone.amounts(2) == (-8 * CENT, 0, 18 * CENT)
    assert outcome.events == [
        CreditLimitPassed(bucket_id=2, available=-8 * CENT),
        BucketExhausted(bucket_id=1),
        BucketExhausted(bucket_id=2),
    ]


def test_debt_does_not_go_to_the_bonus_that_expires():
    bonus = money(1, 0, weight=10, expires_at=NOW + timedelta(days=1))
    phone = Phone(bonus, money(2, 0), rates=(PER_MINUTE,))

    phone.release(line(reports=60))

    assert phone.amounts(1) == (0, 0, 0)
    assert phone.amounts(2) == (-9 * CENT, 0, 9 * CENT)


def test_usage_without_a_grant_is_charged():
    phone = Phone(minutes(1, 1000))

    phone.update(line(reports=40))

    assert phone.amounts(1) == (960, 0, 40)


def test_usage_that_nothing_prices_is_stored_unrated():
    phone = Phone(minutes(1, 60))

    outcome = phone.release(line(reports=100))

    assert phone.amounts(1) == (0, 0, 60)
    assert UsageUnrated(rating_group=100, amount=40, missing=NO_RATE) in outcome.events
    assert outcome.usage == [(100, "", 100, 0)]


def test_usage_that_no_money_bucket_can_take_is_stored_unrated():
    phone = Phone(rates=(PER_SECOND,))

    outcome = phone.release(line(reports=100))

    assert outcome.events == [UsageUnrated(rating_group=100, amount=100, missing=NO_MONEY)]
    assert outcome.cost == 0


def test_a_late_report_is_paid_by_the_reservation_of_a_bucket_expired_since():
    expiry = NOW + timedelta(minutes=10)
    phone = Phone(minutes(1, 100, expires_at=expiry), minutes(2, 100))
    phone.start(line(asks=60))

    after = expiry + timedelta(seconds=2)
    phone.update(line(asks=30, reports=(used(50, at=after),)), at=after)

    expired = phone.account.buckets[0]
    assert (expired.available, expired.reserved, expired.used, expired.expired) == (40, 0, 50, 10)
    assert phone.amounts(2) == (70, 30, 0)


def test_a_reservation_whose_bucket_was_not_loaded_does_not_stop_the_charging():
    phone = Phone(minutes(1, 100), minutes(2, 100))
    phone.start(line(asks=60))
    phone.account = replace(phone.account, buckets=phone.account.buckets[1:])

    phone.release(line(reports=50))

    assert phone.amounts(2) == (50, 0, 50)


# ── refusing ─────────────────────────────────────────────────────────────────────────────────


def refusal_of(outcome):
    (answer,) = outcome.answers
    assert answer.granted is None
    return answer.result


def test_a_used_up_account_reaches_its_limit():
    phone = Phone(minutes(1, 100, available=0))

    outcome = phone.start(line(asks=60))

    assert refusal_of(outcome) is Result.QUOTA_LIMIT_REACHED
    assert outcome.refused
    assert phone.session.lines["100/"].refused


def test_a_rate_without_money_reaches_the_limit():
    assert (
        refusal_of(Phone(money(1, 0), rates=(PER_SECOND,)).start(line(asks=60)))
        is Result.QUOTA_LIMIT_REACHED
    )


def test_an_account_with_neither_allowance_nor_rate_fails_rating():
    assert refusal_of(Phone(money(1, EURO)).start(line(asks=60))) is Result.RATING_FAILED


def test_an_unknown_rating_group_fails_rating_and_its_usage_is_unrated():
    phone = Phone(minutes(1, 100))

    outcome = phone.update(line(777, asks=60, reports=5))

    assert refusal_of(outcome) is Result.RATING_FAILED
    assert outcome.events == [
        UsageUnrated(rating_group=777, amount=5, missing=UNKNOWN_RATING_GROUP)
    ]


def test_a_suspended_account_is_denied_quota_and_charged_for_usage():
    phone = Phone(minutes(1, 100), may_use=False)

    outcome = phone.update(line(asks=60, reports=40))

    assert refusal_of(outcome) is Result.END_USER_SERVICE_DENIED
    assert phone.amounts(1) == (60, 0, 40)


def test_an_offline_rating_group_is_recorded_without_quota():
    phone = Phone(octets(1, GB))

    outcome = phone.update(line(390, asks=None, reports=5 * MB))

    assert refusal_of(outcome) is Result.QUOTA_MANAGEMENT_NOT_APPLICABLE
    assert not outcome.refused
    assert outcome.usage == [(390, "", 5 * MB, 0)]
    assert outcome.moves == []


def test_an_offline_container_is_recorded_and_its_line_not_granted():
    phone = Phone(minutes(1, 100))

    outcome = phone.update(line(asks=None, reports=(used(40, offline=True),)))

    assert refusal_of(outcome) is Result.QUOTA_MANAGEMENT_NOT_APPLICABLE
    assert phone.amounts(1) == (100, 0, 0)


def test_one_refused_rating_group_never_fails_another():
    phone = Phone(minutes(1, 100))

    outcome = phone.start(line(asks=60), line(300, asks=MB))

    assert [answer.result for answer in outcome.answers] == [
        Result.SUCCESS,
        Result.RATING_FAILED,
    ]
    assert not outcome.refused


def test_a_refusal_still_settles_what_is_reported():
    phone = Phone(minutes(1, 60))
    phone.start(line(asks=60))

    outcome = phone.update(line(asks=60, reports=60))

    assert refusal_of(outcome) is Result.QUOTA_LIMIT_REACHED
    assert phone.amounts(1) == (0, 0, 60)


# ── one-time events ──────────────────────────────────────────────────────────────────────────


def test_an_immediate_event_is_debited_at_once():
    phone = Phone(messages(1, 10))

    outcome = phone.send(Kind.IMMEDIATE_EVENT, line(200, asks=2))

    (answer,) = outcome.answers
    assert (answer.result, answer.granted) == (Result.SUCCESS, 2)
    assert phone.amounts(1) == (8, 0, 2)
    assert outcome.usage == [(200, "", 2, 0)]


def test_an_immediate_event_is_paid_from_units_and_the_rest_from_money():
    phone = Phone(messages(1, 1), money(2, EURO), rates=(PER_SMS,))

    outcome = phone.send(Kind.IMMEDIATE_EVENT, line(200, asks=3))

    assert outcome.cost == 20 * CENT
    assert phone.amounts(1) == (0, 0, 1)
    assert phone.amounts(2) == (80 * CENT, 0, 20 * CENT)


def test_an_immediate_event_that_cannot_be_paid_wholly_debits_nothing():
    phone = Phone(messages(1, 1), money(2, 19 * CENT), rates=(PER_SMS,))

    outcome = phone.send(Kind.IMMEDIATE_EVENT, line(200, asks=3))

    assert refusal_of(outcome) is Result.QUOTA_LIMIT_REACHED
    assert outcome.refused
    assert (outcome.moves, outcome.usage, outcome.cost) == ([], [], 0)
    assert phone.session.totals == {}


def test_an_immediate_event_without_an_amount_debits_what_it_reports_or_one_slice():
    phone = Phone(messages(1, 10))

    phone.send(Kind.IMMEDIATE_EVENT, line(200, reports=3))
    assert phone.amounts(1) == (7, 0, 3)

    phone.send(Kind.IMMEDIATE_EVENT, line(200, asks=None))
    assert phone.amounts(1) == (6, 0, 4)


def test_an_immediate_event_of_an_unknown_or_denied_kind_is_refused():
    denied = Phone(messages(1, 10), may_use=False).send(Kind.IMMEDIATE_EVENT, line(200, asks=1))
    unknown = Phone(messages(1, 10)).send(Kind.IMMEDIATE_EVENT, line(777, asks=1))

    assert refusal_of(denied) is Result.END_USER_SERVICE_DENIED
    assert refusal_of(unknown) is Result.RATING_FAILED


def test_an_immediate_event_of_an_offline_rating_group_is_recorded():
    outcome = Phone().send(Kind.IMMEDIATE_EVENT, line(390, asks=7))

    assert refusal_of(outcome) is Result.QUOTA_MANAGEMENT_NOT_APPLICABLE
    assert outcome.usage == [(390, "", 7, 0)]


def test_a_post_event_is_never_refused():
    phone = Phone(messages(1, 0), money(2, 0), rates=(PER_SMS,), may_use=False)

    outcome = phone.send(Kind.POST_EVENT, line(200, reports=1))

    assert (outcome.answers, outcome.refused) == ([], False)
    assert phone.amounts(2) == (-10 * CENT, 0, 10 * CENT)


def test_a_rating_group_that_counts_money_is_debited_by_its_amount():
    group = RatingGroup(number=400, name="Money", service="money", unit=Unit.NANO_MONEY, grant=1)
    phone = Phone(money(1, EURO))
    phone.account = replace(phone.account, rating_groups={400: group})

    outcome = phone.send(Kind.IMMEDIATE_EVENT, line(400, asks=30 * CENT))
    refused = phone.send(Kind.IMMEDIATE_EVENT, line(400, asks=EURO))

    assert outcome.cost == 30 * CENT
    assert phone.amounts(1) == (70 * CENT, 0, 30 * CENT)
    assert refusal_of(refused) is Result.QUOTA_LIMIT_REACHED


@pytest.mark.parametrize("kind", [Kind.START, Kind.RELEASE, Kind.POST_EVENT])
def test_a_request_without_lines_changes_nothing(kind):
    outcome = charge(Phone(minutes(1, 100)).account, None, builders.request(kind))

    assert (outcome.answers, outcome.moves, outcome.events) == ([], [], [])
    assert not outcome.refused
