"""People of an operator, each with a browser of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from portal.tenancy.models import Tenant
from tests import factories

SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(northwind: Tenant) -> SignIn:
    """A client signed in as somebody with this role; `htmx=True` sends what htmx would."""

    def make(role: str = "admin", *, tenant: Tenant = northwind, htmx: bool = False) -> Client:
        client = Client(headers={"HX-Request": "true"} if htmx else {})
        client.force_login(factories.make_user(tenant, role))
        return client

    return make


@pytest.fixture
def now() -> datetime:
    """Pages read the clock themselves, so what they show must be valid today."""
    return timezone.now()


@pytest.fixture
def admin(sign_in: SignIn) -> Client:
    """The administrator, visiting pages."""
    return sign_in()


@pytest.fixture
def dialog(sign_in: SignIn) -> Client:
    """A support agent, whose requests come from htmx."""
    return sign_in("support", htmx=True)
