"""Opening accounts and selling them plans.

Each act takes the account's lock (docs/locking.md) and writes subscription, buckets, ledger,
event and audit entry in one transaction. Changes of what is held are in plan_changes.py.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from charging.renewal import store, writing
from charging.renewal.facts import Held
from charging.renewal.starting import NotEnoughMoney, begin
from charging.renewal.terms import PlanTerms, terms_of, versions_by_key
from charging.services.amounts import money_bucket
from charging.services.rules import lock_living
from plans.models import Plan, PlanVersion
from plans.overrides import NO_OVERRIDES, Overrides, stored_overrides
from plans.selectors import newest_published_version
from portal.tenancy.actor import Actor
from portal.tenancy.validation import FieldError, Invalid, Taken
from subscribers import lifecycle
from subscribers import services as subscribers
from subscribers.models import Account, PlanSubscription

__all__ = [
    "CurrencyMismatch",
    "NotEnoughMoney",
    "NotPublished",
    "check_sellable",
    "new_held",
    "open_account",
    "published_version",
    "start_plan_subscription",
]

MAX_QUANTITY = 1_000
"""Of one add-on in one subscription, whatever its plan allows."""


class NotPublished(Exception):
    """Only published plan versions can be subscribed to."""


class CurrencyMismatch(Exception):
    """The plan version is priced in another currency than the account's."""


@transaction.atomic
def open_account(
    *,
    public_id: str | None = None,
    name: str = "",
    plan_code: str | None = None,
    currency: str | None = None,
    time_zone: str = "",
    actor: Actor,
    now: datetime,
) -> Account:
    """Create an account with its main balance, on the newest published version of a plan.

    Raises Invalid with the paths id, name, plan, currency, time_zone.
    """
    version = published_version(plan_code) if plan_code else None
    account = subscribers.create_account(
        public_id=public_id,
        name=name,
        currency=currency,
        time_zone=time_zone,
        actor=actor,
        now=now,
    )
    money_bucket(account, now=now)
    if version is not None:
        if version.currency != account.currency:
            raise Invalid.at("plan", f"This plan is priced in {version.currency}.")
        start_plan_subscription(account=account, version=version, actor=actor, now=now)
    return account


@transaction.atomic
def start_plan_subscription(
    *,
    account: Account,
    version: PlanVersion,
    public_id: uuid.UUID | None = None,
    quantity: int = 1,
    overrides: Overrides = NO_OVERRIDES,
    charge_price: bool = False,
    actor: Actor,
    now: datetime,
) -> PlanSubscription:
    """Subscribe an account to a published version: one bucket per allowance, full.

    With `charge_price` the fees are taken from the main balance, which must cover them; without,
    they were paid elsewhere (docs/decisions/0010). A plan that starts with its first use waits for
    it. `overrides` are this subscription's own terms, checked by the caller. `public_id` is the
    caller's, so that a repeated purchase is refused: raises Taken at `id`. Raises NotPublished,
    CurrencyMismatch, NotEnoughMoney, AccountTerminated, StateForbids, and Invalid with the paths
    plan and quantity: one base plan, and as many add-ons beside it as theirs allows.
    """
    account = lock_living(account)
    if public_id and PlanSubscription.objects.filter(public_id=public_id).exists():
        raise Taken([FieldError("id", "This id is already in use.")])
    lifecycle.require(account, "buy")
    check_sellable(account, version)
    check_eligible(account, version, quantity)
    held = new_held(account, version, quantity=quantity, overrides=overrides, now=now)
    held.public_id = str(public_id or held.public_id)
    changes = store.new_changes()
    begin(held, changes, charge=charge_price)
    writing.write(changes, actor=actor, now=now)
    return PlanSubscription.objects.select_related("version__plan").get(pk=held.id)


def published_version(plan_code: str, *, path: str = "plan") -> PlanVersion:
    """The version a new subscriber of this plan gets. Raises Invalid at `path`."""
    version = newest_published_version(plan_code)
    if version is not None:
        return version
    plan = Plan.objects.filter(code=plan_code).first()
    if plan is None:
        raise Invalid.at(path, f"There is no plan “{plan_code}”.")
    raise Invalid.at(path, f"{plan.name} has no published version.")


def check_sellable(account: Account, version: PlanVersion) -> None:
    """Raises NotPublished, CurrencyMismatch."""
    if version.state != PlanVersion.State.PUBLISHED:
        raise NotPublished
    if version.currency != account.currency:
        raise CurrencyMismatch


def check_eligible(account: Account, version: PlanVersion, quantity: int) -> None:
    """Whether the account, which is locked, may have so many more. Raises Invalid."""
    running = PlanSubscription.objects.filter(account=account, ends_at=None)
    bases = [each for each in running.select_related("version__plan") if not each.version.is_add_on]
    if version.is_add_on:
        if not bases:
            raise Invalid.at("plan", "An add-on needs a base plan; the account has none.")
        check_quantity(account, version, quantity)
    elif bases:
        raise Invalid.at(
            "plan", f"The account has the base plan {bases[0].version} already; change it instead."
        )
    elif quantity != 1:
        raise Invalid.at("quantity", "A base plan is held once.")


def check_quantity(
    account: Account, version: PlanVersion, quantity: int, *, beside: PlanSubscription | None = None
) -> None:
    """Whether so many of an add-on fit beside what the account holds of its plan already.

    Raises Invalid at `quantity`.
    """
    most = version.quantity_max
    same = PlanSubscription.objects.filter(
        account=account, ends_at=None, version__plan=version.plan_id
    )
    if beside is not None:
        same = same.exclude(pk=beside.pk)
    held = same.aggregate(held=Sum("quantity"))["held"] or 0
    if quantity < 1 or quantity > MAX_QUANTITY:
        raise Invalid([FieldError("quantity", f"From 1 to {MAX_QUANTITY}.")])
    if most is not None and held + quantity > most:
        there = f"; there are {held} already" if held else ""
        raise Invalid.at("quantity", f"At most {most} of {version.plan.name} at once{there}.")


def new_held(
    account: Account, version: PlanVersion, *, quantity: int, overrides: Overrides, now: datetime
) -> Held:
    """A subscription that begins at the account's time, not yet opened."""
    facts = store.read_account(account.pk, now=now)
    own = stored_overrides(overrides)
    terms: PlanTerms = terms_of(versions_by_key([version.pk])[version.pk], own)
    return Held(
        id=store.new_held_id(),
        public_id=str(uuid.uuid4()),
        account=facts,
        version_id=version.pk,
        quantity=quantity,
        state="active",
        starts_at=facts.at,
        ends_at=None,
        end_reason="",
        period_number=1,
        period_starts_at=facts.at,
        period_ends_at=None,
        due_at=None,
        first_used_at=None,
        charges_first_period=True,
        retries=0,
        grace_ends_at=None,
        scheduled="",
        next_version_id=None,
        next_leftovers="",
        next_quantity=None,
        overrides=own,
        overrides_hash=overrides.digest,
        terms=terms,
    )
