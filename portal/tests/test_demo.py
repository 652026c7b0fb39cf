"""The demo data: whole, honest books, made once."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from charging.models import ChargingSession, LedgerEntry
from charging.verification import verify_tenant
from notifications.models import NotificationEvent
from plans.models import PlanVersion
from portal.demo.names import STORY_NAME
from portal.tenancy.directory import tenant_of_client
from portal.tenancy.models import ApiClient, AuditEntry, Membership, Tenant
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device

COUNTED = (Account, Device, ChargingSession, LedgerEntry, NotificationEvent, AuditEntry)


def counts() -> dict[str, int]:
    found: dict[str, int] = {}
    for tenant in Tenant.objects.all():
        with tenant_scope(tenant):
            for model in COUNTED:
                found[f"{tenant.slug} {model.__name__}"] = model.objects.count()
    return found


def check_people_and_client(slug: str) -> None:
    signed_in = authenticate(username=f"pm@{slug}.example", password="demo")
    assert signed_in is not None
    roles = {m.user.email.partition("@")[0]: m.role.code for m in Membership.objects.all()}
    assert roles["admin"] == "admin"
    assert roles["pm"] == "product-manager"
    assert roles["support"] == "support"
    client = ApiClient.objects.get(client_id=f"{slug}-demo")
    assert set(client.scopes) == set(CLIENT_SCOPES)
    found = tenant_of_client(f"{slug}-demo")
    assert found is not None
    assert found.slug == slug


def check_plans() -> None:
    states: dict[str, list[str]] = {}
    for version in PlanVersion.objects.select_related("plan").order_by("number"):
        states.setdefault(version.plan.code, []).append(version.state)
    assert states == {
        "everyday-10": ["retired", "published", "draft"],
        "talk": ["published"],
        "family-50": ["draft"],
    }


def check_subscribers() -> None:
    assert Account.objects.count() == Device.objects.count() == 100
    assert Device.objects.values("imsi").distinct().count() == 100
    assert Device.objects.values("msisdn").distinct().count() == 100
    held = Counter(
        str(version) for version in PlanVersion.objects.filter(state__in=["published", "retired"])
    )
    assert held["Everyday 10 v1"] == held["Everyday 10 v2"] == 1


def check_history(now: datetime) -> None:
    assert verify_tenant() == []
    sessions = ChargingSession.objects.all()
    assert sessions.count() > 150
    assert not sessions.filter(state="open").exists()
    assert sessions.filter(last_result="SUCCESS").exists()
    assert sessions.values("device").distinct().count() >= 30
    newest = sessions.latest("opened_at").opened_at
    assert newest < now
    assert (newest - sessions.earliest("opened_at").opened_at).days >= 12
    reasons = set(LedgerEntry.objects.filter(kind="adjust").values_list("reason", flat=True))
    assert any(reason.startswith("Goodwill: ") for reason in reasons)


def check_story_account() -> None:
    """Whoever shows the product finds this one as it was sold."""
    account = Account.objects.get(name=STORY_NAME)
    kinds = set(LedgerEntry.objects.filter(account=account).values_list("kind", flat=True))
    assert kinds == {"issue"}
    assert not ChargingSession.objects.filter(account=account).exists()
    told = NotificationEvent.objects.filter(account_key=account.pk).values_list("type", flat=True)
    assert set(told) == {"subscriber.created", "device.created", "plan_subscription.started"}


def check_events() -> None:
    events = NotificationEvent.objects.order_by("position")
    assert not events.filter(position=None).exists()
    types = set(events.values_list("type", flat=True))
    assert {"subscriber.created", "account.topped_up", "bucket.threshold_crossed"} <= types
    moments = list(events.values_list("occurred_at", flat=True))
    out_of_order = sum(later < earlier for earlier, later in itertools.pairwise(moments))
    assert out_of_order <= len(moments) // 20  # sessions of one moment may report in any order


@pytest.mark.filterwarnings("ignore:No directory at")
def test_the_demo_is_whole_its_books_balance_and_it_is_made_once(committed_db: None) -> None:
    now = datetime.now(UTC)
    call_command("demo", verbosity=0)

    for slug in ("northwind", "contoso"):
        tenant = Tenant.objects.get(slug=slug)
        assert tenant.is_sandbox
        with tenant_scope(tenant):
            check_people_and_client(slug)
            check_plans()
            check_subscribers()
            check_history(now)
            check_story_account()
            check_events()

    first = counts()
    call_command("demo", verbosity=0)
    assert counts() == first
