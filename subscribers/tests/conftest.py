"""An operator in whose scope the tests of this app run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

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
def account(northwind: Tenant, now: datetime) -> Account:
    return factories.make_account("acc-1", now=now)
