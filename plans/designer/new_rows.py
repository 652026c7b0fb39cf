"""New rows, filled with what is usual, so that often only a number has to be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plans.conventions import Conventions
from plans.designer.controls import Control, Row, coverage_numbers, new_token
from plans.designer.form import DraftForm
from plans.designer.rows import PERCENT, AllowanceRow, RateRow, ThresholdRow
from plans.models import Service

ALLOWANCE_NAMES: Final = {
    Service.DATA: "Data",
    Service.VOICE: "Voice to all networks",
    Service.SMS: "SMS",
    Service.MONEY: "Bonus credit",
}
RATE_UNITS: Final = {Service.DATA: ("MB", "KB"), Service.VOICE: ("min", "s")}
FIRST_MARKS: Final = ("50", "20", "5")


def new_row(kind: str, query: Mapping[str, str], by: Conventions) -> Row | None:
    """A row for `kind` allowance, rate or threshold; None when the query fits none."""
    if kind == "threshold":
        return _threshold(query, by)
    service, numbers = _coverage(query, by)
    if service not in Service.values:
        return None
    if kind == "allowance":
        return _allowance(service, numbers, by)
    return _rate(service, numbers, by) if kind == "rate" else None


def _coverage(query: Mapping[str, str], by: Conventions) -> tuple[str, str]:
    """A service, or the one of a rating group and its number."""
    numbers = coverage_numbers(query.get("rating_group", ""))
    if numbers and numbers[0] in by.rating_groups:
        return by.rating_groups[numbers[0]].service, str(numbers[0])
    return query.get("service", ""), ""


def _allowance(service: str, numbers: str, by: Conventions) -> Row:
    token = new_token()
    row_id = f"allowances-{token}"
    group = by.rating_groups.get(int(numbers)) if numbers else None
    name = group.name if group else ALLOWANCE_NAMES[Service(service)]
    data = {
        f"{row_id}-service": service,
        f"{row_id}-applies_to": numbers,
        f"{row_id}-name": name,
        f"{row_id}-thresholds-{new_token()}-level": "20",
    }
    row = DraftForm(data, by).allowances[0]
    for control in _controls(row):
        control.error = ""
    return row


def _rate(service: str, numbers: str, by: Conventions) -> Row:
    row_id = f"rates-{new_token()}"
    per_unit, step_unit = RATE_UNITS.get(Service(service), ("", ""))
    data = {
        f"{row_id}-service": service,
        f"{row_id}-applies_to": numbers,
        f"{row_id}-per": "1",
        f"{row_id}-per_unit": per_unit,
        f"{row_id}-increment": "1",
        f"{row_id}-increment_unit": step_unit,
    }
    row = DraftForm(data, by).rates[0]
    for control in _controls(row):
        control.error = ""
    return row


def _threshold(query: Mapping[str, str], by: Conventions) -> Row | None:
    """One more mark for the allowance whose row's id and service the query names."""
    token = query.get("allowance", "")
    if not token.isalnum() or len(token) > 32:
        return None
    parent = AllowanceRow.build(
        token,
        {
            f"allowances-{token}-service": query.get("service", ""),
            f"allowances-{token}-applies_to": query.get("rating_group", ""),
        },
        (),
        0,
        by,
    )
    taken = {text for name, text in query.items() if name.endswith("-level")}
    level = next((mark for mark in FIRST_MARKS if mark not in taken), "10")
    mark = new_token()
    name = f"allowances-{token}-thresholds-{mark}-level"
    data = {name: level, f"{name}_unit": PERCENT}
    return ThresholdRow.build(parent, mark, data, parent["amount"].units, "")


def _controls(row: AllowanceRow | RateRow) -> list[Control]:
    found = list(row.controls.values())
    if isinstance(row, AllowanceRow):
        found += [control for mark in row.thresholds for control in mark.controls.values()]
    return found
