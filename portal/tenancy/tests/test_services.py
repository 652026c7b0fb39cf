"""Operators, their people and their roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from portal.tenancy.actor import SYSTEM, Actor, PermissionDenied
from portal.tenancy.models import AuditEntry, Membership, Role, Tenant, User
from portal.tenancy.roles import DEFAULT_ROLES, PERMISSIONS, permissions_of
from portal.tenancy.scope import tenant_scope
from portal.tenancy.services import (
    AlreadyAMember,
    BuiltinRole,
    LastAdministrator,
    RoleInUse,
    TenantSettings,
    add_member,
    change_role,
    create_role,
    create_tenant,
    delete_role,
    remove_member,
    save_role,
    update_tenant,
)
from portal.tenancy.validation import Invalid

ADMIN = Actor(kind="user", id=1, name="Ada", permissions=frozenset(["tenant.manage"]))
VIEWER = Actor(kind="user", id=2, name="Vic", permissions=frozenset(["plans.view"]))


@pytest.fixture
def scope(northwind: Tenant) -> Iterator[Tenant]:
    with tenant_scope(northwind):
        yield northwind


def role(code: str) -> Role:
    return Role.objects.get(code=code)


def member(email: str, code: str, now: datetime) -> Membership:
    return add_member(email=email, role=role(code), actor=ADMIN, now=now)


def paths(invalid: Invalid) -> list[str]:
    return [error.path for error in invalid.errors]


def newest_entry() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    return entry


# ── operators ────────────────────────────────────────────────────────────────────────────────


def test_a_new_operator_has_the_usual_roles(db: None, now: datetime) -> None:
    tenant = create_tenant(slug="fabrikam", name="Fabrikam", currency="SEK", actor=SYSTEM, now=now)

    with tenant_scope(tenant):
        made = {r.code: tuple(r.permissions) for r in Role.objects.all()}
        assert newest_entry().action == "tenant.created"
    assert made == {code: granted for code, (_, granted) in DEFAULT_ROLES.items()}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"slug": "Not a slug"}, "slug"),
        ({"name": "  "}, "name"),
        ({"currency": "eur"}, "currency"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"slug": "northwind"}, "slug"),
    ],
)
def test_an_operator_with_a_wrong_field_is_refused_there(
    northwind: Tenant, now: datetime, fields: dict[str, str], path: str
) -> None:
    given = {"slug": "fabrikam", "name": "Fabrikam", "currency": "EUR", **fields}

    with pytest.raises(Invalid) as refused:
        create_tenant(**given, actor=SYSTEM, now=now)  # type: ignore[arg-type]

    assert paths(refused.value) == [path]


def test_settings_are_changed_with_only_the_difference_in_the_audit_trail(
    scope: Tenant, now: datetime
) -> None:
    wanted = replace(TenantSettings.of(scope), name="Northwind Two", bare_location=True)
    scope.refresh_from_db()
    revision = scope.settings_revision

    changed = update_tenant(settings=wanted, actor=ADMIN, now=now)

    assert (changed.name, changed.bare_location) == ("Northwind Two", True)
    assert changed.settings_revision == revision + 1
    entry = newest_entry()
    assert entry.before == {"name": "Northwind", "bare_location": False}
    assert entry.after == {"name": "Northwind Two", "bare_location": True}
    assert entry.actor_name == "Ada"


def test_how_subscribers_dial_is_kept_with_the_reference_data_of_the_charger(
    scope: Tenant, now: datetime
) -> None:
    scope.refresh_from_db()
    revision = scope.reference_revision

    renamed = update_tenant(
        settings=replace(TenantSettings.of(scope), name="Other"), actor=ADMIN, now=now
    )
    assert renamed.reference_revision == revision
    dials = update_tenant(
        settings=replace(TenantSettings.of(renamed), emergency_numbers=("110", "119", "110")),
        actor=ADMIN,
        now=now,
    )

    assert dials.reference_revision == revision + 1
    assert dials.emergency_numbers == ["110", "119"]


def test_a_new_operator_knows_the_usual_emergency_numbers_and_rates_all_use(
    db: None, now: datetime
) -> None:
    tenant = create_tenant(slug="fabrikam", name="Fabrikam", currency="SEK", actor=SYSTEM, now=now)

    assert tenant.emergency_numbers == ["112", "911", "999", "000"]
    assert not tenant.allows_zero_rating


def test_saving_settings_as_they_are_changes_and_records_nothing(
    scope: Tenant, now: datetime
) -> None:
    before = AuditEntry.objects.count()

    update_tenant(settings=TenantSettings.of(scope), actor=ADMIN, now=now)

    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("time_zone", "Mars/Olympus"),
        ("home_plmn", "12"),
        ("gigabyte_base", 1012),
        ("support_adjust_limit", -1),
        ("country_code", "0"),
        ("emergency_numbers", ()),
        ("emergency_numbers", ("112", "help")),
    ],
)
def test_a_wrong_setting_is_refused_at_its_field(
    scope: Tenant, now: datetime, field: str, value: object
) -> None:
    wanted = replace(TenantSettings.of(scope), **{field: value})  # type: ignore[arg-type]

    with pytest.raises(Invalid) as refused:
        update_tenant(settings=wanted, actor=ADMIN, now=now)

    assert paths(refused.value) == [field]


def test_product_managers_publish_until_duties_are_separated(scope: Tenant, now: datetime) -> None:
    manager = role("product-manager")
    assert "plans.publish" in permissions_of(manager, scope)

    wanted = replace(TenantSettings.of(scope), separates_duties=True)
    separated = update_tenant(settings=wanted, actor=ADMIN, now=now)

    assert "plans.publish" not in permissions_of(manager, separated)
    assert "plans.publish" in permissions_of(role("publisher"), separated)


# ── people ───────────────────────────────────────────────────────────────────────────────────


def test_a_new_person_without_a_password_cannot_sign_in_yet(scope: Tenant, now: datetime) -> None:
    added = member("new@northwind.example", "viewer", now)

    assert not added.user.has_usable_password()
    assert newest_entry().after == {"role": "Viewer"}


def test_a_first_password_must_be_a_good_one(scope: Tenant, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        add_member(
            email="new@northwind.example",
            role=role("viewer"),
            password="password",
            actor=ADMIN,
            now=now,
        )

    assert paths(refused.value) == ["password"]
    assert not User.objects.filter(email="new@northwind.example").exists()


@pytest.mark.parametrize("email", ["", "nobody", "two@at@signs"])
def test_a_wrong_address_is_refused_at_its_field(scope: Tenant, now: datetime, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        member(email, "viewer", now)

    assert paths(refused.value) == ["email"]


def test_somebody_of_another_operator_keeps_name_and_password(
    northwind: Tenant, contoso: Tenant, now: datetime
) -> None:
    known = User.objects.create_user("ann@contoso.example", "her own password", name="Ann")
    with tenant_scope(northwind):
        added = add_member(
            email="ANN@contoso.example",
            name="Somebody else",
            role=role("viewer"),
            password="a stranger's choice",
            actor=SYSTEM,
            now=now,
        )

    assert added.user == known
    known.refresh_from_db()
    assert known.name == "Ann"
    assert known.check_password("her own password")


def test_nobody_is_a_member_twice(scope: Tenant, now: datetime) -> None:
    first = member("ann@northwind.example", "viewer", now)

    with pytest.raises(AlreadyAMember) as refused:
        member("Ann@Northwind.example", "admin", now)

    assert refused.value.membership == first


def test_another_role_counts_and_is_written_down(scope: Tenant, now: datetime) -> None:
    member("admin@northwind.example", "admin", now)
    ann = member("ann@northwind.example", "viewer", now)

    change_role(membership=ann, role=role("support"), actor=ADMIN, now=now)

    ann.refresh_from_db()
    assert ann.role.code == "support"
    entry = newest_entry()
    assert (entry.before, entry.after) == ({"role": "Viewer"}, {"role": "Support"})
    assert entry.subject_id == "ann@northwind.example"


def test_the_last_administrator_cannot_be_removed(scope: Tenant, now: datetime) -> None:
    last = member("admin@northwind.example", "admin", now)
    member("ann@northwind.example", "viewer", now)

    with pytest.raises(LastAdministrator):
        remove_member(membership=last, actor=ADMIN, now=now)

    assert Membership.objects.filter(user__email="admin@northwind.example").exists()


def test_the_last_administrator_cannot_get_another_role(scope: Tenant, now: datetime) -> None:
    last = member("admin@northwind.example", "admin", now)

    with pytest.raises(LastAdministrator):
        change_role(membership=last, role=role("viewer"), actor=ADMIN, now=now)

    last.refresh_from_db()
    assert last.role.code == "admin"


def test_an_administrator_whose_sign_in_is_switched_off_does_not_count(
    scope: Tenant, now: datetime
) -> None:
    last = member("admin@northwind.example", "admin", now)
    gone = member("gone@northwind.example", "admin", now)
    gone.user.is_active = False
    gone.user.save()

    with pytest.raises(LastAdministrator):
        remove_member(membership=last, actor=ADMIN, now=now)


def test_one_of_two_administrators_can_go(scope: Tenant, now: datetime) -> None:
    first = member("one@northwind.example", "admin", now)
    member("two@northwind.example", "admin", now)

    remove_member(membership=first, actor=ADMIN, now=now)

    assert not Membership.objects.filter(user__email="one@northwind.example").exists()
    assert User.objects.filter(email="one@northwind.example").exists()


# ── roles ────────────────────────────────────────────────────────────────────────────────────


def test_a_role_of_ones_own_combines_permissions(scope: Tenant, now: datetime) -> None:
    made = create_role(
        name="Auditors", permissions=["audit.view", "plans.view"], actor=ADMIN, now=now
    )

    assert made.code == "auditors"
    assert made.permissions == ["plans.view", "audit.view"]
    assert permissions_of(made, scope) == {"plans.view", "audit.view"}


def test_two_roles_of_one_name_are_refused(scope: Tenant, now: datetime) -> None:
    create_role(name="Auditors", permissions=["audit.view"], actor=ADMIN, now=now)

    with pytest.raises(Invalid) as refused:
        create_role(name="auditors", permissions=["audit.view"], actor=ADMIN, now=now)

    assert paths(refused.value) == ["name"]


def test_a_name_without_latin_letters_gets_a_code_too(scope: Tenant, now: datetime) -> None:
    made = create_role(name="監査", permissions=["audit.view"], actor=ADMIN, now=now)

    assert made.code.startswith("role-")


@pytest.mark.parametrize(
    ("name", "permissions", "wrong"),
    [
        ("", ["plans.view"], ["name"]),
        ("x" * 81, ["plans.view"], ["name"]),
        ("Empty", [], ["permissions"]),
        ("Network", ["charging.n40"], ["permissions"]),
        ("Unknown", ["moon.walk"], ["permissions"]),
        ("", [], ["name", "permissions"]),
    ],
)
def test_a_wrong_role_is_refused_at_its_fields(
    scope: Tenant, now: datetime, name: str, permissions: list[str], wrong: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        create_role(name=name, permissions=permissions, actor=ADMIN, now=now)

    assert paths(refused.value) == wrong


def test_a_changed_role_counts_for_everybody_who_has_it(scope: Tenant, now: datetime) -> None:
    member("admin@northwind.example", "admin", now)
    made = create_role(name="Auditors", permissions=["audit.view"], actor=ADMIN, now=now)

    save_role(role=made, name="Controllers", permissions=["plans.view"], actor=ADMIN, now=now)

    made.refresh_from_db()
    assert (made.name, made.permissions) == ("Controllers", ["plans.view"])
    assert newest_entry().before == {"name": "Auditors", "permissions": ["audit.view"]}


def test_the_last_managing_role_cannot_lose_its_permission(scope: Tenant, now: datetime) -> None:
    own = create_role(name="Chiefs", permissions=["tenant.manage"], actor=ADMIN, now=now)
    member("chief@northwind.example", "chiefs", now)

    with pytest.raises(LastAdministrator):
        save_role(role=own, name="Chiefs", permissions=["plans.view"], actor=ADMIN, now=now)


def test_the_usual_roles_stay_as_they_are(scope: Tenant, now: datetime) -> None:
    with pytest.raises(BuiltinRole):
        save_role(role=role("viewer"), name="V", permissions=["plans.view"], actor=ADMIN, now=now)
    with pytest.raises(BuiltinRole):
        delete_role(role=role("viewer"), actor=ADMIN, now=now)


def test_a_role_that_somebody_has_cannot_be_deleted(scope: Tenant, now: datetime) -> None:
    own = create_role(name="Auditors", permissions=["audit.view"], actor=ADMIN, now=now)
    ann = member("ann@northwind.example", "auditors", now)

    with pytest.raises(RoleInUse):
        delete_role(role=own, actor=ADMIN, now=now)

    member("admin@northwind.example", "admin", now)
    remove_member(membership=ann, actor=ADMIN, now=now)
    delete_role(role=own, actor=ADMIN, now=now)
    assert not Role.objects.filter(code="auditors").exists()


# ── who may ──────────────────────────────────────────────────────────────────────────────────


def test_nobody_without_the_permission_changes_any_of_it(scope: Tenant, now: datetime) -> None:
    ann = member("ann@northwind.example", "viewer", now)
    by = {"actor": VIEWER, "now": now}

    for attempt in (
        lambda: add_member(email="x@y.example", role=role("admin"), **by),
        lambda: change_role(membership=ann, role=role("admin"), **by),
        lambda: remove_member(membership=ann, **by),
        lambda: create_role(name="Mine", permissions=list(PERMISSIONS), **by),
        lambda: update_tenant(settings=TenantSettings.of(scope), **by),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
