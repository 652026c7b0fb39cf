"""Where the database is and as which PostgreSQL role each process speaks to it.

One server, three roles (docs/decisions/0003-three-database-roles.md): the *owner* migrates,
*csp_portal* serves people and is held by row security, *csp_charger* runs the charging path.
`DATABASE_URL` is the owner's; a process assumes its role at connect time, or signs in with a
URL of its own (`PORTAL_DATABASE_URL`, `CHARGER_DATABASE_URL`) where passwords are kept apart.
"""

from __future__ import annotations

import os
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

ROLES: Final = {"owner": "", "portal": "csp_portal", "charger": "csp_charger"}
DEFAULT_URL: Final = "postgresql://postgres@127.0.0.1/portal"


def parameters(role: str, *, options: str = "") -> dict[str, Any]:
    """libpq parameters for one of `ROLES`; `options` are further `-c name=value` settings."""
    url = os.environ.get(f"{role.upper()}_DATABASE_URL") or os.environ.get("DATABASE_URL")
    found: dict[str, Any] = dict(conninfo_to_dict(url or DEFAULT_URL))
    assume = f"-c role={ROLES[role]}" if ROLES[role] else ""
    joined = " ".join(filter(None, [str(found.get("options") or ""), assume, options]))
    if joined:
        found["options"] = joined
    return found


def conninfo(role: str, *, options: str = "", **extra: Any) -> str:
    """The same as one string, for code that speaks psycopg without Django."""
    return make_conninfo(**{**parameters(role, options=options), **extra})


def django_settings(role: str) -> dict[str, Any]:
    """The entry of Django's DATABASES for a role."""
    found = parameters(role)
    return {
        "ENGINE": "portal.tenancy.postgresql",
        "NAME": found.pop("dbname", "portal"),
        "USER": found.pop("user", ""),
        "PASSWORD": found.pop("password", ""),
        "HOST": found.pop("host", ""),
        "PORT": found.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": found,
    }
