from __future__ import annotations

import pytest

from notifications.models import NotificationEvent
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import AuditEntry
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid
from subscribers import services
from subscribers.models import Account
from tests import factories


def errors_of(invalid) -> dict[str, str]:
    return {error.path: error.message for error in invalid.value.errors}


def create(now, **fields) -> Account:
    return services.create_account(**{"actor": SYSTEM, "now": now, **fields})


def test_an_account_takes_the_tenants_currency_and_locks_itself(northwind, now):
    account = create(now, public_id="crm-17", name=" Lena Vogt ")

    stored = Account.objects.get(public_id="crm-17")
    assert stored == account
    assert (stored.name, stored.currency, stored.lock_id) == ("Lena Vogt", "EUR", stored.pk)
    assert account.lock_id == account.pk
    assert stored.zone.key == "Europe/Berlin"


def test_an_account_without_an_id_gets_one_that_can_be_read_aloud(northwind, now):
    account = create(now)

    prefix, _, rest = account.public_id.partition("-")
    assert prefix == "acc"
    assert len(rest) == 10
    assert not set(rest) & set("ilou")


def test_a_new_account_is_an_event_and_an_audit_entry(northwind, now):
    account = create(now, public_id="crm-17")

    event = NotificationEvent.objects.get(type="subscriber.created")
    assert (event.account_id, event.account_key, event.account_seq) == ("crm-17", account.pk, 1)
    assert event.occurred_at == now
    entry = AuditEntry.objects.get(action="account.created")
    assert (entry.subject_id, entry.actor_name) == ("crm-17", "System")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"public_id": "a b"}, "id"),
        ({"public_id": "x" * 65}, "id"),
        ({"public_id": "new"}, "id"),
        ({"name": "x" * 121}, "name"),
        ({"currency": "euro"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_created(northwind, now, fields, path):
    with pytest.raises(Invalid) as invalid:
        create(now, **fields)

    assert list(errors_of(invalid)) == [path]
    assert not Account.objects.exists()
    assert not NotificationEvent.objects.exists()


def test_an_id_is_unique_within_its_tenant_only(account, now):
    with pytest.raises(Invalid) as invalid:
        create(now, public_id=account.public_id)
    assert errors_of(invalid) == {"id": "This id is already in use."}

    contoso = factories.make_tenant("contoso")
    with tenant_scope(contoso):
        assert create(now, public_id=account.public_id).pk != account.pk


def add_device(account, now, **fields):
    return services.create_device(**{"account": account, "actor": SYSTEM, "now": now, **fields})


def test_a_device_keeps_the_digits_of_its_identities(account, now):
    device = add_device(account, now, supi="imsi-001010000000001", gpsi="+49 151 0000 0001")

    device.refresh_from_db()
    assert (device.imsi, device.msisdn) == ("001010000000001", "4915100000001")
    assert (device.supi, device.gpsi) == ("imsi-001010000000001", "msisdn-4915100000001")
    event = NotificationEvent.objects.get(type="device.created")
    assert event.payload["device"] == device.public_id
    assert event.account_seq == 2


def test_a_device_may_have_nothing_but_an_id(account, now):
    assert add_device(account, now, public_id="meter-7").public_id == "meter-7"


def test_a_device_without_any_identity_is_refused(account, now):
    with pytest.raises(Invalid) as invalid:
        add_device(account, now, label="Phone")

    assert list(errors_of(invalid)) == ["supi"]


def test_both_bad_identities_are_named_at_once(account, now):
    with pytest.raises(Invalid) as invalid:
        add_device(account, now, supi="12", gpsi="one")

    assert list(errors_of(invalid)) == ["supi", "gpsi"]


def test_charging_characteristics_are_hexadecimal_digits(account, now):
    with pytest.raises(Invalid) as invalid:
        add_device(account, now, public_id="a", charging_characteristics="0x8", home_plmn="26")

    assert list(errors_of(invalid)) == ["charging_characteristics", "home_plmn"]


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("supi", "imsi-001010000000001", "supi"),
        ("gpsi", "msisdn-4915100000001", "gpsi"),
        ("public_id", "dev-1", "id"),
    ],
)
def test_an_identity_belongs_to_one_device(account, now, field, value, path):
    add_device(account, now, **{field: value})

    with pytest.raises(Invalid) as invalid:
        add_device(account, now, **{field: value})

    assert list(errors_of(invalid)) == [path]


def change_state(account, state, now):
    return services.change_account_state(
        account=account, state=state, reason="fraud check", actor=SYSTEM, now=now
    )


def test_a_suspended_account_can_be_reactivated_and_both_are_told(account, now):
    change_state(account, "suspended", now)
    change_state(account, "active", now)

    account.refresh_from_db()
    assert account.state == "active"
    events = NotificationEvent.objects.filter(type="account.state_changed").order_by("account_seq")
    assert [(event.payload["before"], event.payload["after"]) for event in events] == [
        ("active", "suspended"),
        ("suspended", "active"),
    ]
    assert AuditEntry.objects.filter(reason="fraud check").count() == 2


def test_the_same_state_twice_is_refused(account, now):
    with pytest.raises(services.StateUnchanged):
        change_state(account, "active", now)


def test_a_terminated_account_stays_as_it_is(account, now):
    change_state(account, "terminated", now)

    with pytest.raises(services.AccountTerminated):
        change_state(account, "active", now)
    with pytest.raises(services.AccountTerminated):
        add_device(account, now, public_id="late")
