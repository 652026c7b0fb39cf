"""Roles of an operator's own: names for combinations of permissions."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.text import slugify

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import Role
from portal.tenancy.roles import ROLE_PERMISSIONS
from portal.tenancy.services.administrators import MANAGE, lock_people, require_administrator
from portal.tenancy.validation import FieldError, Invalid

NAME_LENGTH_MAX: Final = 80
CODE_LENGTH_MAX: Final = 40


class BuiltinRole(Exception):
    """The roles that every operator starts with stay as they are."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"“{role.name}” is built in; make a role of your own instead.")


class RoleInUse(Exception):
    """People still have the role."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"Somebody still has the role “{role.name}”; give them another first.")


@transaction.atomic
def create_role(*, name: str, permissions: Iterable[str], actor: Actor, now: datetime) -> Role:
    """A new role. Raises Invalid at name and permissions."""
    actor.require(MANAGE)
    granted = _checked(name, permissions)
    name = name.strip()
    code = slugify(name)[:CODE_LENGTH_MAX].strip("-") or f"role-{secrets.token_hex(4)}"
    try:
        with transaction.atomic():
            role = Role.objects.create(code=code, name=name, permissions=granted)
    except IntegrityError as error:
        raise Invalid.at("name", "There is a role with this name.") from error
    _record("role.created", role, actor, now, after={"name": name, "permissions": granted})
    return role


@transaction.atomic
def save_role(
    *, role: Role, name: str, permissions: Iterable[str], actor: Actor, now: datetime
) -> Role:
    """Change a role of one's own, for everybody who has it.

    Raises BuiltinRole, LastAdministrator, and Invalid at name and permissions.
    """
    actor.require(MANAGE)
    if role.is_builtin:
        raise BuiltinRole(role)
    granted = _checked(name, permissions)
    lock_people()
    before = {"name": role.name, "permissions": role.permissions}
    after = {"name": name.strip(), "permissions": granted}
    if before == after:
        return role
    role.name, role.permissions = name.strip(), granted
    role.save(update_fields=["name", "permissions"])
    require_administrator()
    _record("role.changed", role, actor, now, before=before, after=after)
    return role


@transaction.atomic
def delete_role(*, role: Role, actor: Actor, now: datetime) -> None:
    """Raises BuiltinRole, RoleInUse."""
    actor.require(MANAGE)
    if role.is_builtin:
        raise BuiltinRole(role)
    lock_people()
    if role.memberships.exists():
        raise RoleInUse(role)
    before = {"name": role.name, "permissions": role.permissions}
    _record("role.deleted", role, actor, now, before=before)
    try:
        role.delete()
    except ProtectedError as error:
        raise RoleInUse(role) from error


def _checked(name: str, permissions: Iterable[str]) -> list[str]:
    """The permissions in their usual order. Raises Invalid."""
    errors = []
    if not name.strip():
        errors.append(FieldError("name", "Give the role a name, e.g. what its people do."))
    elif len(name.strip()) > NAME_LENGTH_MAX:
        errors.append(FieldError("name", f"At most {NAME_LENGTH_MAX} characters."))
    asked = set(permissions)
    if unknown := sorted(asked - set(ROLE_PERMISSIONS)):
        errors.append(FieldError("permissions", f"People cannot be given {', '.join(unknown)}."))
    elif not asked:
        errors.append(FieldError("permissions", "Choose at least one permission."))
    if errors:
        raise Invalid(errors)
    return [permission for permission in ROLE_PERMISSIONS if permission in asked]


def _record(
    action: str,
    role: Role,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="role",
        subject_id=role.code,
        now=now,
        before=before,
        after=after,
    )
