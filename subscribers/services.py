"""Changes of accounts and devices: who pays, and what uses the network for them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import TenantOwned
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid, Taken
from subscribers import events, lifecycle
from subscribers.identities import InvalidIdentity, parse_gpsi, parse_supi
from subscribers.locking import lock_account
from subscribers.models import Account, Device

_ID_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: no letter that is taken for a digit when read out on the phone."""

RESERVED_IDS: Final = frozenset({"new"})
"""Words that stand for something else in the addresses of pages."""

_PATHS: Final = {"public_id": "id", "imsi": "supi", "msisdn": "gpsi"}
"""Model field → the name callers know it by."""


class StateUnchanged(Exception):
    """The account is already in the wanted state."""


class AccountTerminated(Exception):
    """A terminated account takes no changes."""


@transaction.atomic
def create_account(
    *,
    public_id: str | None = None,
    name: str = "",
    currency: str | None = None,
    time_zone: str = "",
    actor: Actor,
    now: datetime,
) -> Account:
    """Create an account without balances (`charging.services.open_account` gives it those).

    Without an id one is made; the currency is the tenant's unless given. Raises Invalid with the
    paths id, name, currency, time_zone.
    """
    if public_id in RESERVED_IDS:
        raise Invalid.at("id", f"“{public_id}” is a reserved word.")
    account = Account(
        public_id=(public_id or "").strip() or f"acc-{_random_id()}",
        name=name.strip(),
        currency=currency or current_tenant().currency,
        time_zone=time_zone,
        lock_id=0,
        state=lifecycle.lifecycle_of(current_tenant()).initial,
        state_changed_at=now,
        created_at=now,
    )
    insert(account, taken={"account_id_is_unique": FieldError("id", "This id is already in use.")})
    account.refresh_from_db(fields=["lock_id"])  # given by the database: its own key
    events.record(
        account,
        "subscriber.created",
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=now,
        payload={"account": account.public_id, "name": account.name, "currency": account.currency},
    )
    audit.record(
        "account.created",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        after=_given(name=account.name, currency=account.currency, time_zone=account.time_zone),
    )
    return account


@transaction.atomic
def create_device(
    *,
    account: Account,
    public_id: str | None = None,
    supi: str = "",
    gpsi: str = "",
    label: str = "",
    charging_characteristics: str = "",
    home_plmn: str = "",
    is_test: bool = False,
    actor: Actor,
    now: datetime,
) -> Device:
    """Add a device to an account; at least one of `supi`, `gpsi` and `public_id` names it.

    `supi` may be imsi-… or digits, `gpsi` msisdn-…, +49 … or digits. Raises Invalid with the
    paths id, supi, gpsi, label, charging_characteristics, home_plmn, and AccountTerminated.
    """
    account = lock_account(account.pk)
    _require_living(account)
    imsi, msisdn = _parse_identities(supi, gpsi)
    given_id = (public_id or "").strip()
    if not (given_id or imsi or msisdn):
        raise Invalid([FieldError("supi", "Give the device an IMSI, a number or an id.")])
    device = Device(
        account=account,
        public_id=given_id or f"dev-{_random_id()}",
        label=label.strip(),
        imsi=imsi,
        msisdn=msisdn,
        charging_characteristics=charging_characteristics.strip(),
        home_plmn=home_plmn.strip(),
        is_test=is_test,
        created_at=now,
    )
    insert(
        device,
        taken={
            "device_id_is_unique": FieldError("id", "Another device has this id."),
            "imsi_is_unique_in_its_tenant": FieldError("supi", "Another device has this IMSI."),
            "msisdn_is_unique_in_its_tenant": FieldError("gpsi", "Another device has this number."),
        },
    )
    identity = {"device": device.public_id, "supi": device.supi, "gpsi": device.gpsi}
    events.record(
        account,
        "device.created",
        subject_type="device",
        subject_id=device.public_id,
        occurred_at=now,
        payload={"account": account.public_id, **identity},
    )
    audit.record(
        "device.created",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        after=_given(**identity),
    )
    return device


@transaction.atomic
def change_account_state(
    *, account: Account, state: str, reason: str = "", actor: Actor, now: datetime
) -> Account:
    """Take an account to another state by hand: suspend, reactivate, terminate. Reported usage is
    settled in every state; what else each may do is in lifecycle.py. Raises StateUnchanged, and
    AccountTerminated: there is no way back."""
    assert state in Account.State.values, state
    account = lock_account(account.pk)
    if account.state == state:
        raise StateUnchanged
    _require_living(account)
    lifecycle.move(account, state, reason=reason, actor=actor, now=now)
    return account


def _require_living(account: Account) -> None:
    if account.state == Account.State.TERMINATED:
        raise AccountTerminated


def _given(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _random_id() -> str:
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(10))


def _parse_identities(supi: str, gpsi: str) -> tuple[str, str]:
    """The digits of both, each empty when not given. Raises Invalid for either or both."""
    digits, errors = {"supi": "", "gpsi": ""}, []
    for path, text, parse in (("supi", supi, parse_supi), ("gpsi", gpsi, parse_gpsi)):
        try:
            digits[path] = parse(text) if text.strip() else ""
        except InvalidIdentity as error:
            errors.append(FieldError(path, str(error)))
    if errors:
        raise Invalid(errors)
    return digits["supi"], digits["gpsi"]


def insert(row: TenantOwned, *, taken: dict[str, FieldError]) -> None:
    """Save a new row. Broken fields raise Invalid, the unique constraints of `taken` Taken."""
    try:
        row.clean_fields(exclude=["tenant", "account", "owner"])
    except ValidationError as error:
        raise Invalid(_field_errors(error)) from error
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        broken = _constraint_name(error)
        if broken not in taken:
            raise
        raise Taken([taken[broken]]) from error


def _field_errors(error: ValidationError) -> list[FieldError]:
    return [
        FieldError(_PATHS.get(field, field), text)
        for field, texts in error.message_dict.items()
        for text in texts
    ]


def _constraint_name(error: IntegrityError) -> Any:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
