"""Finding accounts and devices by whatever number somebody has in hand."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from plans.models import PlanVersion
from plans.selectors import with_parts
from subscribers.clock import account_time
from subscribers.identities import digits_typed
from subscribers.models import Account, Device, PlanSubscription
from subscribers.search import is_account_meant

NUL = "\0"
"""PostgreSQL refuses it in texts; nobody's id or name has it."""


def list_accounts() -> QuerySet[Account]:
    """All accounts, the newest first."""
    return Account.objects.order_by("-pk")


def search_accounts(text: str) -> QuerySet[Account]:
    """Accounts by an id, device id, IMSI or phone number that begins with `text`, by the last
    four or more digits of a number, or by the beginnings of words of their name; newest first.

    `text` may be written as people and the network do: +49 151 …, msisdn-…, imsi-…. An empty
    text finds all.
    """
    text = text.strip()
    if NUL in text:
        return Account.objects.none()
    return list_accounts().filter(is_account_meant(text)) if text else list_accounts()


def find_account(public_id: str) -> Account | None:
    """The account of this id."""
    if NUL in public_id:
        return None
    accounts = Account.objects.select_related("tenant", "parent", "shared_group")
    return accounts.filter(public_id=public_id).first()


def find_device(identifier: str) -> Device | None:
    """The device of a SUPI (imsi-…), a GPSI (msisdn-…), its id, or the bare digits of either."""
    if NUL in identifier:
        return None
    devices = Device.objects.select_related("account")
    if identifier.startswith("imsi-"):
        return devices.filter(imsi=identifier[5:]).exclude(imsi="").first()
    if identifier.startswith("msisdn-"):
        return devices.filter(msisdn=identifier[7:]).exclude(msisdn="").first()
    if found := devices.filter(public_id=identifier).first():
        return found
    digits = digits_typed(identifier)
    if not digits:
        return None
    return devices.filter(Q(msisdn=digits) | Q(imsi=digits)).order_by("-msisdn", "pk").first()


def plan_history(account: Account) -> QuerySet[PlanSubscription]:
    """Every plan version the account has held, the newest first."""
    return (
        PlanSubscription.objects.filter(account=account)
        .select_related("version__plan", "next_version__plan")
        .order_by("-starts_at", "-pk")
    )


def plans_running(account: Account, *, now: datetime) -> QuerySet[PlanSubscription]:
    """The plan versions the account is on at `now`, the one held longest first."""
    at = account_time(account, now)
    return (
        PlanSubscription.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at), account=account, starts_at__lte=at
        )
        .select_related("version__plan")
        .order_by("starts_at", "pk")
    )


def versions_on_offer(currency: str, *, add_ons: bool = False) -> QuerySet[PlanVersion]:
    """What an account of this currency may subscribe to, by the plans' names: base plans, or what
    is held beside one."""
    published = PlanVersion.objects.filter(
        state=PlanVersion.State.PUBLISHED, currency=currency, is_add_on=add_ons
    )
    return with_parts(published).order_by("plan__name", "pk")
