"""An operator, its scope, and the people who design, publish and only look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from plans.conventions import Conventions, conventions
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_tenant, make_user


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """Northwind, with its scope open."""
    tenant = make_tenant()
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def by(tenant: Tenant) -> Conventions:
    return conventions()


@pytest.fixture
def ana() -> Actor:
    """Designs and publishes."""
    return Actor(
        kind="user",
        id=1,
        name="Ana",
        permissions=frozenset({"plans.view", "plans.design", "plans.publish"}),
    )


@pytest.fixture
def ben() -> Actor:
    """Designs, and may not publish."""
    return Actor(
        kind="user", id=2, name="Ben", permissions=frozenset({"plans.view", "plans.design"})
    )


@pytest.fixture
def client_of(tenant: Tenant) -> Callable[[str], Client]:
    """A signed-in browser for a role's code: `client_of("viewer")`."""

    def sign_in(role: str) -> Client:
        client = Client()
        client.force_login(make_user(tenant, role))
        return client

    return sign_in
