"""Links for people who were added: to choose a first password, or to agree to act for an operator.

An address is no proof of who is behind it, and an account is shared by operators who need not
trust each other. So the first password is chosen with a link that ends when the person's operators
change, and somebody who has an account joins another operator only by a link of that operator's,
opened while signed in. Both are used up by what they do, and end after
settings.PASSWORD_RESET_TIMEOUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from portal.tenancy.directory import tenants_of
from portal.tenancy.models import AuditEntry, Role, Tenant, User
from portal.tenancy.scope import current_tenant, tenant_scope

_JOINING: Final = "portal.tenancy.joining"


class _FirstPasswordTokens(PasswordResetTokenGenerator):
    """Derived from the person's state, their operators included."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        operators = sorted(tenants_of(user).values_list("pk", flat=True))
        return f"{super()._make_hash_value(user, timestamp)}{operators}"


_first_password_tokens: Final = _FirstPasswordTokens()


def invitation_path(user: User) -> str:
    """The link's path, for somebody who has no password yet."""
    assert not user.has_usable_password()
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("welcome", args=[key, _first_password_tokens.make_token(user)])


def invited_user(key: str, token: str) -> User | None:
    """Whom a link invites; None once it was used or is too old."""
    try:
        primary_key = int(urlsafe_base64_decode(key))
    except ValueError:
        return None
    user = User.objects.filter(pk=primary_key, is_active=True).first()
    if user is None or user.has_usable_password():
        return None
    return user if _first_password_tokens.check_token(user, token) else None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link to join offers."""

    tenant: Tenant
    role: Role


def joining_path(user: User, role: Role) -> str:
    """The path with which a person joins the open scope's tenant in a role."""
    terms = [current_tenant().pk, user.pk, role.code, _changes(user)]
    return reverse("join", args=[signing.dumps(terms, salt=_JOINING)])


def offer_to(user: User, token: str) -> Offer | None:
    """What a link offers this person; None when it is somebody else's, used up or too old."""
    try:
        terms = signing.loads(token, salt=_JOINING, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        return None
    tenant_id, user_id, role_code, changes = terms
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None or user_id != user.pk:
        return None
    with tenant_scope(tenant):
        role = Role.objects.filter(code=role_code).first()
        is_good = role is not None and changes == _changes(user)
    return Offer(tenant, role) if role is not None and is_good else None


def _changes(user: User) -> int:
    """How often the operator's audit trail names the person: more once a link was used."""
    return AuditEntry.objects.filter(subject_type="member", subject_id=user.email[:80]).count()
