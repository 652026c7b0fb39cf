"""Who acts: a person, an API client, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class PermissionDenied(Exception):
    """The actor lacks a permission; `permission` names it."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission “{permission}”.")
        self.permission = permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The name behind a change, with what it may do for the tenant of the open scope."""

    kind: str
    """user, client or system."""
    id: int | None
    name: str
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        return self.kind == "system" or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raises PermissionDenied."""
        if not self.may(permission):
            raise PermissionDenied(permission)


SYSTEM: Final = Actor(kind="system", id=None, name="System")
