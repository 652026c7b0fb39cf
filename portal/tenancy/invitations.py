"""The link with which somebody who was added chooses a password and signs in the first time.

It holds a token that Django derives from the person's state: choosing a password uses it up, and
it ends after settings.PASSWORD_RESET_TIMEOUT.
"""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from portal.tenancy.models import User


def invitation_path(user: User) -> str:
    """The link's path, for somebody who has no password yet."""
    assert not user.has_usable_password()
    key = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("welcome", args=[key, default_token_generator.make_token(user)])


def invited_user(key: str, token: str) -> User | None:
    """Whom a link invites; None once it was used or is too old."""
    try:
        primary_key = int(urlsafe_base64_decode(key))
    except ValueError:
        return None
    user = User.objects.filter(pk=primary_key, is_active=True).first()
    if user is None or user.has_usable_password():
        return None
    return user if default_token_generator.check_token(user, token) else None
