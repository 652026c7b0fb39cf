"""Which plan versions name a destination group or zone.

Conditions are JSON whose names are those of the engine's Conditions, wherever in a version's rows
they stand; they are looked for in all of them, so that a new place needs no line here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models
from django.db.models import F, Func, Q, Value

from plans.models import Allowance, PlanVersion, Rate
from plans.subscriber_counts import subscriber_counts

_WHERE: Final = {
    "destinations": "$.**.destinations.*[*] ? (@ == $code)",
    "zones": "$.**.zones[*] ? (@ == $code)",
}
"""Where the codes stand within conditions."""

SHOWN_MAX: Final = 3


def versions_that_name(part: str, code: str) -> list[PlanVersion]:
    """Drafts, published versions and retired ones with subscribers whose conditions name the code.

    `part` is "destinations" or "zones".
    """
    keys: set[int] = set()
    for rows in (Rate, Allowance):
        for field in _json_fields(rows):
            named = Func(
                F(field),
                Value(_WHERE[part]),
                Value({"code": code}, models.JSONField()),
                function="jsonb_path_exists",
                output_field=models.BooleanField(),
            )
            found = rows.objects.filter(named).values_list("version_id", flat=True)
            keys.update(found)
    versions = PlanVersion.objects.filter(pk__in=keys).select_related("plan")
    retired = [version for version in versions if version.state == PlanVersion.State.RETIRED]
    subscribers = subscriber_counts([version.pk for version in retired])
    held = Q(pk__in=[key for key, count in subscribers.items() if count])
    in_use = held | ~Q(state=PlanVersion.State.RETIRED)
    return list(versions.filter(in_use).order_by("plan__code", "number"))


def words_for(versions: Sequence[PlanVersion]) -> str:
    """ "Flex 20 v3 (published) and Flex 20 v4 (draft) name it"."""
    shown = [
        f"{version} ({version.get_state_display().lower()})" for version in versions[:SHOWN_MAX]
    ]
    if more := len(versions) - len(shown):
        shown.append(f"{more} more")
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{listed} {'names' if len(versions) == 1 else 'name'} it"


def _json_fields(rows: type[Any]) -> list[str]:
    return [field.name for field in rows._meta.local_fields if isinstance(field, models.JSONField)]
