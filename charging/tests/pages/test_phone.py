"""The phone page: what it shows, what a tap does, who is kept out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from charging.models import Burst, EmulatedExchange, EmulatedSession
from charging.tests.pages.conftest import SignIn
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from tests import factories

PHONE = "/charging/phone/dev-1/"


@pytest.fixture
def device(account: Account, now: datetime) -> Device:
    return factories.make_device(account, public_id="dev-1", msisdn="4915100000001", now=now)


@pytest.fixture
def htmx(sign_in: SignIn) -> Client:
    return sign_in("product-manager", htmx=True)


def test_the_phone_shows_balances_apps_and_how_it_works(admin, device):
    page = admin.get(PHONE).content.decode()

    assert "National data" in page
    assert "Episode" in page
    assert 'hx-ws:connect="/ws/v1/pages/phone/dev-1/"' in page
    assert "How it works" in page


def test_phones_are_found_by_any_number(admin, device):
    found = admin.get("/charging/phone/", {"q": "+49 151 0000"}).content.decode()

    assert "+49 151 0000 0001" in found
    assert "dev-1" not in admin.get("/charging/phone/", {"q": "nobody"}).content.decode()


def test_a_tap_starts_a_session_of_the_apps_size(htmx, device):
    answer = htmx.post(f"{PHONE}use/", {"app": "episode"})

    session = EmulatedSession.objects.get()
    assert answer.status_code == 200
    assert "Stop Episode" in answer.content.decode()
    assert (session.service, session.volume, session.label) == ("data", 2 * 2**30, "Episode")


def test_zero_rated_music_uses_its_own_rating_group(htmx, device):
    htmx.post(f"{PHONE}use/", {"app": "music"})

    assert EmulatedSession.objects.get().rating_group == 380


def test_a_call_goes_to_the_number_in_the_box_and_can_be_hung_up(htmx, device):
    shown = htmx.post(f"{PHONE}use/", {"app": "call", "destination": "+49 30 1234567"})
    call = EmulatedSession.objects.get()

    htmx.post(f"{PHONE}sessions/{call.public_id}/hang-up/")

    call.refresh_from_db()
    assert "+49 30 1234567" in shown.content.decode()
    assert call.volume is None
    assert call.hangs_up


def test_a_second_call_is_refused_in_words(htmx, device):
    htmx.post(f"{PHONE}use/", {"app": "call"})

    answer = htmx.post(f"{PHONE}use/", {"app": "call"})

    assert answer.status_code == 409
    assert "hang up first" in answer.headers["HX-Trigger"]
    assert EmulatedSession.objects.count() == 1


def test_an_unknown_app_starts_nothing(htmx, device):
    assert htmx.post(f"{PHONE}use/", {"app": "x"}).status_code == 422
    assert not EmulatedSession.objects.exists()


def test_another_amount_is_taken_with_its_unit(htmx, device):
    given = {"service": "data", "volume": "1.5", "volume_unit": "GB", "rating_group": "310"}

    answer = htmx.post(f"{PHONE}amount/", given)

    session = EmulatedSession.objects.get()
    assert answer.status_code == 204
    assert (session.volume, session.rating_group) == (3 * 2**29, 310)


@pytest.mark.parametrize("volume", ["", "much", "0", "-1", "99999999"])
def test_an_amount_that_cannot_be_used_is_refused_at_the_field(htmx, device, volume):
    given = {"service": "data", "volume": volume, "volume_unit": "TB"}

    answer = htmx.post(f"{PHONE}amount/", given)

    assert answer.status_code == 422
    assert answer.context["form"].errors["volume"]
    assert not EmulatedSession.objects.exists()


def test_a_burst_shows_its_progress(htmx, device):
    given = {"service": "data", "volume": "10", "sessions": "100", "concurrency": "20"}

    answer = htmx.post(f"{PHONE}burst/", given)

    burst = Burst.objects.get()
    assert (burst.volume, burst.sessions, burst.concurrency) == (10 * 2**20, 100, 20)
    assert 'max="100" value="0"' in answer.content.decode()


def test_a_burst_that_makes_no_sense_keeps_what_was_typed(htmx, device):
    answer = htmx.post(
        f"{PHONE}burst/", {"service": "sms", "volume": "1.5", "sessions": "x", "concurrency": "50"}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="1.5"' in page
    assert 'value="x"' in page
    assert not Burst.objects.exists()


@pytest.fixture
def exchange(device: Device, now: datetime) -> EmulatedExchange:
    session = EmulatedSession.objects.create(device=device, service="data", label="Podcast")
    return EmulatedExchange.objects.create(
        session=session,
        at=now + timedelta(seconds=1),
        operation="create",
        sequence_number=0,
        status=201,
        result="SUCCESS",
        requested=100 * 2**20,
        granted=50 * 2**20,
        is_final=True,
        url="http://chf/nchf-convergedcharging/v3/chargingdata",
        request={"subscriberIdentifier": "it's me"},
        answer={"invocationSequenceNumber": 0},
    )


def test_the_log_tells_a_message_in_the_words_of_n40(admin, exchange):
    page = admin.get(PHONE).content.decode()

    assert "Create · Podcast · asked 100 MB · granted 50 MB of it · final units" in page
    assert "How it works" not in page


def test_a_row_opens_to_request_answer_and_a_command_to_repeat_it(admin, exchange):
    page = admin.get(f"{PHONE}messages/{exchange.pk}/").content.decode()

    assert "invocationSequenceNumber" in page
    assert "curl --http2-prior-knowledge" in page


def test_another_operators_phone_is_not_there(sign_in, device):
    other = factories.make_tenant("contoso")
    stranger = sign_in("admin", tenant=other)

    assert stranger.get(PHONE).status_code == 404
    assert stranger.post(f"{PHONE}use/", {"app": "episode"}).status_code == 404


def test_a_viewer_may_not_use_the_emulator(sign_in, device):
    assert sign_in("viewer").get(PHONE).status_code == 403


def test_live_devices_are_not_offered(db, sign_in, now):
    live = factories.make_tenant("live", is_sandbox=False)
    with tenant_scope(live):
        factories.make_device(factories.make_account(now=now), public_id="dev-1", now=now)
    somebody = sign_in("admin", tenant=live)

    assert somebody.get(PHONE).status_code == 404
    assert "No test phone" in somebody.get("/charging/phone/").content.decode()


def test_the_phone_list_costs_the_same_however_many_there_are(
    admin, account, device, now, django_assert_max_num_queries
):
    for _ in range(10):
        factories.make_device(account, now=now)

    with django_assert_max_num_queries(14):
        admin.get("/charging/phone/")
