"""The permissions there are, and the roles that a new tenant starts with."""

from __future__ import annotations

from typing import Final

from portal.tenancy.models import Role, Tenant
from portal.tenancy.scope import tenant_scope

PERMISSIONS: Final[dict[str, str]] = {
    "plans.view": "See plans, rates and rating groups",
    "plans.design": "Create and edit drafts",
    "plans.publish": "Publish and retire versions",
    "subscribers.view": "See accounts, devices and balances",
    "subscribers.manage": "Create accounts and devices, change plans",
    "balances.adjust": "Top up and adjust balances",
    "charging.view": "See charging sessions and explanations",
    "charging.emulate": "Use the phone emulator",
    "charging.n40": "Send charging requests to the charging function",
    "notifications.view": "See notifications and the event stream",
    "webhooks.manage": "Manage webhooks",
    "tenant.manage": "Manage users, roles, API clients and settings",
    "audit.view": "See the audit trail",
}

#: What a role may hold: people never speak N40.
ROLE_PERMISSIONS: Final = tuple(name for name in PERMISSIONS if name != "charging.n40")

_VIEW: Final = (
    "plans.view",
    "subscribers.view",
    "charging.view",
    "notifications.view",
)

DEFAULT_ROLES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "admin": ("Administrator", ROLE_PERMISSIONS),
    "product-manager": ("Product manager", (*_VIEW, "plans.design", "charging.emulate")),
    "publisher": ("Publisher", (*_VIEW, "plans.design", "plans.publish", "charging.emulate")),
    "support": (
        "Support",
        (*_VIEW, "subscribers.manage", "balances.adjust", "charging.emulate"),
    ),
    "network-engineer": ("Network engineer", (*_VIEW, "charging.emulate", "webhooks.manage")),
    "viewer": ("Viewer", _VIEW),
}

#: What an API client may be given: systems never manage the tenant.
CLIENT_SCOPES: Final = tuple(name for name in PERMISSIONS if name != "tenant.manage")

#: OAuth2 scope of TS 29.501 for the service, the same as our permission.
SCOPE_ALIASES: Final = {"nchf-convergedcharging": "charging.n40"}


def permissions_of(role: Role, tenant: Tenant) -> frozenset[str]:
    """A role's permissions now: product managers also publish until duties are separated."""
    held = set(role.permissions) & set(PERMISSIONS)
    if role.is_builtin and role.code == "product-manager" and not tenant.separates_duties:
        held.add("plans.publish")
    return frozenset(held)


def create_default_roles(tenant: Tenant) -> dict[str, Role]:
    """Give a new tenant its roles, by code."""
    with tenant_scope(tenant):
        roles = [
            Role(code=code, name=name, permissions=list(granted), is_builtin=True)
            for code, (name, granted) in DEFAULT_ROLES.items()
        ]
        return {role.code: role for role in Role.objects.bulk_create(roles)}
