"""The demo's beginning, in one transaction: operator, people, plans, accounts and devices."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from charging.services import open_account
from plans.models import Plan
from plans.rating_groups import create_default_rating_groups
from plans.services import create_draft, create_plan, publish_version
from portal.demo.names import STORY_NAME, full_name
from portal.demo.operators import Operator, PlanStory
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.clients import create_client
from portal.tenancy.middleware import actor_for
from portal.tenancy.models import Membership, Role, Tenant
from portal.tenancy.roles import CLIENT_SCOPES
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import TenantSettings, add_member, create_tenant, update_tenant
from subscribers.services import create_device

ACCOUNTS: Final = 100
PASSWORD: Final = "demo"

PEOPLE: Final = {
    "admin": ("Alex Moreno", "admin"),
    "pm": ("Priya Nair", "product-manager"),
    "publisher": ("Paul Lindqvist", "publisher"),
    "support": ("Sofie Janssen", "support"),
    "engineer": ("Emil Hartmann", "network-engineer"),
    "viewer": ("Vera Koch", "viewer"),
}
"""Mailbox → name and role."""

Act = Callable[[], None]

_FOUNDED: Final = timedelta(days=60)
_FIRST_ACCOUNT: Final = timedelta(days=21)
_LAST_ACCOUNT: Final = timedelta(days=14)
_DRAFT_AGE: Final = timedelta(days=4)


@transaction.atomic
def open_operator(operator: Operator, *, now: datetime) -> Tenant:
    """All that was there before the first charging session, with its past dates."""
    founded = now - _FOUNDED
    tenant = create_tenant(
        slug=operator.slug,
        name=operator.name,
        currency=operator.currency,
        time_zone=operator.time_zone,
        is_sandbox=True,
        actor=SYSTEM,
        now=founded,
    )
    create_default_rating_groups(tenant=tenant)
    with tenant_scope(tenant):
        people = _add_people(operator, tenant, now=founded)
        _describe(tenant, operator, people["admin"], now=founded)
        _add_client(operator, people["admin"], now=founded)
        _sell_and_subscribe(operator, people, now=now)
    return tenant


def people_of(tenant: Tenant) -> dict[str, Actor]:
    """The demo's people as actors, by the mailbox of their address."""
    members = Membership.objects.select_related("user", "role").order_by("pk")
    return {
        member.user.email.partition("@")[0]: actor_for(member.user, member, tenant)
        for member in members
    }


def _add_people(operator: Operator, tenant: Tenant, *, now: datetime) -> dict[str, Actor]:
    roles = {role.code: role for role in Role.objects.all()}
    for mailbox, (name, role) in PEOPLE.items():
        member = add_member(
            email=f"{mailbox}@{operator.slug}.example",
            name=name,
            role=roles[role],
            actor=SYSTEM,
            now=now,
        )
        member.user.password = _password_hash()
        member.user.save(update_fields=["password"])
    return people_of(tenant)


@cache
def _password_hash() -> str:
    """One for all: it is too short for `add_member`, and each hash costs time on purpose."""
    return make_password(PASSWORD)


def _describe(tenant: Tenant, operator: Operator, admin: Actor, *, now: datetime) -> None:
    current = TenantSettings.of(tenant)
    fields = {name: getattr(current, name) for name in TenantSettings.__dataclass_fields__}
    settings = TenantSettings(**{**fields, "home_plmn": operator.home_plmn})
    update_tenant(settings=settings, actor=admin, now=now)


def _add_client(operator: Operator, admin: Actor, *, now: datetime) -> None:
    create_client(
        name="Demo client",
        scopes=CLIENT_SCOPES,
        client_id=f"{operator.slug}-demo",
        secret=f"{operator.slug}-demo-secret",
        actor=admin,
        now=now,
    )


def _sell_and_subscribe(operator: Operator, people: dict[str, Actor], *, now: datetime) -> None:
    """Publications and new accounts in the order in which they happened."""
    acts = [
        *_plan_acts(operator.plans, people, now=now),
        *_account_acts(operator, people["support"], now=now),
    ]
    for _, act in sorted(acts, key=lambda dated: dated[0]):
        act()


def _plan_acts(
    plans: Iterable[PlanStory], people: dict[str, Actor], *, now: datetime
) -> Iterator[tuple[datetime, Act]]:
    for story in plans:
        for number in range(len(story.versions)):
            is_published = number < len(story.published_days_ago)
            age = timedelta(days=story.published_days_ago[number]) if is_published else _DRAFT_AGE
            yield now - age, partial(_bring_out, story, number, people, now - age)


def _account_acts(
    operator: Operator, agent: Actor, *, now: datetime
) -> Iterator[tuple[datetime, Act]]:
    """The accounts, evenly over a week; the last is the one that demonstrations use."""
    choice = random.Random(operator.slug)  # the same demo every time
    sold = [story.code for story in operator.plans if story.published_days_ago]
    apart = (_FIRST_ACCOUNT - _LAST_ACCOUNT) / (ACCOUNTS - 1)
    for number in range(1, ACCOUNTS + 1):
        at = now - _FIRST_ACCOUNT + apart * (number - 1)
        code = sold[0] if number == ACCOUNTS else choice.choices(sold, weights=(3, 2))[0]
        yield at, partial(_subscribe, operator, number, code, agent, at)


def _subscribe(operator: Operator, number: int, code: str, agent: Actor, at: datetime) -> None:
    is_story = number == ACCOUNTS
    name = STORY_NAME if is_story else full_name(operator.first_name + number)
    public_id = operator.account_id(number)
    account = open_account(public_id=public_id, name=name, plan_code=code, actor=agent, now=at)
    create_device(
        account=account,
        public_id=f"{public_id}-1",
        supi=operator.imsi_format.format(number),
        gpsi=operator.msisdn_format.format(number),
        label=f"{name.partition(' ')[0]}'s phone",
        charging_characteristics="0800",
        actor=agent,
        now=at,
    )


def _bring_out(story: PlanStory, number: int, people: dict[str, Actor], at: datetime) -> None:
    """Draft a plan's next version, and publish it if it was."""
    designer, spec = people["pm"], story.versions[number]
    begun = at - timedelta(hours=3)
    if number == 0:
        plan = create_plan(
            code=story.code,
            name=story.name,
            description=story.description,
            spec=spec,
            actor=designer,
            now=begun,
        )
        draft = plan.versions.get()
    else:
        plan = Plan.objects.get(code=story.code)
        draft = create_draft(plan=plan, spec=spec, actor=designer, now=begun)
    if number < len(story.published_days_ago):
        publish_version(version=draft, actor=people["publisher"], now=at)
