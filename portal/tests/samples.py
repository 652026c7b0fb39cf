"""One object of every kind that an address can name, all of one operator.

A new address with a parameter needs a line in `arguments_for`: the walk over all addresses fails
until it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from charging import ledger
from charging.ledger import Cause
from charging.models import (
    Bucket,
    Burst,
    ChargingSession,
    EmulatedExchange,
    EmulatedSession,
    LedgerEntry,
)
from charging.refs import make_ref
from notifications.models import NotificationEvent, WebhookDelivery, WebhookEndpoint
from notifications.publisher import publish_batch
from plans.reference.services import (
    DestinationGroupSpec,
    ZoneSpec,
    save_destination_group,
    save_holiday,
    save_zone,
)
from plans.services import create_draft
from portal.tenancy import clients
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import ApiClient, Role, Tenant, User
from portal.tenancy.scope import tenant_scope
from portal.tenancy.secrets import seal
from portal.tenancy.services import add_member, create_role
from portal.tests.addresses import Address
from subscribers.models import Account, Device, PlanSubscription
from subscribers.sharing import create_group
from tests import factories

MARK = "zq7-sample"
"""In every name, so that it shows when somebody else gets to see it."""


HOLIDAY = date(2026, 12, 25)

QUERIES = {"plan-row": "?service=data"}
"""What an address cannot do without beside its parameters."""


@dataclass
class Samples:
    """What belongs to the operator under test."""

    tenant: Tenant
    account: Account
    device: Device
    bucket: Bucket
    charge: LedgerEntry
    session: ChargingSession
    emulated: EmulatedSession
    exchange: EmulatedExchange
    burst: Burst
    client: ApiClient
    invited: User
    held: PlanSubscription
    webhook: WebhookEndpoint
    delivery: WebhookDelivery
    event: NotificationEvent

    def path_of(self, address: Address) -> str:
        return address.path(self.arguments_for(address)) + QUERIES.get(address.name, "")

    def arguments_for(self, address: Address) -> dict[str, object]:
        """Values for the address's parameters, by its name or else by theirs."""
        known: dict[str, object] = {
            "code": MARK,
            "number": 2,
            "account_id": self.account.public_id,
            "held_id": self.held.public_id,
            "device_id": self.device.public_id,
            "ref": self.session.ref,
            "email": self.invited.email,
            "client_id": self.client.client_id,
            "session_id": self.emulated.public_id,
            "position": self.event.position,
            "endpoint_id": self.webhook.public_id,
            "rest": "v1/nothing/",
            "token": "none",
        }
        special: dict[str, dict[str, object]] = {
            "account-bucket": {
                "account_id": self.account.public_id,
                "bucket_ref": self.bucket.ref,
            },
            "phone-exchange": {"key": self.exchange.pk},
            "rating-group": {"number": 300},
            "api-rating-group": {"number": 300},
            "holiday-delete": {"day": HOLIDAY},
            "api-holiday": {"day": HOLIDAY},
            "plan-row": {"kind": "allowance"},
            "plan-retire": {"number": 1},
            "api-account": {"id": self.account.public_id},
            "api-balances": {"id": self.account.public_id},
            "api-topups": {"id": self.account.public_id},
            "account-reverse": {
                "account_id": self.account.public_id,
                "entry_ref": self.charge.ref,
            },
            "account-share": {
                "account_id": self.account.public_id,
                "bucket_ref": self.bucket.ref,
            },
            "api-balance": {"id": self.account.public_id, "bucket": self.bucket.ref},
            "api-account-state": {"id": self.account.public_id},
            "api-parent": {"id": self.account.public_id},
            "api-counters": {"id": self.account.public_id},
            "api-ledger": {"id": self.account.public_id},
            "api-transfers": {"id": self.account.public_id},
            "api-reversals": {"id": self.account.public_id},
            **{
                f"api-held-plan{act}": {
                    "id": self.account.public_id,
                    "subscription": self.held.public_id,
                }
                for act in (
                    *("s", "", "-periods", "-cancel", "-change", "-undo", "-quantity"),
                    "-overrides",
                )
            },
            "api-device": {"id": self.device.public_id},
            "api-usage": {"id": self.device.public_id},
            "api-emulated-session": {"id": self.emulated.public_id},
            "welcome": {"key": "MQ"},
        }
        given = {**known, **special.get(address.name, {})}
        return {name: given[name] for name in address.parameters}


def make_samples(tenant: Tenant) -> Samples:
    """Everything, through the services where there are any."""
    now = datetime.now(UTC)
    with tenant_scope(tenant):
        _make_reference(now)
        version = factories.make_published_plan(MARK, name=MARK, now=now)
        create_draft(plan=version.plan, actor=SYSTEM, now=now)
        account = factories.make_account(MARK, plan_code=MARK, now=now)
        device = factories.make_device(account, public_id=f"{MARK}-device", now=now)
        emulated = EmulatedSession.objects.create(
            device=device, service="data", volume=1, label=MARK, created_at=now
        )
        create_group(code=MARK, name=MARK, owner=account, actor=SYSTEM, now=now)
        create_role(name=MARK, permissions=["plans.view"], actor=SYSTEM, now=now)
        webhook, delivery, event = _make_webhook(now)
        return Samples(
            tenant=tenant,
            account=account,
            device=device,
            held=PlanSubscription.objects.get(account=account),
            bucket=Bucket.objects.filter(account=account, service="data").get(),
            charge=_make_charge(account, now),
            session=_make_session(account, device, now),
            emulated=emulated,
            exchange=EmulatedExchange.objects.create(
                session=emulated, at=now, operation="create", sequence_number=0
            ),
            burst=Burst.objects.create(device=device, service="data", volume=1, sessions=1),
            client=clients.create_client(
                name=MARK, scopes=["plans.view"], actor=SYSTEM, now=now, client_id=MARK
            )[0],
            invited=_invite(now),
            webhook=webhook,
            delivery=delivery,
            event=event,
        )


def _make_charge(account: Account, now: datetime) -> LedgerEntry:
    bucket = Bucket.objects.get(account=account, service="data")
    cause = Cause(actor=SYSTEM, now=now, reason=MARK)
    with transaction.atomic():
        return ledger.spend(account=account, bucket=bucket, amount=1, cause=cause)


def _make_session(account: Account, device: Device, now: datetime) -> ChargingSession:
    return ChargingSession.objects.create(
        account=account,
        device=device,
        ref=make_ref(account.pk),
        subscriber_identifier=device.supi,
        opened_at=now,
        last_request_at=now,
        deadline_at=now + timedelta(hours=1),
    )


def _make_reference(now: datetime) -> None:
    """Destination group and zone are called by the plan's code."""
    group = DestinationGroupSpec(code=MARK, name=MARK)
    save_destination_group(spec=group, actor=SYSTEM, now=now)
    save_zone(spec=ZoneSpec(code=MARK, name=MARK, countries=("262",)), actor=SYSTEM, now=now)
    save_holiday(date=HOLIDAY, name=MARK, actor=SYSTEM, now=now)


def _invite(now: datetime) -> User:
    role = Role.objects.get(code="viewer")
    email = f"{MARK}@northwind.example"
    return add_member(email=email, name=MARK, role=role, actor=SYSTEM, now=now).user


def _make_webhook(now: datetime) -> tuple[Any, Any, Any]:
    webhook = WebhookEndpoint.objects.create(
        url=f"https://{MARK}.example/", sealed_secret=seal("secret")
    )
    publish_batch(now=now)
    delivery = WebhookDelivery.objects.filter(endpoint=webhook).first()
    assert delivery is not None
    return webhook, delivery, delivery.event
