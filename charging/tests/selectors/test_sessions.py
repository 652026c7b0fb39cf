from __future__ import annotations

from datetime import timedelta

import pytest

from charging.engine import trace
from charging.models import Bucket
from charging.selectors import SessionFilter, explain, list_sessions, session_detail, sessions_of
from charging.tests.recorded import record_message, record_session
from portal.tenancy.scope import tenant_scope
from tests import factories


@pytest.fixture
def device(account, now):
    return factories.make_device(account, public_id="dev-1", now=now)


def test_sessions_are_narrowed_by_each_part_of_a_filter(account, device, now):
    other = factories.make_device(account, public_id="dev-2", now=now)
    old = record_session(device, opened_at=now - timedelta(days=2), state="closed")
    refused = record_session(
        device, opened_at=now - timedelta(days=1), last_result="QUOTA_LIMIT_REACHED"
    )
    elsewhere = record_session(other, opened_at=now)

    def found(**wanted):
        return list(list_sessions(SessionFilter(**wanted)))

    assert found() == [elsewhere, refused, old]
    assert found(state="closed") == [old]
    assert found(result="QUOTA_LIMIT_REACHED") == [refused]
    assert found(device="dev-2") == [elsewhere]
    assert found(opened_from=now - timedelta(days=1)) == [elsewhere, refused]
    assert found(opened_before=now - timedelta(days=1)) == [old]
    assert found(device="dev-1", state="open") == [refused]
    assert list(sessions_of(account=account)) == [elsewhere, refused, old]
    assert list(sessions_of(device=other)) == [elsewhere]


def test_the_messages_of_a_session_come_in_their_order_with_what_was_decided(device, now):
    session = record_session(device, opened_at=now)
    record_message(session, "create", status=201)
    record_message(session, "update", usage=[(300, "upf-1", 1024, 5)])
    record_message(session, "sweep", status=204)

    detail = session_detail(session.ref)

    assert detail is not None
    assert [message.name for message in detail.messages] == ["Create", "Update", "Sweep"]
    assert detail.messages[1].decision.usage == [(300, "upf-1", 1024, 5)]


def test_an_explanation_names_buckets_rates_and_amounts_as_people_do(account, device, flex, now):
    sms = Bucket.objects.get(account=account, name="SMS")
    rate = flex.rates.get(service="sms")
    session = record_session(device, opened_at=now)
    record_message(
        session,
        "update",
        trace=[
            (trace.USED, 300, 104_857_600),
            (trace.SKIPPED, sms.pk, trace.EMPTY, 0),
            (trace.PRICED, 200, str(rate.key), 0, 2, 90_000_000, 1, 1, 2, 180_000_000),
        ],
    )

    [explained] = explain(session)

    texts = [sentence.text for sentence in explained.sentences]
    assert texts[0] == "Data: 100 MB used."
    assert texts[1] == "“SMS” skipped: nothing is left in it."
    assert texts[2].startswith("Flex 20 v1: ")
    assert "€0.18" in texts[2]


def test_the_session_of_another_operator_is_not_there(device, now):
    session = record_session(device, opened_at=now)

    with tenant_scope(factories.make_tenant("contoso")):
        assert session_detail(session.ref) is None
        assert not list_sessions(SessionFilter()).exists()
