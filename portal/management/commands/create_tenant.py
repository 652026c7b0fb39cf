"""`manage.py create_tenant`: a new operator with its first administrator."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from plans.rating_groups import create_default_rating_groups
from portal.tenancy.actor import SYSTEM
from portal.tenancy.invitations import invitation_path
from portal.tenancy.models import Role
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import add_member, create_tenant
from portal.tenancy.validation import Invalid


class Command(BaseCommand):
    help = "Create an operator and print the link with which its administrator begins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="on the wire: tenantIdentifier")
        parser.add_argument("name")
        parser.add_argument("--admin", required=True, metavar="E-MAIL")
        parser.add_argument("--currency", default="EUR", help="ISO 4217 code")
        parser.add_argument("--time-zone", default="UTC", help="e.g. Europe/Berlin")
        parser.add_argument("--sandbox", action="store_true", help="for trials; never changes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._create(**options))
        except Invalid as error:
            raise CommandError(str(error)) from error

    @transaction.atomic
    def _create(self, **options: Any) -> str:
        now = timezone.now()
        tenant = create_tenant(
            slug=options["slug"],
            name=options["name"],
            currency=options["currency"],
            time_zone=options["time_zone"],
            is_sandbox=options["sandbox"],
            actor=SYSTEM,
            now=now,
        )
        create_default_rating_groups(tenant=tenant)
        with tenant_scope(tenant):
            role = Role.objects.get(code="admin")
            member = add_member(email=options["admin"], role=role, actor=SYSTEM, now=now)
        if member.user.has_usable_password():
            return f"{tenant} is ready; {member.user.email} signs in as before."
        return f"{tenant} is ready; {member.user.email} begins at {invitation_path(member.user)}"
