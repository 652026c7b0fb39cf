from __future__ import annotations

import pytest
from django.db import transaction

from charging import ledger, services
from charging.entry_details import decode_details
from charging.ledger import Cause
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.refs import make_ref
from charging.tests.services.reading import (
    assert_ledger_rebuilds_buckets,
    bucket_named,
    events_of,
    money_of,
)
from charging.verification import discrepancies
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers.services import change_account_state
from tests import factories

EURO = 10**9
MINUTE = 60


@pytest.fixture
def other(account, now):
    return factories.make_account("acc-2", plan_code="flex-20", now=now)


@pytest.fixture
def rich(account, now):
    """acc-1 with €20.00."""
    factories.top_up(account, "20.00", now=now)
    return account


@pytest.fixture
def call_of(account, now):
    """Charges a call to acc-1: one entry each for seconds and money; the session."""

    def make(seconds: int, nano: int, *, sequence_number: int = 1, session=None):
        device = account.devices.first() or factories.make_device(account, now=now)
        session = session or ChargingSession.objects.create(
            account=account, device=device, ref=make_ref(account.pk), opened_at=now,
            subscriber_identifier=device.supi, last_request_at=now, deadline_at=now,
        )  # fmt: skip
        with transaction.atomic():
            for name, amount in (("Voice", seconds), ("Main balance", nano)):
                if amount:
                    ledger._move(
                        account, bucket_named(account, name), LedgerEntry.Kind.POST,
                        Cause(actor=SYSTEM, now=now), available=-amount, used=amount,
                        session=session, sequence_number=sequence_number,
                    )  # fmt: skip
        session.cost += nano
        session.save()
        return session

    return make


def transfer(source, target, amount, now, **more):
    fields = {"reason": "request", "actor": SYSTEM, "now": now, **more}
    return services.transfer_amount(source=source, target=target, amount=amount, **fields)


def reverse(entry, now, amount=None, **more):
    fields = {"reason": "wrong-charge", "actor": SYSTEM, "now": now, **more}
    return services.reverse_entry(entry=entry, amount=amount, **fields)


# ── transfer ─────────────────────────────────────────────────────────────────────────────────


def test_a_transfer_is_two_entries_that_share_a_reference_and_add_up_to_nothing(rich, other, now):
    taken = transfer(money_of(rich), money_of(other), 5 * EURO, now, request_key="gift-1")

    given = LedgerEntry.objects.exclude(pk=taken.pk).get(reference=taken.reference)
    assert (taken.kind, taken.available, taken.available_after) == (
        "transfer",
        -5 * EURO,
        15 * EURO,
    )
    assert (given.kind, given.available, given.available_after) == ("transfer", 5 * EURO, 5 * EURO)
    assert (taken.granted, given.granted) == (-5 * EURO, 5 * EURO)
    assert (taken.request_key, given.request_key) == ("gift-1", "")
    assert decode_details(given.details)["from"] == ["acc-1", money_of(rich).ref]
    assert_ledger_rebuilds_buckets(rich)
    assert_ledger_rebuilds_buckets(other)
    assert discrepancies() == []


def test_a_transfer_is_told_and_audited_for_both_accounts(rich, other, now):
    transfer(money_of(rich), money_of(other), 5 * EURO, now, reason="other", note="Birthday")

    [(_, taken)] = events_of(rich, "account.transferred")
    [(_, given)] = events_of(other, "account.transferred")
    assert (taken["amount"], taken["available"], taken["other"]) == ("-5.00", "15.00", "acc-2")
    assert (given["amount"], given["available"], given["other"]) == ("5.00", "5.00", "acc-1")
    audited = AuditEntry.objects.filter(action="account.transferred").order_by("pk")
    assert [(one.subject_id, one.before, one.after, one.reason) for one in audited] == [
        ("acc-1", {"Main balance": "20.00 EUR"}, {"Main balance": "15.00 EUR"}, "Birthday"),
        ("acc-2", {"Main balance": "0.00 EUR"}, {"Main balance": "5.00 EUR"}, "Birthday"),
    ]


def test_units_move_between_buckets_of_their_unit_only(rich, other, now):
    transfer(bucket_named(rich, "Voice"), bucket_named(other, "Voice"), 100 * MINUTE, now)

    assert bucket_named(rich, "Voice").granted == 200 * MINUTE
    assert bucket_named(other, "Voice").available == 400 * MINUTE
    with pytest.raises(services.UnitsDiffer):
        transfer(bucket_named(rich, "Voice"), bucket_named(other, "SMS"), 1, now)
    with pytest.raises(services.UnitsDiffer):
        transfer(money_of(rich), bucket_named(other, "SMS"), 1, now)


def test_a_repeated_transfer_is_answered_from_the_first(rich, other, now):
    first = transfer(money_of(rich), money_of(other), EURO, now, request_key="k")

    assert transfer(money_of(rich), money_of(other), EURO, now, request_key="k") == first
    with pytest.raises(services.RequestKeyReused):
        transfer(money_of(rich), money_of(other), 2 * EURO, now, request_key="k")
    assert money_of(other).available == EURO


def test_no_more_is_transferred_than_there_is(rich, other, now):
    with pytest.raises(services.AdjustmentTooLow) as refused:
        transfer(money_of(rich), money_of(other), 21 * EURO, now)

    assert refused.value.available == 20 * EURO
    assert not LedgerEntry.objects.filter(kind="transfer").exists()


def test_a_transfer_needs_two_balances_and_two_living_accounts(rich, other, now):
    with pytest.raises(Invalid):
        transfer(money_of(rich), money_of(rich), EURO, now)
    change_account_state(account=other, state="terminated", actor=SYSTEM, now=now)
    with pytest.raises(services.AccountTerminated):
        transfer(money_of(rich), money_of(other), EURO, now)


def test_people_transfer_and_reverse_money_up_to_their_limit(rich, other, now):
    factories.top_up(rich, "100.00", now=now)
    agent = Actor(kind="user", id=1, name="Ann", permissions=frozenset({"balances.adjust"}))

    with pytest.raises(services.AmountAboveLimit):
        transfer(money_of(rich), money_of(other), 51 * EURO, now, actor=agent)
    with transaction.atomic():
        entry = ledger.spend(
            account=rich,
            bucket=money_of(rich),
            amount=51 * EURO,
            cause=Cause(actor=SYSTEM, now=now),
        )
    with pytest.raises(services.AmountAboveLimit):
        reverse(entry, now, actor=agent)
    assert reverse(entry, now, 50 * EURO, actor=agent).available == 50 * EURO


# ── reversal ─────────────────────────────────────────────────────────────────────────────────


def test_a_reversal_gives_back_what_the_entry_used_and_names_it(rich, call_of, now):
    session = call_of(0, 378_000_000)
    entry = LedgerEntry.objects.get(session=session)

    reversal = reverse(entry, now, reason="other", note="Dropped call")

    assert (reversal.kind, reversal.reverses_id, reversal.session_id) == (
        "reverse", entry.pk, session.pk,
    )  # fmt: skip
    assert (reversal.available, reversal.used, reversal.granted) == (378_000_000, -378_000_000, 0)
    money = money_of(rich)
    assert (money.granted, money.available, money.used) == (20 * EURO, 20 * EURO, 0)
    session.refresh_from_db()
    assert session.cost == 378_000_000  # shown as it was charged
    assert decode_details(reversal.details) == {
        "entry": entry.ref, "used": 378_000_000, "given_back": 378_000_000,
    }  # fmt: skip
    assert discrepancies() == []


def test_a_charge_is_reversed_once(rich, call_of, now):
    entry = LedgerEntry.objects.get(session=call_of(0, EURO))
    reverse(entry, now, EURO // 4)

    with pytest.raises(services.AlreadyReversed):
        reverse(entry, now)
    assert money_of(rich).available == 19 * EURO + EURO // 4


def test_a_part_is_given_back_and_no_more_than_was_charged(rich, call_of, now):
    entry = LedgerEntry.objects.get(session=call_of(0, EURO))

    with pytest.raises(Invalid):
        reverse(entry, now, EURO + 1)
    reverse(entry, now, EURO // 2)

    assert (money_of(rich).available, money_of(rich).used) == (19 * EURO + EURO // 2, EURO // 2)


def test_a_repeated_reversal_is_answered_from_the_first(rich, call_of, now):
    entry = LedgerEntry.objects.get(session=call_of(0, EURO))
    first = reverse(entry, now, request_key="k")

    assert reverse(entry, now, request_key="k") == first
    with pytest.raises(services.RequestKeyReused):
        reverse(entry, now, EURO // 2, request_key="k")


def test_what_used_nothing_has_nothing_to_give_back(rich, now):
    with pytest.raises(services.NothingToReverse):
        reverse(LedgerEntry.objects.filter(kind="issue").first(), now)


def test_a_price_is_reversed_like_a_charge(rich, now):
    with transaction.atomic():
        entry = ledger.spend(
            account=rich, bucket=money_of(rich), amount=5 * EURO, cause=Cause(actor=SYSTEM, now=now)
        )

    reverse(entry, now)

    assert money_of(rich).available == 20 * EURO


def test_a_session_is_reversed_whole_units_and_money(rich, call_of, now):
    session = call_of(60, 0, sequence_number=1)
    call_of(30, EURO, sequence_number=2, session=session)

    made = services.reverse_charge(
        session=session, reason="wrong-charge", request_key="k", actor=SYSTEM, now=now
    )

    assert [(one.bucket.name, -one.used) for one in made] == [
        ("Voice", 60), ("Voice", 30), ("Main balance", EURO),
    ]  # fmt: skip
    assert len({one.reference for one in made}) == 1
    assert bucket_named(rich, "Voice").available == 300 * MINUTE
    again = services.reverse_charge(
        session=session, reason="wrong-charge", request_key="k", actor=SYSTEM, now=now
    )
    assert again == made
    with pytest.raises(services.NothingToReverse):
        services.reverse_charge(session=session, reason="wrong-charge", actor=SYSTEM, now=now)


def test_one_request_of_a_session_is_reversed_alone(rich, call_of, now):
    session = call_of(60, 0, sequence_number=1)
    call_of(30, EURO, sequence_number=2, session=session)

    services.reverse_charge(
        session=session, sequence_number=2, reason="wrong-charge", actor=SYSTEM, now=now
    )

    assert bucket_named(rich, "Voice").used == 60
    assert money_of(rich).used == 0


def test_a_reversal_past_thresholds_tells_that_all_is_normal_again(account, call_of, now):
    entry = call_of(270 * MINUTE, 0).ledger.get()  # 30 of 300 minutes left: below 20 %

    reverse(entry, now)

    crossed = [payload["state"] for _, payload in events_of(account, "bucket.threshold_crossed")]
    assert crossed == ["low", "normal"]
    [(_, told)] = events_of(account, "account.reversed")
    assert (told["amount"], told["charged_by"], told["unit"]) == (16_200, entry.ref, "SECONDS")


# ── the proof ────────────────────────────────────────────────────────────────────────────────


def test_verify_ledger_finds_a_transfer_that_is_not_whole(rich, other, now):
    transfer(money_of(rich), money_of(other), EURO, now)
    Bucket.objects.filter(pk=money_of(other).pk).update(available=2 * EURO, granted=2 * EURO)
    with transaction.atomic():
        given = LedgerEntry.objects.get(kind="transfer", available__gt=0)
        LedgerEntry.objects.create(
            account=other, bucket=given.bucket, kind="transfer", available=EURO,
            available_after=2 * EURO, at=now, reference=given.reference,
        )  # fmt: skip

    assert [str(one) for one in discrepancies()] == [
        f"transfer {given.reference}: entries is 3, but its entries prove 2",
        f"transfer {given.reference}: sum is {EURO}, but its entries prove 0",
    ]


def test_verify_ledger_finds_a_reversal_of_more_than_was_used(rich, call_of, now):
    entry = LedgerEntry.objects.get(session=call_of(0, EURO))
    call_of(0, 2 * EURO)
    LedgerEntry.objects.create(
        account=rich, bucket=entry.bucket, kind="reverse", available=2 * EURO, used=-2 * EURO,
        available_after=19 * EURO, at=now, reverses=entry,
    )  # fmt: skip
    Bucket.objects.filter(pk=entry.bucket_id).update(available=19 * EURO, used=EURO)

    [found] = discrepancies()
    assert (found.what, found.stored, found.proved) == ("given back", 2 * EURO, EURO)
