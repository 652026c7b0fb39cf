from __future__ import annotations

import pytest
from django.db import connection

from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.selectors import find_account, find_device, search_accounts
from subscribers.services import create_account, create_device
from tests import factories


@pytest.fixture
def lena(northwind, now):
    account = create_account(public_id="crm-17", name="Lena Vogt", actor=SYSTEM, now=now)
    create_device(
        account=account,
        public_id="phone-1",
        supi="imsi-001010000000001",
        gpsi="+49 151 0000 0001",
        actor=SYSTEM,
        now=now,
    )
    return account


@pytest.fixture
def jonas(northwind, now):
    account = create_account(public_id="crm-18", name="Jonas Weber", actor=SYSTEM, now=now)
    create_device(
        account=account, supi="imsi-001010000000002", gpsi="+49151222", actor=SYSTEM, now=now
    )
    return account


@pytest.mark.parametrize(
    "text",
    [
        "crm-17",
        "Lena",
        "lena v",
        "vogt",
        "VOGT",
        "vogt lena",
        "phone-1",
        "imsi-001010000000001",
        "001010000000001",
        "+49 151 0000 0001",
        "msisdn-4915100000001",
        "4915100",
        "0001",
        "000 0001",
        "0151 0000 0001",
        "  crm-17 ",
    ],
)
def test_an_account_is_found_by_whatever_number_is_at_hand(lena, jonas, text):
    assert list(search_accounts(text)) == [lena]


@pytest.mark.parametrize("text", ["crm", "0010100000", "+49 151"])
def test_what_both_begin_with_finds_both_the_newest_first(lena, jonas, text):
    assert list(search_accounts(text)) == [jonas, lena]


@pytest.mark.parametrize(
    "text",
    [
        "nobody",
        "999",
        "01",
        "0152 0000 0001",
        "%",
        "_",
        "' OR 1=1",
        "\\",
        "a:b & !c | (d)",
        "🙂",
        "\0",
        "crm-17\0",
        "49151000000012345",
        "x" * 1_000,
    ],
)
def test_what_nobody_has_finds_nobody(lena, text):
    assert not search_accounts(text).exists()


def test_no_text_finds_all(lena, jonas):
    assert search_accounts(" ").count() == 2


def test_the_search_function_answers_for_the_open_scope_only(lena):
    """It runs as its owner, whom no policy holds."""
    contoso = factories.make_tenant("contoso")

    def found() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM subscribers_find_accounts(%s, %s, %s, %s)",
                ["crm", "49151", "'lena':*", 10],
            )
            return cursor.fetchone()[0]

    assert found() == 1
    with tenant_scope(contoso):
        assert found() == 0


def test_the_search_by_last_digits_answers_for_the_open_scope_only(lena):
    with tenant_scope(factories.make_tenant("contoso")), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subscribers_find_by_last_digits('0001', 10)")
        assert cursor.fetchone()[0] == 0


def test_another_tenants_account_is_not_found(lena):
    with tenant_scope(factories.make_tenant("contoso")):
        assert not search_accounts("Lena").exists()
        assert find_account("crm-17") is None
        assert find_device("imsi-001010000000001") is None


@pytest.mark.parametrize(
    "identifier",
    ["imsi-001010000000001", "msisdn-4915100000001", "phone-1", "4915100000001", "001010000000001"],
)
def test_a_device_is_found_by_each_of_its_identities(lena, identifier):
    device = find_device(identifier)

    assert device is not None
    assert device.account == lena


@pytest.mark.parametrize(
    "identifier", ["", "imsi-", "msisdn-", "phone", "imsi-4915100000001", "phone-1\0"]
)
def test_what_identifies_no_device_finds_none(lena, identifier):
    assert find_device(identifier) is None
