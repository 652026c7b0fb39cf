"""System checks: a production that would be unsafe does not start.

Commands run the checks by themselves; servers and workers, which no command starts, call
`refuse_unsafe_production`.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured


@register()
def production_is_safe(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Production refuses demo data, a default key, DEBUG, open hosts and unsigned tokens."""
    if not settings.IS_PRODUCTION:
        return []
    wrong = [
        (settings.DEMO, "E001", "DEMO is on.", "Unset DEMO: its passwords are public."),
        (
            settings.SECRET_KEY == settings.DEVELOPMENT_SECRET_KEY,
            "E002",
            "SECRET_KEY is the development default.",
            "Set SECRET_KEY to at least 50 random characters.",
        ),
        (settings.DEBUG, "E003", "DEBUG is on.", "Unset DEBUG."),
        (
            "*" in settings.ALLOWED_HOSTS or settings.ALLOWED_HOSTS == [""],
            "E004",
            "ALLOWED_HOSTS names no host.",
            "Set ALLOWED_HOSTS to the names under which the portal is reached.",
        ),
        (
            not settings.TOKEN_SIGNING_KEY,
            "E005",
            "TOKEN_SIGNING_KEY is missing.",
            "Set it to a P-256 private key in PEM; the charging function needs the public half.",
        ),
    ]
    return [Error(text, hint=hint, id=f"portal.{code}") for bad, code, text, hint in wrong if bad]


def refuse_unsafe_production() -> None:
    """Raises ImproperlyConfigured, which names everything that is wrong and what to do."""
    if errors := production_is_safe(None):
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in errors))
