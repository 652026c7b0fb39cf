"""People of an operator: adding them, their roles, and taking their right to act away."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.tenancy import audit
from portal.tenancy.actor import SYSTEM, Actor
from portal.tenancy.directory import tenants_of
from portal.tenancy.invitations import joining_path
from portal.tenancy.models import Membership, Role, User
from portal.tenancy.services.administrators import (
    MANAGE,
    LastAdministrator,
    lock_people,
    require_administrator,
)
from portal.tenancy.validation import FieldError, Invalid

__all__ = [
    "AlreadyAMember",
    "KnownElsewhere",
    "LastAdministrator",
    "add_member",
    "change_role",
    "choose_password",
    "invite_to_join",
    "join",
    "remove_member",
]


class AlreadyAMember(Exception):
    """The person has a role at this operator; change that instead."""

    def __init__(self, membership: Membership) -> None:
        super().__init__(f"{membership.user.email} is a member already.")
        self.membership = membership


class KnownElsewhere(Exception):
    """The person has an account that this operator did not make: they must agree to join."""

    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} signs in to this installation already.")
        self.user = user


@transaction.atomic
def add_member(
    *,
    email: str,
    role: Role,
    name: str = "",
    password: str | None = None,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Let a person act for the open scope's tenant.

    Somebody who has an account already joins by themselves, see `invite_to_join`; only the
    installation itself (SYSTEM) adds them at once, and they keep their name and password. Without
    a password a new person cannot sign in until they choose one. Raises Invalid at email, name,
    password; AlreadyAMember, KnownElsewhere.
    """
    actor.require(MANAGE)
    email = email.strip()
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = _create_user(email, name.strip(), password, now)
    elif earlier := Membership.objects.select_related("user").filter(user=user).first():
        raise AlreadyAMember(earlier)
    elif actor != SYSTEM and (user.has_usable_password() or tenants_of(user).exists()):
        raise KnownElsewhere(user)
    membership = Membership.objects.create(user=user, role=role, created_at=now)
    _record("member.added", user, actor, now, after={"role": role.name})
    return membership


@transaction.atomic
def invite_to_join(*, user: User, role: Role, actor: Actor, now: datetime) -> str:
    """The path of a link by which somebody with an account joins; earlier ones end."""
    actor.require(MANAGE)
    _record("member.invited", user, actor, now, after={"role": role.name})
    return joining_path(user, role)


@transaction.atomic
def join(*, user: User, role: Role, now: datetime) -> Membership:
    """Let a person act for the open scope's tenant who has just agreed to; once is enough."""
    lock_people()
    earlier = Membership.objects.filter(user=user).first()
    if earlier is not None:
        return earlier
    membership = Membership.objects.create(user=user, role=role, created_at=now)
    themselves = Actor(kind="user", id=user.pk, name=str(user))
    _record("member.joined", user, themselves, now, after={"role": role.name})
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role, actor: Actor, now: datetime) -> Membership:
    """Give a member another role. Raises LastAdministrator."""
    actor.require(MANAGE)
    lock_people()
    before = membership.role
    if before.pk == role.pk:
        return membership
    membership.role = role
    membership.save(update_fields=["role"])
    require_administrator()
    _record(
        "member.role_changed",
        membership.user,
        actor,
        now,
        before={"role": before.name},
        after={"role": role.name},
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, actor: Actor, now: datetime) -> None:
    """End a person's right to act for the tenant; the person stays known. Raises
    LastAdministrator."""
    actor.require(MANAGE)
    lock_people()
    role = membership.role.name
    _record("member.removed", membership.user, actor, now, before={"role": role})
    membership.delete()
    require_administrator()


@transaction.atomic
def choose_password(*, user: User, password: str) -> None:
    """Set a person's password. Raises Invalid at `password`."""
    user.set_password(_checked_password(password, user))
    user.save(update_fields=["password"])


def _create_user(email: str, name: str, password: str | None, now: datetime) -> User:
    user = User(email=User.objects.normalize_email(email), name=name, created_at=now)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(_checked_password(password, user))
    try:
        user.full_clean(exclude=["password"], validate_constraints=False)
        with transaction.atomic():
            user.save(force_insert=True)
    except ValidationError as error:
        raise Invalid(
            FieldError(path, text) for path, texts in error.message_dict.items() for text in texts
        ) from error
    except IntegrityError as error:
        raise Invalid.at("email", "This person has just been added by somebody else.") from error
    return user


def _checked_password(password: str, user: User) -> str:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Invalid.at("password", " ".join(error.messages)) from error
    return password


def _record(
    action: str,
    user: User,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="member",
        subject_id=user.email[:80],
        now=now,
        before=before,
        after=after,
    )
