"""`manage.py verify_ledger`: rebuild every bucket from its ledger and compare."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from charging.verification import count_buckets, verify_tenant
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = (
        "Prove that every bucket equals the sum of its ledger entries, that every reservation "
        "belongs to an open session and that every session cost what its entries used. Exits 1 "
        "and names each bucket and session that does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this operator")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = Tenant.objects.order_by("slug")
        if slug := options["tenant"]:
            tenants = tenants.filter(slug=slug)
            if not tenants:
                raise CommandError(f"There is no tenant “{slug}”.")
        wrong = 0
        for tenant in tenants:
            with tenant_scope(tenant):
                found = verify_tenant()
                self.stdout.write(f"{tenant.slug}: {count_buckets()} buckets, {len(found)} wrong")
            for discrepancy in found:
                self.stdout.write(f"  {discrepancy}")
            wrong += len(found)
        if wrong:
            raise CommandError(f"{wrong} discrepancies.")
