"""The trace of a decision, and the sentences people read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from charging.engine import trace, wording
from charging.engine.amounts import say_amount
from charging.engine.tariff import Rate, Threshold, Unit
from charging.engine.values import Kind
from charging.engine.wording import Names, sentences
from charging.tests.engine.builders import (
    CENT,
    EURO,
    NOW,
    PER_MINUTE,
    PER_SECOND,
    Phone,
    line,
    messages,
    minutes,
    money,
    used,
)


def words(phone, outcome, **other):
    return [
        sentence.text for sentence in sentences(outcome.trace, Names.of(phone.account, **other))
    ]


def test_a_charge_from_bundle_and_money_explains_itself():
    mark = Threshold(name="almost gone", percent_hundredths=2000)
    phone = Phone(
        minutes(1, 600, available=120, name="600 minutes", thresholds=(mark,)),
        money(2, EURO, name="Credit"),
        rates=(PER_SECOND,),
    )
    phone.start(line(asks=180))

    outcome = phone.release(line(reports=150))

    assert words(phone, outcome) == [
        "Voice: 2:30 min used.",
        "2 min paid from what was reserved in “600 minutes”.",
        (
            "Flex 20 v3: 30 s at €0.09 per 1 min cost €0.05; "
            "the session's total is rounded to 2 places."
        ),
        "€0.05 paid from what was reserved in “Credit”.",
        "€0.04 no longer reserved, back in “Credit”.",
        "“600 minutes” is used up.",
    ]


def test_every_skipped_bucket_has_its_reason():
    phone = Phone(
        minutes(1, 60, available=0, name="Used"),
        minutes(2, 60, expires_at=NOW, name="Old"),
        minutes(3, 60, valid_from=NOW + timedelta(hours=1), name="Young"),
        minutes(4, 60, rating_groups=frozenset({101}), name="Other"),
        messages(5, 10, name="Texts"),
    )

    outcome = phone.start(line(asks=60))

    assert words(phone, outcome, time_zone=ZoneInfo("Europe/Berlin")) == [
        "Voice: 1 min asked for.",
        "“Other” skipped: it is kept for other rating groups.",
        "“Old” skipped: it expired on 2026-11-22 13:00 CET.",
        "“Used” skipped: nothing is left in it.",
        "“Young” skipped: it is valid only from 2026-11-22 14:00 CET.",
        "Voice refused: nothing is left to pay for it (QUOTA_LIMIT_REACHED).",
    ]


def test_a_grant_says_its_limits_and_the_last_units():
    phone = Phone(minutes(1, 60, name="A"), minutes(2, 60, name="B", weight=1))

    outcome = phone.start(line(asks=300))

    assert words(phone, outcome) == [
        "Voice: 5 min asked for.",
        "Tried in this order: “B”, “A”.",
        "1 min reserved in “B”.",
        "1 min reserved in “A”.",
        "Voice: 2 min granted of 5 min: there is no more, for 1 h.",
        "These are the last units for Voice: the service ends when they are used.",
    ]


def test_debt_is_told_as_bad_and_a_low_balance_as_a_warning():
    mark = Threshold(name="low", amount=50 * CENT)
    phone = Phone(money(1, EURO, name="Credit", thresholds=(mark,)), rates=(PER_MINUTE,))

    outcome = phone.send(Kind.POST_EVENT, line(reports=720))

    told = [
        (sentence.kind, sentence.text)
        for sentence in sentences(outcome.trace, Names.of(phone.account))
    ]
    # twelve minutes cost 1.08
    assert told[-5:] == [
        ("ok", "€1.00 paid from “Credit”."),
        ("bad", "€0.08 could not be paid: “Credit” goes into debt."),
        ("bad", "“Credit” is beyond its credit limit at -€0.08."),
        ("warn", "-€0.08 left in “Credit”: at or below “low” (€0.50)."),
        ("warn", "“Credit” is used up."),
    ]


def test_a_stored_trace_reads_the_same_as_a_fresh_one():
    phone = Phone(minutes(1, 60), money(2, EURO), rates=(replace(PER_MINUTE, connect_fee=CENT),))
    outcome = phone.update(
        line(asks=None, reports=90),
        line(777, reports=3),
        line(390, reports=(used(5, offline=True),)),
    )
    names = Names.of(phone.account)

    stored = json.loads(json.dumps(outcome.trace))

    assert sentences(stored, names) == sentences(outcome.trace, names)


def test_a_trace_can_be_read_without_names_and_from_a_newer_version():
    assert [s.text for s in sentences([[trace.PAID, 7, 60], ["from_the_future", 1, "x"]])] == [
        "60 units paid from bucket 7.",
        "from_the_future 1 x",
    ]


def test_every_code_has_a_wording():
    codes = {
        value for name, value in vars(trace).items() if name.isupper() and isinstance(value, str)
    }
    reasons = {
        *wording._SKIPS,
        *wording._FREE_REASONS,
        *wording._REASONS,
        trace.EXPIRED,
        trace.NOT_YET_VALID,
        trace.NO_PAYER,
    }

    assert codes - reasons == set(wording._WORDINGS)


def test_a_page_may_hand_in_its_own_way_to_write_amounts():
    names = Names(
        buckets={1: ("Talk", Unit.SECONDS)}, format_amount=lambda n, unit: f"<{n} {unit}>"
    )

    (sentence,) = sentences([(trace.PAID, 1, 60)], names)

    assert sentence.text == "<60 SECONDS> paid from “Talk”."


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (1023, Unit.OCTETS, "1,023 B"),
        (3 * 2**29, Unit.OCTETS, "1.5 GB"),
        (20 * 2**30, Unit.OCTETS, "20 GB"),
        (5 * 2**50, Unit.OCTETS, "5,120 TB"),
        (45, Unit.SECONDS, "45 s"),
        (252, Unit.SECONDS, "4:12 min"),
        (3725, Unit.SECONDS, "1:02:05 h"),
        (7200, Unit.SECONDS, "2 h"),
        (1, Unit.EVENTS, "1 event"),
        (1500, Unit.EVENTS, "1,500 events"),
        (380_000_000, Unit.NANO_MONEY, "€0.38"),
        (1_500_000, Unit.NANO_MONEY, "€0.0015"),
        (-1_234_500_000_000, Unit.NANO_MONEY, "-€1,234.50"),
    ],
)
def test_amounts_are_written_for_people(amount, unit, said):
    assert say_amount(amount, unit) == said


def test_a_gigabyte_may_be_decimal_and_money_of_any_currency():
    assert say_amount(1_500_000_000, Unit.OCTETS, gigabyte=10**9) == "1.5 GB"
    assert say_amount(1500 * EURO, Unit.NANO_MONEY, currency="JPY") == "¥1,500"
    assert say_amount(12_500_000_000, Unit.NANO_MONEY, currency="KWD") == "12.500 KWD"
    assert say_amount(5 * EURO, Unit.NANO_MONEY, currency="SEK") == "5.00 SEK"


def test_the_tax_that_a_price_contains_is_told():
    """€1.19 with 19 % contain €0.19."""
    rate = Rate.flat(
        key="v", service="voice", price=119 * CENT, per=60, increment=60, tax_hundredths=1900
    )
    phone = Phone(money(1, 5 * EURO), rates=(rate,))

    outcome = phone.release(line(reports=60))

    assert "€0.19 of that is tax (19 %)." in words(phone, outcome)
