"""`manage.py import_prefixes FILE --tenant SLUG`: a numbering plan from a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from plans.reference.importing import ImportMode, import_prefixes
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid


class Command(BaseCommand):
    help = "Take prefixes of destination groups from a CSV file: group,prefix[,name]."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, help="on the wire: tenantIdentifier")
        parser.add_argument("--group", default="", help="all lines are of this destination group")
        parser.add_argument(
            "--mode",
            choices=[str(mode) for mode in ImportMode],
            default=str(ImportMode.REPLACE),
            help="what the file means for the prefixes that its groups have (replace)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no operator “{options['tenant']}”.")
        try:
            with options["file"].open("rb") as file, tenant_scope(tenant):
                done = import_prefixes(
                    file=file,
                    mode=ImportMode(options["mode"]),
                    group=options["group"],
                    actor=SYSTEM,
                    now=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Invalid as refused:
            lines = [f"{error.path}: {error.message}" for error in refused.errors]
            raise CommandError("\n".join(["Nothing was imported.", *lines])) from refused
        self.stdout.write(
            f"Lines: {done.rows:,}. Prefixes added: {done.added:,}, removed: {done.removed:,}, "
            f"unchanged: {done.unchanged:,}. New groups: {len(done.new_groups):,}."
        )
