"""Which buckets pay: restrictions, blockers, steps, factors, sharing, first use. By hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from charging.engine.conditions import ANY, Conditions, Destinations, Situation
from charging.engine.tariff import Factor, Rate, Rates, Role, Tariff, Terms, Unit
from charging.engine.values import Kind, Result, SharedOrder
from charging.tests.engine.builders import (
    CENT,
    EURO,
    MB,
    PER_MINUTE,
    PER_SECOND,
    Phone,
    bucket,
    line,
    minutes,
    money,
    octets,
)


def to(*included: str, excluded: tuple[str, ...] = (), **other: object) -> Terms:
    """Terms for these destinations only."""
    rules = Destinations(included=frozenset(included), excluded=frozenset(excluded))
    return Terms(when=Conditions(destinations=rules), **other)  # type: ignore[arg-type]


def calling(*prefixes: tuple[int, str], **other: object) -> Situation:
    return Situation(
        destination="0723045326",
        prefixes=tuple((length, frozenset(groups.split())) for length, groups in prefixes),
        **other,  # type: ignore[arg-type]
    )


# ── destinations ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("included", "excluded", "prefixes", "precision"),
    [
        (("nat",), (), ((4, "nat ret"),), 4),
        (("nat",), (), ((6, "other"), (4, "nat")), 4),
        (("nat",), (), ((4, "ret"),), None),
        (("nat",), ("ret",), ((4, "nat ret"),), None),  # an exclusion at that prefix rejects
        (("nat", "mobile"), ("ret",), ((6, "mobile"), (4, "ret")), 6),  # the longest decides
        ((), ("ret",), ((4, "nat"),), 4),  # only exclusions: all else is let in
        ((), ("ret",), (), 0),
        ((), ("ret",), ((4, "ret"),), None),
        ((ANY,), (), ((4, "ret"),), 0),
        ((ANY,), ("ret",), ((4, "ret"),), None),
        ((), (ANY,), (), None),
    ],
)
def test_the_longest_prefix_that_the_list_knows_decides(included, excluded, prefixes, precision):
    rules = Destinations(included=frozenset(included), excluded=frozenset(excluded))
    known = tuple((length, frozenset(groups.split())) for length, groups in prefixes)

    assert rules.precision(known) == precision


def test_a_longer_matching_prefix_pays_before_a_higher_weight():
    phone = Phone(
        minutes(1, 10, weight=30, terms=to("short")),
        minutes(2, 10, weight=40),
        minutes(3, 10, weight=1, terms=to("long")),
    )

    phone.start(line(asks=25), situation=calling((4, "long"), (2, "short")))

    assert [phone.amounts(number)[1] for number in (3, 1, 2)] == [10, 10, 5]


def frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: frozenset(v) if isinstance(v, set) else v for key, v in fields.items()}


# ── other restrictions ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("when", "inside", "outside"),
    [
        ({"zones": {"eu"}}, {"zones": {"roaming", "eu"}}, {"zones": {"home"}}),
        ({"networks": {"26201"}}, {"network": "26201"}, {"network": "26202"}),
        ({"rats": {"NR"}}, {"rat": "NR"}, {"rat": "EUTRA"}),
        ({"dnns": {"ims"}}, {"dnn": "ims"}, {"dnn": "internet"}),
        ({"slices": {"1-0000AB"}}, {"slice": "1-0000AB"}, {"slice": "1"}),
        ({"number_classes": {"mobile"}}, {"number_class": "mobile"}, {"number_class": "fixed"}),
        ({"categories": {"call"}}, {"category": "call"}, {"category": "video"}),
        ({"on_net": True}, {"on_net": True}, {"on_net": False}),
        ({"on_net": False}, {"on_net": False}, {"on_net": None}),
    ],
)
def test_a_restricted_bucket_pays_where_its_conditions_hold(when, inside, outside):
    terms = Terms(when=Conditions(**frozen(when)))

    def granted(situation: dict[str, object]) -> int | None:
        (amount,) = Phone(minutes(1, 60, terms=terms)).granted(
            line(asks=60), situation=Situation(**frozen(situation))
        )
        return amount

    assert granted(inside) == 60
    assert granted(outside) is None


def test_charging_characteristics_are_compared_in_the_bits_that_are_looked_at():
    terms = Terms(when=Conditions(characteristics_mask=0x0F00, characteristics_value=0x0800))
    phone = Phone(minutes(1, 60, terms=terms))

    assert phone.granted(line(asks=10), situation=Situation(characteristics=0x1801)) == [10]
    assert phone.granted(line(asks=10), situation=Situation(characteristics=0x0C00)) == [None]


def test_a_disabled_bucket_is_passed_over_but_what_it_holds_is_used_up():
    phone = Phone(minutes(1, 100), minutes(2, 100))
    phone.start(line(asks=40))
    phone.account = replace(
        phone.account,
        buckets=(replace(phone.account.buckets[0], is_disabled=True), phone.account.buckets[1]),
    )

    phone.update(line(asks=50, reports=40))

    assert phone.amounts(1) == (60, 0, 40)
    assert phone.amounts(2) == (50, 50, 0)


def test_generic_units_pay_after_the_services_own_and_before_money():
    phone = Phone(
        bucket(1, Unit.GENERIC, "generic", 30, weight=99),
        minutes(2, 20),
        money(3, EURO),
        rates=(PER_SECOND,),
    )

    phone.start(line(asks=60))

    assert [phone.amounts(number)[1] for number in (2, 1, 3)] == [20, 30, 2 * CENT]  # 0.015


def test_a_plan_may_turn_the_order_of_units_and_money_round():
    phone = Phone(
        minutes(1, 60), money(2, 9 * CENT), rates=(PER_MINUTE,), tariff={"money_first": True}
    )

    phone.start(line(asks=100))

    assert phone.amounts(2) == (0, 9 * CENT, 0)
    assert phone.amounts(1) == (20, 40, 0)


def test_money_first_holds_when_usage_is_settled():
    """Granted 100 s as a minute in money and 40 s of the bundle; what is used is the minute."""
    phone = Phone(
        minutes(1, 60), money(2, 9 * CENT), rates=(PER_MINUTE,), tariff={"money_first": True}
    )

    phone.start(line(asks=100))
    phone.update(line(reports=60))
    assert (phone.amounts(1)[2], phone.amounts(2)[2]) == (0, 9 * CENT)
    phone.release(line(reports=25))
    assert phone.amounts(1) == (35, 0, 25)
    assert phone.amounts(2) == (0, 0, 9 * CENT)


def test_money_first_holds_for_usage_without_a_grant_and_the_rest_is_debt():
    phone = Phone(
        minutes(1, 60), money(2, 10 * CENT), rates=(PER_MINUTE,), tariff={"money_first": True}
    )

    phone.send(Kind.POST_EVENT, line(reports=90))
    assert (phone.amounts(1)[2], phone.amounts(2)[2]) == (30, 9 * CENT)
    phone.send(Kind.POST_EVENT, line(reports=50))  # 30 s are left, 20 s begin a minute

    assert phone.amounts(1) == (0, 0, 60)
    assert phone.amounts(2) == (-8 * CENT, 0, 18 * CENT)


# ── blockers ─────────────────────────────────────────────────────────────────────────────────


def test_a_blocker_ends_a_reservation_at_what_it_covers():
    phone = Phone(minutes(1, 40, weight=1, terms=Terms(is_blocker=True)), minutes(2, 100))

    (answer,) = phone.start(line(asks=60)).answers

    assert (answer.granted, answer.is_final) == (40, True)


def test_a_blocking_bucket_of_money_keeps_the_next_one_from_paying():
    phone = Phone(
        money(1, 9 * CENT, weight=1, terms=Terms(is_blocker=True)),
        money(2, EURO),
        rates=(PER_MINUTE,),
    )

    assert phone.granted(line(asks=300)) == [60]


def test_an_empty_blocker_refuses_the_whole_request():
    phone = Phone(
        minutes(1, 40, available=0, weight=1, terms=Terms(is_blocker=True)), minutes(2, 9)
    )

    (answer,) = phone.start(line(asks=5)).answers

    assert answer.result == Result.QUOTA_LIMIT_REACHED


def test_an_immediate_event_that_a_blocker_cannot_pay_takes_nothing():
    phone = Phone(minutes(1, 4, weight=1, terms=Terms(is_blocker=True)), minutes(2, 100))

    (answer,) = phone.send(Kind.IMMEDIATE_EVENT, line(asks=5)).answers

    assert answer.result == Result.QUOTA_LIMIT_REACHED
    assert phone.amounts(1) == (4, 0, 0)


def test_usage_is_settled_behind_a_blocker():
    phone = Phone(minutes(1, 40, weight=1, terms=Terms(is_blocker=True)), minutes(2, 100))

    phone.release(line(reports=60))

    assert phone.amounts(1) == (0, 0, 40)
    assert phone.amounts(2) == (80, 0, 20)


# ── steps and factors ────────────────────────────────────────────────────────────────────────


def test_a_bundle_in_started_minutes_is_taken_in_whole_ones_across_reports():
    phone = Phone(minutes(1, 600, terms=Terms(step=60)))

    phone.update(line(reports=70))
    assert phone.amounts(1) == (480, 0, 120)
    phone.update(line(reports=50))  # the rest of the second minute
    assert phone.amounts(1) == (480, 0, 120)
    phone.update(line(reports=1))
    assert phone.amounts(1) == (420, 0, 180)


def test_a_grant_from_a_bundle_in_started_minutes_holds_whole_ones():
    phone = Phone(minutes(1, 100, terms=Terms(step=60)))

    assert phone.granted(line(asks=90)) == [60]  # 40 s are no whole minute
    phone.update(line(reports=30))
    assert phone.amounts(1) == (40, 0, 60)


def test_a_premium_minute_takes_three():
    premium = Conditions(destinations=Destinations(included=frozenset({"premium"})))
    terms = Terms(factors=(Factor(times=Fraction(3), when=premium),))
    phone = Phone(minutes(1, 300, terms=terms))

    assert phone.granted(line(asks=200), situation=calling((4, "premium"))) == [100]
    phone.release(line(reports=40), situation=calling((4, "premium")))
    assert phone.amounts(1) == (180, 0, 120)
    phone.release(line(reports=40), situation=calling((4, "nat")))
    assert phone.amounts(1) == (140, 0, 160)


def test_a_factor_by_name_rounds_up_what_a_step_takes():
    terms = Terms(step=10, factors=(Factor(times=Fraction("1.25"), key="peak"),))
    phone = Phone(minutes(1, 100, terms=terms))

    phone.release(line(reports=20), situation=Situation(factor_key="peak"))

    assert phone.amounts(1) == (74, 0, 26)  # two steps of 12.5, each rounded up


def test_units_may_cost_money_too_at_the_buckets_own_price():
    """Discounted minutes: 0.03 a started minute as long as the bundle lasts, then 0.09."""
    own = Rate.flat(key="own", service="voice", price=3 * CENT, per=60, increment=60)
    terms = Terms(tariffs=(Tariff(version_id=1, label="Discounted", rates=Rates((own,))),))
    phone = Phone(minutes(1, 120, terms=terms), money(2, EURO), rates=(PER_MINUTE,))

    assert phone.granted(line(asks=180)) == [180]
    assert phone.amounts(2) == (85 * CENT, 15 * CENT, 0)  # 2 x 0.03 and 0.09
    phone.release(line(reports=70))

    assert phone.amounts(1) == (0, 0, 120)
    assert phone.amounts(2) == (94 * CENT, 0, 6 * CENT)


# ── shared buckets ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("order", "paid"),
    [
        (SharedOrder.OWN_LOWEST, {1: 30, 2: 5, 3: 10}),
        (SharedOrder.OWN_HIGHEST, {1: 30, 2: 15, 3: 0}),
        (SharedOrder.LOWEST, {1: 15, 2: 20, 3: 10}),
        (SharedOrder.HIGHEST, {1: 30, 2: 15, 3: 0}),
    ],
)
def test_a_shared_group_pays_in_its_order(order, paid):
    """Own 30, others 20 and 10; 45 wanted."""
    phone = Phone(
        minutes(1, 30, group="family"),
        minutes(2, 20, group="family", owner_id=2),
        minutes(3, 10, group="family", owner_id=3),
        shared={"family": order},
    )

    phone.release(line(reports=45))

    assert {number: phone.amounts(number)[2] for number in paid} == paid


def test_a_member_takes_no_more_than_its_cap_from_others():
    cap = bucket(9, Unit.SECONDS, "voice", 25, terms=Terms(role=Role.COUNTS, limits=True))
    phone = Phone(
        minutes(1, 10, group="family"),
        minutes(2, 100, group="family", owner_id=2, capped_by=9),
        cap,
    )

    assert phone.granted(line(asks=60)) == [35]
    assert phone.amounts(9) == (0, 25, 0)
    phone.update(line(asks=60, reports=20))
    assert phone.amounts(9) == (0, 15, 10)
    assert phone.amounts(2) == (75, 15, 10)
    phone.release()
    assert phone.amounts(9) == (15, 0, 10)


# ── unlimited and counters ───────────────────────────────────────────────────────────────────


def test_an_unlimited_bucket_is_granted_from_beyond_its_fair_use():
    phone = Phone(octets(1, 50 * MB, terms=Terms(is_unlimited=True)))

    (answer,) = phone.start(line(300, asks=80 * MB)).answers
    phone.release(line(300, reports=80 * MB))

    assert (answer.granted, answer.is_final) == (80 * MB, False)
    assert phone.amounts(1) == (-30 * MB, 0, 80 * MB)


def test_a_counter_counts_units_and_one_of_money_what_was_spent():
    counting = Terms(role=Role.COUNTS)
    phone = Phone(
        minutes(1, 60),
        money(2, EURO),
        bucket(8, Unit.SECONDS, "voice", 0, terms=counting),
        bucket(9, Unit.NANO_MONEY, "money", 0, terms=counting),
        rates=(PER_MINUTE,),
    )

    phone.release(line(reports=130))  # 60 from the bundle, 70 s are two started minutes

    assert phone.amounts(8) == (-130, 0, 130)
    assert phone.amounts(9) == (-18 * CENT, 0, 18 * CENT)


def test_a_counter_with_a_limit_ends_quota_but_never_usage():
    limited = Terms(role=Role.COUNTS, limits=True)
    phone = Phone(
        money(1, EURO),
        bucket(9, Unit.NANO_MONEY, "money", 20 * CENT, terms=limited),
        rates=(PER_MINUTE,),
    )

    (answer,) = phone.start(line(asks=600)).answers
    assert (answer.granted, answer.is_final) == (120, True)  # 0.18; 0.02 buy no minute
    phone.release(line(reports=180))
    assert phone.amounts(9) == (-7 * CENT, 0, 27 * CENT)


def test_a_counter_under_conditions_counts_what_fits_them():
    abroad = Conditions(zones=frozenset({"roaming"}))
    phone = Phone(
        money(1, EURO),
        bucket(9, Unit.NANO_MONEY, "money", 0, terms=Terms(role=Role.COUNTS, when=abroad)),
        rates=(PER_MINUTE,),
    )

    phone.update(line(reports=60))
    assert phone.amounts(9) == (0, 0, 0)
    phone.release(line(reports=60), situation=Situation(zones=frozenset({"roaming"})))
    assert phone.amounts(9) == (-9 * CENT, 0, 9 * CENT)
