"""Importing prefixes: a file is read whole, copied beside the table, and merged in one statement.

Nothing is written unless every line of the file is good. 200,000 prefixes take seconds
(bench/prefixes.py); what the table holds already is not written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO, Any, Final

from django.db import connection, transaction

from plans.reference.csv_rows import Prefixes, read_prefixes
from plans.reference.models import DestinationGroup
from plans.reference.services import DESIGN, lock_reference
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import Invalid

COPIED_AT_ONCE: Final = 10_000


class ImportMode(StrEnum):
    """What a file means for the prefixes that its groups have."""

    REPLACE = "replace"
    """Each group of the file has exactly the file's prefixes; other groups stay."""
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    rows: int
    """Lines of the file; the same one twice counts twice."""
    added: int
    removed: int
    unchanged: int
    """Prefixes of the file that were there already; to be removed, those that were not."""
    new_groups: tuple[str, ...]

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.removed or self.new_groups)


_STAGE: Final = """
DROP TABLE IF EXISTS pg_temp.imported_prefix;
CREATE TEMPORARY TABLE imported_prefix (group_id bigint NOT NULL, prefix text NOT NULL)
    ON COMMIT DROP
"""

_GONE: Final = """
DELETE FROM plans_destinationprefix p
WHERE p.tenant_id = %(tenant)s AND p.group_id = ANY(%(groups)s)
  AND NOT EXISTS (SELECT FROM imported_prefix i
                  WHERE i.group_id = p.group_id AND i.prefix = p.prefix)
"""

_NEW: Final = """
INSERT INTO plans_destinationprefix (tenant_id, group_id, prefix)
SELECT %(tenant)s, i.group_id, i.prefix FROM imported_prefix i
ON CONFLICT (tenant_id, prefix, group_id) DO NOTHING
"""

_LISTED: Final = """
DELETE FROM plans_destinationprefix p USING imported_prefix i
WHERE p.tenant_id = %(tenant)s AND p.group_id = i.group_id AND p.prefix = i.prefix
"""


@transaction.atomic
def import_prefixes(
    *, file: IO[bytes], mode: ImportMode, group: str = "", actor: Actor, now: datetime
) -> Imported:
    """Take a CSV file of prefixes into the open scope's tenant (plans/reference/csv_rows.py).

    Groups that the file names and that do not exist are created with the name it gives or their
    code; with `group` all lines belong to that one, which must exist. Raises Invalid.
    """
    actor.require(DESIGN)
    found = read_prefixes(file, group=group)
    lock_reference()
    groups, new_groups = _groups_of(found, mode, group)
    added, removed = _merge(found, groups, mode)
    moved = removed if mode is ImportMode.REMOVE else added
    result = Imported(
        rows=found.rows,
        added=added,
        removed=removed,
        unchanged=len(found.pairs) - moved,
        new_groups=new_groups,
    )
    if result.is_change:
        _record(result, mode, group, actor, now)
    return result


def _groups_of(
    found: Prefixes, mode: ImportMode, group: str
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The key of each group of the file by its code, and the codes of those that are new."""
    named = DestinationGroup.objects.filter(code__in=found.names)
    keys = dict(named.values_list("code", "pk"))
    missing = [code for code in found.names if code not in keys]
    if missing and (group or mode is ImportMode.REMOVE):
        raise Invalid.at("group", f"There is no destination group “{missing[0]}”.")
    made = DestinationGroup.objects.bulk_create(
        [DestinationGroup(code=code, name=found.names[code] or code) for code in missing]
    )
    return keys | {row.code: row.pk for row in made}, tuple(missing)


def _merge(found: Prefixes, groups: dict[str, int], mode: ImportMode) -> tuple[int, int]:
    """How many prefixes were added and removed."""
    parameters: dict[str, Any] = {"tenant": current_tenant().pk, "groups": list(groups.values())}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY imported_prefix FROM STDIN") as copy:
            for part in _copied(found.pairs, groups):
                copy.write(part)
        cursor.execute("ANALYZE imported_prefix")
        if mode is ImportMode.REMOVE:
            cursor.execute(_LISTED, parameters)
            return 0, cursor.rowcount
        removed = 0
        if mode is ImportMode.REPLACE:
            cursor.execute(_GONE, parameters)
            removed = cursor.rowcount
        cursor.execute(_NEW, parameters)
        return cursor.rowcount, removed


def _copied(pairs: Iterable[tuple[str, str]], groups: dict[str, int]) -> Iterator[str]:
    """COPY's text form; prefixes hold nothing that it would need escaped."""
    lines: list[str] = []
    for code, prefix in sorted(pairs):
        lines.append(f"{groups[code]}\t{prefix}\n")
        if len(lines) == COPIED_AT_ONCE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _record(result: Imported, mode: ImportMode, group: str, actor: Actor, now: datetime) -> None:
    audit.record(
        "destination_group.prefixes_imported",
        actor=actor,
        subject_type="destination_group",
        subject_id=group or "file",
        now=now,
        after={
            "mode": str(mode),
            "rows": result.rows,
            "added": result.added,
            "removed": result.removed,
            "new_groups": list(result.new_groups[:20]),
        },
    )
