"""Changes of operators, their people and their roles."""

from portal.tenancy.services.people import (
    AlreadyAMember,
    KnownElsewhere,
    LastAdministrator,
    add_member,
    change_role,
    choose_password,
    invite_to_join,
    join,
    remove_member,
)
from portal.tenancy.services.roles import (
    BuiltinRole,
    RoleInUse,
    create_role,
    delete_role,
    save_role,
)
from portal.tenancy.services.tenants import TenantSettings, create_tenant, update_tenant

__all__ = [
    "AlreadyAMember",
    "BuiltinRole",
    "KnownElsewhere",
    "LastAdministrator",
    "RoleInUse",
    "TenantSettings",
    "add_member",
    "change_role",
    "choose_password",
    "create_role",
    "create_tenant",
    "delete_role",
    "invite_to_join",
    "join",
    "remove_member",
    "save_role",
    "update_tenant",
]
