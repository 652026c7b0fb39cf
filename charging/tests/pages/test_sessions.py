from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from charging import ledger
from charging.engine import trace
from charging.ledger import Cause
from charging.models import Bucket, LedgerEntry
from charging.services import reverse_entry
from charging.tests.recorded import record_message, record_session
from portal.tenancy.actor import SYSTEM
from tests import factories

SESSIONS = "/charging/sessions/"
MEGABYTE = 2**20


@pytest.fixture
def device(account, now):
    return factories.make_device(
        account, public_id="dev-1", imsi="001010000000001", msisdn="4915100000001", now=now
    )


@pytest.fixture
def session(device, now):
    """A download: 100 MB asked and granted, 60 used, then refused."""
    recorded = record_session(
        device,
        opened_at=now - timedelta(minutes=4, seconds=12),
        closed_at=now,
        state="closed",
        used={300: 60 * MEGABYTE},
        last_result="QUOTA_LIMIT_REACHED",
        requests=2,
    )
    record_message(
        recorded,
        "create",
        status=201,
        request={
            "multipleUnitUsage": [
                {"ratingGroup": 300, "requestedUnit": {"totalVolume": 100 * MEGABYTE}}
            ]
        },
        answer={
            "multipleUnitInformation": [
                {
                    "ratingGroup": 300,
                    "resultCode": "SUCCESS",
                    "grantedUnit": {"totalVolume": 100 * MEGABYTE},
                    "finalUnitIndication": {"finalUnitAction": "TERMINATE"},
                }
            ]
        },
        trace=[(trace.GRANTED, 300, 100 * MEGABYTE, 100 * MEGABYTE, 3600, 0)],
    )
    record_message(
        recorded,
        "update",
        after=timedelta(milliseconds=1500),
        request={"multipleUnitUsage": [{"ratingGroup": 300, "requestedUnit": {}}]},
        answer={
            "multipleUnitInformation": [{"ratingGroup": 300, "resultCode": "QUOTA_LIMIT_REACHED"}]
        },
        usage=[(300, "", 60 * MEGABYTE, 0)],
        trace=[(trace.REFUSED, 300, "QUOTA_LIMIT_REACHED")],
    )
    return recorded


def test_the_list_shows_what_was_used_how_long_and_with_which_result(admin, session):
    shown = admin.get(SESSIONS).text

    assert "Data: 60 MB" in shown
    assert "in 4 min 12 s" in " ".join(shown.split()).replace("</c-badge>", "")
    assert "QUOTA_LIMIT_REACHED" in shown
    assert f'href="{SESSIONS}{session.ref}/"' in shown


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("device=dev-1", 1),
        ("device=%2B49 151 0000 0001", 1),
        ("device=imsi-001010000000001", 1),
        ("device=dev-2", 0),
        ("state=closed", 1),
        ("state=open", 0),
        ("result=QUOTA_LIMIT_REACHED", 1),
        ("result=SUCCESS", 0),
        ("from=2020-01-01&to=2020-01-02", 0),
        ("from=2020-01-01", 1),
        ("state=nonsense&result=nonsense", 1),
    ],
)
def test_sessions_are_filtered(admin, session, query, count):
    answer = admin.get(f"{SESSIONS}?{query}")

    assert len(answer.context["page"].rows) == count


def test_a_day_includes_its_last_hour_in_the_operators_zone(admin, device, northwind, now):
    """23:30 on the 1st in Berlin is 22:30 UTC."""
    late = now.astimezone(northwind.zone).replace(year=2026, month=7, day=1, hour=23, minute=30)
    record_session(device, opened_at=late)

    assert len(admin.get(f"{SESSIONS}?from=2026-07-01&to=2026-07-01").context["page"].rows) == 1
    assert not admin.get(f"{SESSIONS}?from=2026-07-02&to=2026-07-02").context["page"].rows


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "0001-01-01"])
def test_a_date_that_is_none_is_said_and_the_list_is_still_there(admin, session, text):
    answer = admin.get(f"{SESSIONS}?to={text}&from={text}")

    assert answer.status_code == 200
    assert "Enter a date, such as 2026-03-31." in answer.text


def test_the_ladder_shows_each_message_with_its_lines(admin, session):
    rungs = admin.get(f"{SESSIONS}{session.ref}/").context["rungs"]

    assert [(rung.title, rung.answer_title, rung.after, rung.tone) for rung in rungs] == [
        ("Create request", "201 Created", "0 ms", "good"),
        ("Update request", "200 OK", "1.5 s", "warn"),
    ]
    [line] = rungs[0].lines
    assert (line.requested, line.granted, line.result) == ("100 MB", "100 MB", "SUCCESS")
    assert line.is_final
    [line] = rungs[1].lines
    assert (line.used, line.requested, line.granted) == ("60 MB", "any", "")
    assert line.result == "QUOTA_LIMIT_REACHED"


def test_the_ladder_explains_each_answer_and_shows_the_bodies(admin, session):
    shown = admin.get(f"{SESSIONS}{session.ref}/").text

    assert "Data: 100 MB granted" in shown
    assert "Data refused: nothing is left to pay for it (QUOTA_LIMIT_REACHED)." in shown
    assert "multipleUnitInformation" in shown


@pytest.mark.parametrize("body", ["", "no json", "[1]", '{"multipleUnitUsage": {}}', "null"])
def test_a_body_that_is_not_what_it_should_be_is_shown_all_the_same(admin, session, body):
    record_message(session, "update", status=400, raw=body)

    assert admin.get(f"{SESSIONS}{session.ref}/").status_code == 200


def test_the_explanation_beside_the_account_is_that_of_the_last_messages(sign_in, session):
    answer = sign_in("support", htmx=True).get(f"{SESSIONS}{session.ref}/explain/")

    assert "<!doctype" not in answer.text
    assert "refused: nothing is left to pay for it" in answer.text


def test_the_explanation_opened_as_a_page_is_the_session(admin, session):
    answer = admin.get(f"{SESSIONS}{session.ref}/explain/")

    assert answer.headers["Location"] == f"{SESSIONS}{session.ref}/"


def test_another_operators_session_is_not_there(sign_in, session):
    stranger = sign_in(tenant=factories.make_tenant("contoso"), htmx=True)

    assert stranger.get(f"{SESSIONS}{session.ref}/").status_code == 404
    assert stranger.get(f"{SESSIONS}{session.ref}/explain/").status_code == 404
    assert not stranger.get(SESSIONS).context["page"].rows


def test_an_account_is_found_by_the_reference_of_a_session(admin, session):
    shown = admin.get(f"/accounts/?q={session.ref}").text

    assert f'href="{SESSIONS}{session.ref}/"' in shown


def test_the_list_costs_the_same_for_one_session_and_for_many(
    admin, device, now, django_assert_max_num_queries
):
    for _ in range(25):
        record_session(device, opened_at=now, used={300: 1, 100: 1})

    with django_assert_max_num_queries(10):
        admin.get(SESSIONS)


def test_a_ladder_of_many_messages_costs_a_fixed_number_of_queries(
    admin, session, django_assert_max_num_queries
):
    for _ in range(30):
        record_message(session, "update", usage=[(300, "", 1, 0)])

    with django_assert_max_num_queries(15):
        admin.get(f"{SESSIONS}{session.ref}/")


def test_what_was_given_back_is_shown_beside_the_cost_as_charged(admin, session, now):
    factories.top_up(session.account, "1.00", now=now)
    money = Bucket.objects.get(account=session.account, service="money")
    with transaction.atomic():
        charged = ledger._move(
            session.account, money, LedgerEntry.Kind.POST, Cause(actor=SYSTEM, now=now),
            available=-378_000_000, used=378_000_000, session=session, sequence_number=1,
        )  # fmt: skip
    reverse_entry(entry=charged, reason="wrong-charge", actor=SYSTEM, now=now)

    page = admin.get(f"{SESSIONS}{session.ref}/")

    [shown] = page.context["reversals"]
    assert (shown.reverses, shown.available) == (charged, 378_000_000)
    assert "Given back" in page.text
    assert "Wrong charge" in page.text
