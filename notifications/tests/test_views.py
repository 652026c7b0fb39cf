"""The pages: found, filtered, opened; webhooks added, tried and refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from notifications import publisher
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.tests.conftest import Record, crossing
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.scope import tenant_scope
from tests import factories

HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def browser(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(factories.make_user(tenant, "admin"))
    return client


@pytest.fixture
def events(record: Record, now: datetime) -> None:
    record("account.topped_up", account="acc-1")
    record("bucket.threshold_crossed", account="acc-2", payload=crossing())
    publisher.publish_waiting(now=now)


def test_events_are_listed_newest_first(browser, events):
    page = browser.get("/notifications/")

    assert [row.event.position for row in page.context["rows"]] == [2, 1]
    assert "National data: 3 GB left." in page.content.decode()


def test_the_list_is_narrowed_by_type(browser, events):
    page = browser.get("/notifications/", {"type": "account.topped_up"})

    assert [row.event.position for row in page.context["rows"]] == [1]


def test_no_match_offers_to_clear_the_filters(browser, events):
    page = browser.get("/notifications/", {"account": "nobody"})

    assert "Nothing matches" in page.content.decode()


def test_long_lists_are_paged_by_position(browser, record, now):
    for _ in range(60):
        record()
    publisher.publish_waiting(now=now)

    first = browser.get("/notifications/").context["page"]
    second = browser.get(f"/notifications/{first.older_url}").context["page"]

    assert (first.rows[0].position, first.rows[-1].position) == (60, 11)
    assert (second.rows[0].position, second.rows[-1].position) == (10, 1)
    assert (second.older_url, second.newest_url) == ("", "?")


def test_htmx_gets_the_rows_alone(browser, events):
    page = browser.get("/notifications/", headers=HTMX).content.decode()

    assert 'id="notification-rows"' in page
    assert "<html" not in page


def test_an_event_opens_to_its_payload_and_the_other_shapes(browser, events):
    page = browser.get("/notifications/2/").content.decode()

    assert "CounterThreshold" in page
    assert "notificationinformation" in page


def test_the_address_of_an_event_is_a_page_and_the_list_gets_its_inner_part(browser, events):
    page = browser.get("/notifications/2/").content.decode()
    part = browser.get("/notifications/2/", headers=HTMX).content.decode()

    assert "<html" in page
    assert "<html" not in part
    assert "As streamed and delivered" in part


def test_an_event_of_another_operator_is_not_there(browser, other_tenant, record, now):
    record(of=other_tenant)
    publisher.publish_waiting(now=now)

    assert browser.get("/notifications/1/").status_code == 404
    assert browser.get("/notifications/").context["rows"] == []


def test_adding_a_webhook_shows_its_secret_once(browser, tenant):
    given = {"url": "https://hooks.example.com/x", "event_types": ["bucket.exhausted"]}

    answer = browser.post("/notifications/webhooks/new/", given, headers=HTMX)

    with tenant_scope(tenant):
        endpoint = WebhookEndpoint.objects.get()
    assert "whsec_" in answer.content.decode()
    assert "whsec_" not in endpoint.sealed_secret
    page = browser.get(f"/notifications/webhooks/{endpoint.public_id}/").content.decode()
    assert "whsec_" not in page
    assert endpoint.event_types == ["bucket.exhausted"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "Enter the address to call."),
        ("https://10.0.0.1/", "10.0.0.1 is not a public address."),
        ("gopher://example.com", "begins with https://"),
    ],
)
def test_a_bad_address_is_refused_at_its_field_and_kept(browser, tenant, url, message):
    answer = browser.post(
        "/notifications/webhooks/new/", {"url": url, "description": "CRM"}, headers=HTMX
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert 'value="CRM"' in page
    with tenant_scope(tenant):
        assert not WebhookEndpoint.objects.exists()


@pytest.fixture
def endpoint(tenant: Tenant) -> WebhookEndpoint:
    with tenant_scope(tenant):
        return WebhookEndpoint.objects.create(url="https://hooks.example.com/")


def test_changing_a_webhook_leaves_a_trace(browser, tenant, endpoint):
    address = f"/notifications/webhooks/{endpoint.public_id}/"

    answer = browser.post(f"{address}edit/", {"url": "https://other.example.com/"}, headers=HTMX)

    assert answer.headers["HX-Redirect"] == address
    with tenant_scope(tenant):
        trace = AuditEntry.objects.get(action="webhook.changed")
    assert trace.before["url"] == "https://hooks.example.com/"
    assert trace.after == {**trace.after, "url": "https://other.example.com/", "is_enabled": False}


def test_a_new_secret_replaces_the_old(browser, tenant, endpoint):
    answer = browser.post(f"/notifications/webhooks/{endpoint.public_id}/secret/", headers=HTMX)

    assert "whsec_" in answer.content.decode()
    with tenant_scope(tenant):
        assert WebhookEndpoint.objects.get().sealed_secret != endpoint.sealed_secret


def test_the_delivery_log_offers_to_send_again(browser, tenant, endpoint, record, now):
    record()
    publisher.publish_waiting(now=now)
    with tenant_scope(tenant):
        WebhookDelivery.objects.update(state="failed", attempts=10, next_attempt_at=None)
    address = f"/notifications/webhooks/{endpoint.public_id}/"

    answer = browser.post(f"{address}deliveries/1/resend/", headers=HTMX)

    assert answer.status_code == 204
    with tenant_scope(tenant):
        delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_removing_a_webhook_leaves_its_events(browser, tenant, endpoint, record, now):
    record()
    publisher.publish_waiting(now=now)

    browser.post(f"/notifications/webhooks/{endpoint.public_id}/remove/")

    with tenant_scope(tenant):
        assert not WebhookEndpoint.objects.exists()
    assert len(browser.get("/notifications/").context["rows"]) == 1


def test_another_operators_webhook_is_not_there(tenant, other_tenant, endpoint):
    stranger = Client()
    stranger.force_login(factories.make_user(other_tenant, "admin"))

    assert stranger.get(f"/notifications/webhooks/{endpoint.public_id}/").status_code == 404


def test_support_may_not_manage_webhooks(tenant):
    client = Client()
    client.force_login(factories.make_user(tenant, "support"))

    assert client.get("/notifications/").status_code == 200
    assert client.get("/notifications/webhooks/").status_code == 403
