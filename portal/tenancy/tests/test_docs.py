"""docs/tenancy.md says what is so."""

from __future__ import annotations

from pathlib import Path

from portal.tenancy.roles import DEFAULT_ROLES, PERMISSIONS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tenancy.md"


def matrix() -> dict[str, dict[str, bool]]:
    """Role → permission → whether it is marked."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    roles = rows[0][1:]
    return {
        role: {row[0]: row[place] == "●" for row in rows[2:]}
        for place, role in enumerate(roles, start=1)
    }


def test_the_table_of_roles_and_permissions_is_the_one_in_the_code() -> None:
    documented = {
        role: {name for name, marked in permissions.items() if marked}
        for role, permissions in matrix().items()
    }

    assert documented == {code: set(granted) for code, (_, granted) in DEFAULT_ROLES.items()}
    assert set(matrix()["admin"]) == set(PERMISSIONS)
