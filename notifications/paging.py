"""Paging through rows that have a place in the stream, by that place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

M = TypeVar("M", bound=Model)
POSITION_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[M]):
    """Newest first, with the address of the older page and of the newest ("" on it)."""

    rows: list[M]
    older_url: str
    newest_url: str


def page_of(
    rows: QuerySet[M],
    query: QueryDict,
    *,
    field: str,
    position: Callable[[M], int | None],
    size: int,
) -> Page[M]:
    """The page of `rows` (newest first) before the position that `query` names, or the newest."""
    before = query.get("before", "")
    is_newest = not (before.isascii() and before.isdecimal())
    if not is_newest:
        rows = rows.filter(**{f"{field}__lt": min(int(before[:20]), POSITION_MAX)})
    found = list(rows[: size + 1])
    shown = found[:size]
    older_url = _address(query, position(shown[-1])) if len(found) > size else ""
    return Page(rows=shown, older_url=older_url, newest_url="" if is_newest else _address(query))


def _address(query: QueryDict, before: int | None = None) -> str:
    kept = query.copy()
    kept.pop("before", None)
    if before is not None:
        kept["before"] = str(before)
    return f"?{kept.urlencode()}"
