"""Building blocks of tests: an operator with its plan, subscriber and token, in plain calls.

They go through the services, so what a test starts from is what the product makes. Those that
write need an open scope; `make_tenant` does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from charging import services as charging
from plans.models import Plan, PlanVersion
from plans.services import create_default_rating_groups, create_plan, publish_version
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from portal.tenancy import tokens
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Membership, Role, Tenant, User
from portal.tenancy.roles import create_default_roles
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from subscribers.services import create_device

NANO = 10**9
MINUTE = 60
MEGABYTE = 2**20
GIGABYTE = 2**30

_numbers = itertools.count(1)


def make_tenant(slug: str = "northwind", *, is_sandbox: bool = True, **fields: object) -> Tenant:
    """An operator with its default roles and rating groups."""
    tenant = Tenant.objects.create(
        **{
            "slug": slug,
            "name": slug.title(),
            "is_sandbox": is_sandbox,
            "currency": "EUR",
            **fields,
        }
    )
    create_default_roles(tenant)
    with tenant_scope(tenant):
        create_default_rating_groups(tenant=tenant)
    return tenant


def make_user(
    tenant: Tenant, role: str = "admin", *, email: str = "", password: str = "demo"
) -> User:
    """A person with one of the tenant's roles, by its code."""
    user = User.objects.create_user(
        email or f"{role}@{tenant.slug}.example", password, name=role.replace("-", " ").title()
    )
    with tenant_scope(tenant):
        Membership.objects.create(user=user, role=Role.objects.get(code=role))
    return user


def flex_spec(**changes: object) -> VersionSpec:
    """ "Flex 20": 20 GB, 300 minutes, 500 SMS, warnings, and rates when the bundle is used up."""
    marks = tuple(ThresholdSpec(percent=Decimal(percent)) for percent in (50, 20, 5))
    fields: dict[str, object] = {
        "currency": "EUR",
        "price": 19_900_000_000,
        "allowances": (
            AllowanceSpec(
                name="National data",
                service="data",
                amount=20 * GIGABYTE,
                display_unit="GB",
                thresholds=marks,
            ),
            AllowanceSpec(
                name="Voice", service="voice", amount=300 * MINUTE, thresholds=marks[1:2]
            ),
            AllowanceSpec(name="SMS", service="sms", amount=500),
        ),
        "rates": (
            RateSpec(service="data", price=10_000_000, per=MEGABYTE),
            RateSpec(service="voice", price=90_000_000, per=MINUTE, increment=MINUTE),
            RateSpec(service="sms", price=90_000_000, per=1),
        ),
    }
    return VersionSpec(**{**fields, **changes})  # type: ignore[arg-type]


def make_plan(
    code: str = "flex-20", *, name: str = "Flex 20", spec: VersionSpec | None = None, now: datetime
) -> Plan:
    """A plan whose first version is a draft."""
    return create_plan(code=code, name=name, spec=spec or flex_spec(), actor=SYSTEM, now=now)


def make_published_plan(
    code: str = "flex-20", *, name: str = "Flex 20", spec: VersionSpec | None = None, now: datetime
) -> PlanVersion:
    """A plan whose first version is published; the version."""
    plan = make_plan(code, name=name, spec=spec, now=now)
    return publish_version(version=plan.versions.get(), actor=SYSTEM, now=now)


def make_account(public_id: str = "", *, plan_code: str | None = None, now: datetime) -> Account:
    return charging.open_account(
        public_id=public_id or f"acc-{next(_numbers)}", plan_code=plan_code, actor=SYSTEM, now=now
    )


def make_device(
    account: Account, *, public_id: str = "", imsi: str = "", msisdn: str = "", now: datetime
) -> Device:
    number = next(_numbers)
    return create_device(
        account=account,
        public_id=public_id or f"dev-{number}",
        supi=f"imsi-{imsi or f'00101{number:010d}'}",
        gpsi=f"msisdn-{msisdn or f'4915100{number:06d}'}",
        actor=SYSTEM,
        now=now,
    )


def top_up(account: Account, amount: str, *, now: datetime, request_key: str = "") -> None:
    """Add money, as a decimal string of the account's currency."""
    charging.top_up_money(
        account=account,
        amount=int(Decimal(amount) * NANO),
        reason="Top-up",
        request_key=request_key,
        actor=SYSTEM,
        now=now,
    )


def n40_token(tenant: Tenant, *, scopes: Iterable[str] = ("charging.n40",)) -> str:
    """An access token for the charging function, good now."""
    return tokens.issue(
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        client_key=0,
        client_name="test",
        scopes=scopes,
        now=datetime.now(UTC),
    )
