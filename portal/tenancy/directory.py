"""What has to be known before a tenant is: which tenants a person or a client belongs to.

The tables are behind row security, so these questions go through two database functions that
answer exactly them (migration 0001) and nothing else.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from portal.tenancy.models import Tenant, User


def tenants_of(user: User) -> QuerySet[Tenant]:
    """The tenants a person is a member of, by name."""
    ids = RawSQL("SELECT tenancy_tenants_of_user(%s)", [user.pk])
    return Tenant.objects.filter(pk__in=ids).order_by("name", "pk")


def tenant_of_client(client_id: str) -> Tenant | None:
    """The tenant to which an OAuth2 client id belongs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_tenant_of_client(%s)", [client_id])
        row = cursor.fetchone()
    return Tenant.objects.filter(pk=row[0]).first() if row and row[0] else None
