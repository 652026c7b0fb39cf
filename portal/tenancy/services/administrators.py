"""Somebody can always manage the operator: the rule that changes of people and roles share."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from portal.tenancy.models import Membership, Tenant
from portal.tenancy.scope import current_tenant

MANAGE: Final = "tenant.manage"


class LastAdministrator(Exception):
    """The change would leave the operator without anybody who may manage it."""

    def __init__(self) -> None:
        super().__init__("Somebody must remain who may manage users, roles and settings.")


def lock_people() -> None:
    """Take turns: two administrators must not remove each other at once."""
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)


def require_administrator() -> None:
    """Raises LastAdministrator; call it after the change, within its transaction."""
    if not administrators().exists():
        raise LastAdministrator


def administrators() -> QuerySet[Membership]:
    """Memberships of people who can sign in and whose role manages the operator."""
    return Membership.objects.filter(
        role__permissions__contains=[MANAGE], user__is_active=True
    ).order_by("pk")
