from __future__ import annotations

import csv
import io

import pytest

from charging import services
from charging.models import Bucket, LedgerEntry
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from tests import factories

ACCOUNT = "/accounts/acc-1/"


@pytest.fixture
def device(account, now):
    return factories.make_device(
        account, public_id="dev-1", imsi="001010000000001", msisdn="4915100000001", now=now
    )


# ── finding ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["%2B49 151", "imsi-00101", "acc-1", "dev-1"])
def test_the_list_finds_an_account_by_any_number(admin, account, device, text):
    answer = admin.get(f"/accounts/?q={text}")

    assert answer.status_code == 200
    assert 'href="/accounts/acc-1/"' in answer.text
    assert "+49 151 0000 0001" in answer.text
    assert "Flex 20 v1" in answer.text


def test_a_search_without_a_match_repeats_the_text_and_offers_a_way_back(admin, account):
    answer = admin.get("/accounts/?q=<b>nobody")

    assert "Nothing found for “&lt;b&gt;nobody”" in answer.text
    assert "Clear the search" in answer.text


def test_an_operator_without_accounts_is_told_what_they_are(admin, northwind):
    answer = admin.get("/accounts/")

    assert "No account yet" in answer.text
    assert 'href="/accounts/new/"' in answer.text


def test_a_viewer_is_not_offered_what_a_viewer_may_not_do(sign_in, account):
    viewer = sign_in("viewer")

    assert "/accounts/new/" not in viewer.get("/accounts/").text
    shown = viewer.get(ACCOUNT).text
    for path in ("top-up/", "adjust/", "plan/", "state/", "devices/new/"):
        assert f"{ACCOUNT}{path}" not in shown


def test_htmx_gets_the_rows_and_a_browser_the_page(admin, sign_in, account):
    fragment = sign_in("support", htmx=True).get("/accounts/?q=acc")

    assert fragment.text.lstrip().startswith('<section class="card" id="account-rows"')
    assert "<!doctype html>" in admin.get("/accounts/?q=acc").text
    assert "HX-Request" in fragment.headers["Vary"]


def test_the_list_is_paged_by_key_in_both_directions(admin, northwind, now):
    for number in range(60):
        factories.make_account(f"n-{number:02}", now=now)

    first = admin.get("/accounts/").context["page"]
    assert [row.public_id for row in first.rows] == [f"n-{n:02}" for n in range(59, 34, -1)]
    assert first.newer_url == ""

    second = admin.get(f"/accounts/{first.older_url}").context["page"]
    assert [row.public_id for row in second.rows] == [f"n-{n:02}" for n in range(34, 9, -1)]

    last = admin.get(f"/accounts/{second.older_url}").context["page"]
    assert [row.public_id for row in last.rows] == [f"n-{n:02}" for n in range(9, -1, -1)]
    assert last.older_url == ""

    back = admin.get(f"/accounts/{last.newer_url}").context["page"]
    assert back.rows == second.rows


@pytest.mark.parametrize("query", ["before=x", "after=-1", "before=" + "9" * 40, "state=nonsense"])
def test_a_query_that_means_nothing_is_ignored(admin, account, query):
    assert len(admin.get(f"/accounts/?{query}").context["page"].rows) == 1


def test_the_list_costs_the_same_for_one_account_and_for_many(
    admin, flex, now, django_assert_max_num_queries
):
    for _ in range(25):
        factories.make_device(factories.make_account(plan_code="flex-20", now=now), now=now)

    with django_assert_max_num_queries(12):
        admin.get("/accounts/")


# ── creating ─────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_created_with_its_plan_and_device(admin, flex):
    answer = admin.post(
        "/accounts/new/",
        {
            "id": "crm-1",
            "name": "Lena Vogt",
            "plan": "flex-20",
            "gpsi": "+49 151 0000 0001",
            "supi": "001010000000001",
            "label": "Phone",
            "is_test": "on",
        },
    )

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/crm-1/"
    device = Device.objects.get(account__public_id="crm-1")
    assert (device.imsi, device.msisdn, device.is_test) == (
        "001010000000001",
        "4915100000001",
        True,
    )
    assert Bucket.objects.filter(account__public_id="crm-1").count() == 4


def test_a_bad_device_creates_no_account_and_keeps_what_was_typed(admin, flex):
    answer = admin.post(
        "/accounts/new/", {"id": "crm-1", "name": "Lena", "plan": "flex-20", "supi": "12"}
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "supi": ["Write imsi- and 5 to 15 digits, e.g. imsi-001010000000001."]
    }
    assert 'value="Lena"' in answer.text
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"id": "acc-1"}, "id"),
        ({"id": "no spaces"}, "id"),
        ({"plan": "gone"}, "plan"),
        ({"label": "Phone"}, "gpsi"),
        ({"gpsi": "one"}, "gpsi"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_said_at_its_field(admin, account, typed, field):
    answer = admin.post("/accounts/new/", {"name": "Lena", **typed})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Account.objects.count() == 1


# ── the page of one account ──────────────────────────────────────────────────────────────────


def test_the_page_shows_who_it_is_what_is_left_and_what_moved(admin, account, device):
    shown = admin.get(ACCOUNT).text

    assert "<h1>+49 151 0000 0001</h1>" in shown
    assert "Flex 20 v1 · renews" in shown
    assert 'aria-label="National data: 100 percent left"' in shown
    assert 'hx-ws:connect="/ws/v1/pages/account/acc-1/"' in shown
    assert 'id="ledger-rows"' in shown


@pytest.mark.parametrize("tab", ["ledger", "sessions", "notifications", "plans", "audit", "no"])
def test_every_tab_opens(admin, account, tab):
    assert admin.get(f"{ACCOUNT}?tab={tab}").status_code == 200


def test_the_audit_tab_is_there_for_those_who_may_see_it(admin, sign_in, account):
    assert "?tab=audit" in admin.get(ACCOUNT).text
    support = sign_in("support")
    assert "?tab=audit" not in support.get(ACCOUNT).text
    assert support.get(f"{ACCOUNT}?tab=audit").context["tab_template"].endswith("ledger.html")


def test_the_page_costs_a_fixed_number_of_queries(
    admin, account, device, now, django_assert_max_num_queries
):
    for number in range(30):
        factories.top_up(account, "1.00", now=now, request_key=f"k-{number}")

    with django_assert_max_num_queries(24):
        admin.get(ACCOUNT)


def test_another_operators_account_is_not_there(sign_in, account):
    stranger = sign_in(tenant=factories.make_tenant("contoso"))

    for path in ("", "live/", "balances/", "ledger.csv"):
        assert stranger.get(f"{ACCOUNT}{path}").status_code == 404


def test_an_account_of_the_same_name_is_ones_own(sign_in, account, now):
    contoso = factories.make_tenant("contoso")
    with tenant_scope(contoso):
        factories.make_account("acc-1", now=now)

    shown = sign_in(tenant=contoso).get(ACCOUNT).text

    assert "National data" not in shown


@pytest.mark.parametrize("path", ["/accounts/acc%00/", "/charging/sessions/a%00b/"])
def test_an_address_with_a_zero_byte_leads_nowhere(admin, account, path):
    assert admin.get(path).status_code == 404


def test_a_stranger_is_asked_to_sign_in(client, account):
    answer = client.get(ACCOUNT)

    assert answer.status_code == 302
    assert "next=/accounts/acc-1/" in answer.headers["Location"]


def test_a_low_balance_is_shown_as_low_with_its_mark(admin, account):
    """60 of 300 minutes: exactly 20 %, which is low."""
    Bucket.objects.filter(name="Voice").update(available=3_600, used=14_400)

    shown = admin.get(f"{ACCOUNT}balances/").text

    assert "20 % left" in shown
    assert 'class="meter-tick is-low" x1="20%"' in shown
    assert "tone-warn" in shown


def test_the_parts_that_change_live_are_given_alone(admin, account):
    shown = admin.get(f"{ACCOUNT}live/").text

    assert shown.count("<hx-partial") == 2
    assert 'hx-target="#balances"' in shown
    assert 'hx-target="#ledger-rows"' in shown


# ── the ledger ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def moved(account, now):
    """10 up, 3 down, and some SMS."""
    factories.top_up(account, "10.00", now=now)
    money = Bucket.objects.get(account=account, service="money")
    services.adjust_bucket(
        bucket=money,
        delta=-3 * 10**9,
        reason="other",
        note="=1+1",
        actor=SYSTEM,
        now=now,
    )
    return money


def rows_of(answer) -> list[tuple[str, str]]:
    return [(row.entry.bucket.name, row.entry.kind) for row in answer.context["rows"]]


def test_the_ledger_is_filtered_by_balance_and_kind(admin, account, moved):
    assert rows_of(admin.get(f"{ACCOUNT}?bucket={moved.ref}")) == [
        ("Main balance", "adjust"),
        ("Main balance", "issue"),
    ]
    assert rows_of(admin.get(f"{ACCOUNT}?kind=adjust")) == [("Main balance", "adjust")]
    assert len(rows_of(admin.get(ACCOUNT))) == 5


def test_reservations_are_in_the_ledger_for_those_who_ask(admin, account, now):
    sms = Bucket.objects.get(account=account, name="SMS")
    LedgerEntry.objects.create(
        account=account,
        bucket=sms,
        kind="reserve",
        available=-1,
        reserved=1,
        available_after=499,
        at=now,
    )

    assert ("SMS", "reserve") not in rows_of(admin.get(ACCOUNT))
    answer = admin.get(f"{ACCOUNT}?kind=all")
    assert ("SMS", "reserve") in rows_of(answer)
    assert "+1 SMS reserved" in answer.text


def test_only_the_unfiltered_newest_rows_are_followed_live(admin, account, moved):
    assert 'id="ledger-rows"' in admin.get(ACCOUNT).text
    assert 'id="ledger-rows"' not in admin.get(f"{ACCOUNT}?kind=adjust").text


def test_the_ledger_is_exported_exactly_and_harmlessly(admin, account, moved):
    answer = admin.get(f"{ACCOUNT}ledger.csv?bucket={moved.ref}&kind=all")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["kind"], row["available"], row["available_after"]) for row in rows] == [
        ("adjust", "-3000000000", "7000000000"),
        ("issue", "10000000000", "10000000000"),
    ]
    assert rows[0]["reason"] == "'=1+1", "not a formula"
    assert rows[0]["unit"] == "NANO_MONEY"


# ── the phone ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("is_sandbox", "is_test", "is_offered"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_the_phone_is_offered_where_the_emulator_may_use_the_device(
    sign_in, now, is_sandbox, is_test, is_offered
):
    tenant = factories.make_tenant("fabrikam", is_sandbox=is_sandbox)
    with tenant_scope(tenant):
        account = factories.make_account("acc-9", now=now)
        device = factories.make_device(account, public_id="dev-9", now=now)
        Device.objects.filter(pk=device.pk).update(is_test=is_test)

    shown = sign_in(tenant=tenant).get("/accounts/acc-9/").text

    assert ("/charging/phone/dev-9/" in shown) is is_offered
