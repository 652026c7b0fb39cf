"""Files of prefixes: replaced, added, removed; what is wrong is told by line; all or nothing."""

from __future__ import annotations

import io
from datetime import datetime

import pytest

from plans.reference.csv_rows import ERRORS_SHOWN_MAX
from plans.reference.importing import Imported, ImportMode, import_prefixes
from plans.reference.models import DestinationGroup, DestinationPrefix
from portal.tenancy.actor import Actor, PermissionDenied
from portal.tenancy.models import AuditEntry, Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid
from tests.factories import make_tenant

WORLD = "group,prefix,name\nes,34,Spain\nes-mobile,+34 6,Spain mobile\nes-mobile,347,\n"


def take(
    text: str | bytes, ana: Actor, now: datetime, *, mode: str = "replace", group: str = ""
) -> Imported:
    raw = text.encode() if isinstance(text, str) else text
    return import_prefixes(
        file=io.BytesIO(raw), mode=ImportMode(mode), group=group, actor=ana, now=now
    )


def stored() -> set[tuple[str, str]]:
    return set(DestinationPrefix.objects.values_list("group__code", "prefix"))


def refused(text: str | bytes, ana: Actor, now: datetime, **how: str) -> dict[str, str]:
    before = stored()
    with pytest.raises(Invalid) as error:
        take(text, ana, now, **how)
    assert stored() == before
    return {each.path: each.message for each in error.value.errors}


def test_a_file_makes_the_groups_it_names(tenant: Tenant, ana: Actor, now: datetime) -> None:
    result = take(WORLD, ana, now)

    assert stored() == {("es", "34"), ("es-mobile", "346"), ("es-mobile", "347")}
    assert dict(DestinationGroup.objects.values_list("code", "name")) == {
        "es": "Spain",
        "es-mobile": "Spain mobile",
    }
    assert (result.rows, result.added, result.removed) == (3, 3, 0)
    assert result.new_groups == ("es", "es-mobile")


def test_replacing_leaves_each_group_of_the_file_what_the_file_says(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    take(WORLD, ana, now)

    result = take("group,prefix\nes-mobile,346\nes-mobile,3478\n", ana, now)

    assert stored() == {("es", "34"), ("es-mobile", "346"), ("es-mobile", "3478")}
    assert (result.added, result.removed, result.unchanged) == (1, 1, 1)


def test_adding_keeps_what_is_there(tenant: Tenant, ana: Actor, now: datetime) -> None:
    take(WORLD, ana, now)

    result = take("group,prefix\nes-mobile,346\nes-mobile,348\n", ana, now, mode="add")

    assert ("es-mobile", "347") in stored()
    assert (result.added, result.removed, result.unchanged) == (1, 0, 1)


def test_removing_takes_away_what_is_listed(tenant: Tenant, ana: Actor, now: datetime) -> None:
    take(WORLD, ana, now)

    result = take("group,prefix\nes-mobile,346\nes-mobile,99\n", ana, now, mode="remove")

    assert stored() == {("es", "34"), ("es-mobile", "347")}
    assert (result.added, result.removed, result.unchanged) == (0, 1, 1)


def test_one_groups_file_needs_no_column_for_it(tenant: Tenant, ana: Actor, now: datetime) -> None:
    take(WORLD, ana, now)

    take("prefix\n34600\n34601\n", ana, now, group="es-mobile")

    assert stored() == {("es", "34"), ("es-mobile", "34600"), ("es-mobile", "34601")}
    errors = refused("group,prefix\nes-mobile,346\nes,34\n", ana, now, group="es-mobile")
    assert list(errors) == ["line 3"]
    assert list(refused("prefix\n1\n", ana, now, group="fr")) == ["group"]


def test_a_prefix_may_be_in_several_groups_and_a_line_twice_in_the_file(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    result = take("group,prefix\na,34\nb,34\na,34\n", ana, now)

    assert stored() == {("a", "34"), ("b", "34")}
    assert (result.rows, result.added) == (3, 2)


def test_the_same_file_again_changes_nothing(tenant: Tenant, ana: Actor, now: datetime) -> None:
    take(WORLD, ana, now)
    keys = set(DestinationPrefix.objects.values_list("pk", flat=True))
    tenant.refresh_from_db()

    result = take(WORLD, ana, now)

    before = tenant.reference_revision
    tenant.refresh_from_db()
    assert not result.is_change
    assert tenant.reference_revision == before
    assert set(DestinationPrefix.objects.values_list("pk", flat=True)) == keys
    assert AuditEntry.objects.filter(action="destination_group.prefixes_imported").count() == 1


def test_each_wrong_line_is_told_and_nothing_is_taken(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    text = (
        "group,prefix\n"
        "es,34\n"
        "es,\n"  # 3
        "es,34x\n"
        "-es,34\n"  # 5
        "es,1234567890123456\n"
        "es,4.9E+10\n"  # 7: what a spreadsheet makes of a long number
        ",34\n"
        "es\n"  # 9
        "es,٣٤\n"  # digits, but no ASCII
        "*any,1\n"  # 11
    )

    errors = refused(text, ana, now)

    assert list(errors) == [f"line {line}" for line in range(3, 12)]
    assert errors["line 4"] == "“34x” is no prefix: 1 to 15 digits, with or without +."
    assert not DestinationGroup.objects.exists()


def test_lines_are_counted_as_an_editor_counts_them(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    text = 'group,prefix,name\r\n\r\nes,34,"Spain\nand more"\r\nes,x,\r\n'

    assert list(refused(text, ana, now)) == ["line 5"]


def test_only_the_first_errors_are_listed(tenant: Tenant, ana: Actor, now: datetime) -> None:
    errors = refused("group,prefix\n" + "es,x\n" * 400, ana, now)

    assert len(errors) == ERRORS_SHOWN_MAX + 1
    assert errors["file"] == "350 more lines are wrong."


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n",
        b"es,34\n",
        b"group\nes\n",
        b"prefix\n34\n",
        b"group,prefix,prefix\nes,34,35\n",
        b"group,prefix,price\nes,34,5\n",
        b"group,prefix\n",
        b"group,prefix\nes,34\xff\n",
        b"\xff\xfeg\x00r\x00o\x00u\x00p\x00",
        b"group,prefix\nes,3\x004\n",
        b"group,prefix\nes\\.,34\n",
        b"group,prefix\nes\t,\\N\n",
        b"group,prefix\nes,'); DROP TABLE plans_plan; --\n",
        b'group,prefix\nes,"34\n',
        b"group,prefix\nes," + b"9" * 200_000 + b"\n",
        b"group,prefix,name\nes,34," + b"x" * 81 + b"\n",
        b"group,prefix,name\nes,34,a\x00b\n",
        b"group,prefix,name\nes,34,Spain\nes,35,Espana\n",
        b"group,prefix\n" + b"e" * 41 + b",34\n",
        b"PK\x03\x04\x14\x00\x06\x00",
    ],
)
def test_what_is_no_file_of_prefixes_is_refused_whole(
    tenant: Tenant, ana: Actor, now: datetime, text: bytes
) -> None:
    assert refused(text, ana, now)
    assert not DestinationGroup.objects.exists()


def test_a_file_that_is_too_large_is_not_read(
    tenant: Tenant, ana: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plans.reference.csv_rows.FILE_OCTETS_MAX", 10)

    assert list(refused("group,prefix\nes,34\n", ana, now)) == ["file"]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffgroup,prefix\nes,34\n",
        "Group;Prefix\nes;34\n",
        "prefix\tgroup\n34\tes\n",
        "group,prefix\r\nes,34\r\n",
        'group,prefix\n"es","+34"\n',
        "group,prefix\n es , 34 \n",
        "group,prefix,name\nes,34,\n",
    ],
)
def test_files_of_spreadsheets_are_understood(
    tenant: Tenant, ana: Actor, now: datetime, text: str
) -> None:
    take(text, ana, now)

    assert stored() == {("es", "34")}


def test_another_operators_groups_of_the_same_code_are_left_alone(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    contoso = make_tenant("contoso")
    with tenant_scope(contoso):
        take("group,prefix\nes,34\nes,35\n", ana, now)
        revision = Tenant.objects.get(pk=contoso.pk).reference_revision

    take("group,prefix\nes,346\n", ana, now)
    take("group,prefix\nes,346\n", ana, now, mode="remove")

    assert stored() == set()
    with tenant_scope(contoso):
        assert stored() == {("es", "34"), ("es", "35")}
    assert Tenant.objects.get(pk=contoso.pk).reference_revision == revision


def test_whoever_may_not_design_imports_nothing(tenant: Tenant, now: datetime) -> None:
    viewer = Actor(kind="user", id=3, name="Vic", permissions=frozenset({"plans.view"}))

    with pytest.raises(PermissionDenied):
        take(WORLD, viewer, now)


def test_an_import_is_in_the_audit_trail_and_counts_the_revision(
    tenant: Tenant, ana: Actor, now: datetime
) -> None:
    take(WORLD, ana, now)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_id) == ("destination_group.prefixes_imported", "file")
    assert entry.after == {
        "mode": "replace",
        "rows": 3,
        "added": 3,
        "removed": 0,
        "new_groups": ["es", "es-mobile"],
    }
    tenant.refresh_from_db()
    assert tenant.reference_revision > 0
    assert tenant.settings_revision == Tenant.objects.get(pk=tenant.pk).settings_revision


def test_twenty_thousand_prefixes_cost_the_same_statements_as_two(
    tenant: Tenant, ana: Actor, now: datetime, django_assert_num_queries: object
) -> None:
    lines = "".join(f"g{number % 100},{number}\n" for number in range(100_000, 120_000))
    with django_assert_num_queries(11) as few:  # type: ignore[operator]
        take("group,prefix\nes,34\n", ana, now)
    with django_assert_num_queries(len(few)):  # type: ignore[operator]
        result = take("group,prefix\n" + lines, ana, now)

    assert result.added == 20_000
