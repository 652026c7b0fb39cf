"""An operator with a published plan and one account on it, for tests inside one process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from plans.models import PlanVersion
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account
from tests import factories


@pytest.fixture
def northwind(db: None) -> Iterator[Tenant]:
    """A sandbox in Berlin; its scope is open."""
    tenant = factories.make_tenant(time_zone="Europe/Berlin")
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def flex(northwind: Tenant, now: datetime) -> PlanVersion:
    """ "Flex 20" v1: 20 GB, 300 minutes, 500 SMS for 30 days, €19.90."""
    return factories.make_published_plan(now=now)


@pytest.fixture
def account(flex: PlanVersion, now: datetime) -> Account:
    """On Flex 20, without money."""
    return factories.make_account("acc-1", plan_code="flex-20", now=now)
