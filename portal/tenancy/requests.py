"""The request as a page behind `tenant_permission_required` sees it."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant


class TenantRequest(HttpRequest):
    """The middleware has set these, and the scope of the tenant is open."""

    tenant: Tenant
    actor: Actor
    htmx: HtmxDetails
