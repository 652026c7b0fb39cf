"""The plan list: every plan with the version that stands for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, prefetch_related_objects

from plans import selectors
from plans.conventions import Conventions
from plans.models import Plan, PlanVersion
from plans.subscriber_counts import subscriber_counts
from plans.wording import say_period, summary

State = PlanVersion.State


@dataclass(slots=True, kw_only=True)
class PlanRow:
    """A plan with its draft and its live version; `shown` is what the row describes."""

    plan: Plan
    shown: PlanVersion
    draft: PlanVersion | None
    live: PlanVersion | None
    subscribers: int = 0
    words: str = ""
    period: str = ""

    @property
    def state(self) -> str:
        """draft while one is worked on, else that of the live or newest version."""
        return self.draft.state if self.draft else self.shown.state

    @property
    def changed_at(self) -> datetime:
        """When somebody last worked on it."""
        return (self.draft or self.shown).updated_at


SORTS: Final[dict[str, tuple[str, Callable[[PlanRow], Any], bool]]] = {
    "name": ("Name", lambda row: row.plan.name.casefold(), False),
    "changed": ("Last changed", lambda row: row.changed_at, True),
    "price": ("Price", lambda row: row.shown.price, True),
    "subscribers": ("Subscribers", lambda row: row.subscribers, True),
}
"""Sort → what people call it, its key, and whether the largest comes first."""

STATES: Final = {
    "draft": "Being drafted",
    "published": "Published",
    "retired": "Retired",
}


def list_plans(*, search: str = "", state: str = "", sort: str = "name") -> list[PlanRow]:
    """Plans whose name or code contains `search`, in a state, ordered by one of SORTS."""
    plans = Plan.objects.all()
    for word in search.split():
        plans = plans.filter(Q(name__icontains=word) | Q(code__icontains=word))
    rows = [row for row in _rows(plans) if not state or _is_in(row, state)]
    _, key, descending = SORTS.get(sort, SORTS["name"])
    rows.sort(key=lambda row: row.plan.code)
    rows.sort(key=key, reverse=descending)
    return rows


def add_words(rows: Iterable[PlanRow], by: Conventions) -> None:
    """Word the allowances of the rows of one page."""
    rows = list(rows)
    prefetch_related_objects(
        [row.shown for row in rows],
        "allowances",
        "allowances__thresholds",
        "rates",
        "bands",
        "examples",
    )
    for row in rows:
        spec = selectors.spec_of(row.shown)
        row.words = summary(spec, by)
        row.period = say_period(spec)


def _rows(plans: Iterable[Plan]) -> list[PlanRow]:
    by_plan: dict[int, list[PlanVersion]] = {}
    for version in PlanVersion.objects.filter(plan__in=plans).order_by("-number"):
        by_plan.setdefault(version.plan_id, []).append(version)
    counts = subscriber_counts([version.pk for found in by_plan.values() for version in found])
    return [_row(plan, by_plan[plan.pk], counts) for plan in plans if plan.pk in by_plan]


def _row(plan: Plan, versions: list[PlanVersion], counts: dict[int, int]) -> PlanRow:
    draft = next((row for row in versions if row.state in (State.DRAFT, State.SCHEDULED)), None)
    live = next((row for row in versions if row.state == State.PUBLISHED), None)
    return PlanRow(
        plan=plan,
        shown=live or draft or versions[0],
        draft=draft,
        live=live,
        subscribers=sum(counts[version.pk] for version in versions),
    )


def _is_in(row: PlanRow, state: str) -> bool:
    if state == "draft":
        return row.draft is not None
    if state == "published":
        return row.live is not None
    return row.live is None and row.draft is None
