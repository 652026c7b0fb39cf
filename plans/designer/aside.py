"""Beside the form: the plan in words, what to look at again, and the simulated month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plans.checks import Check, findings
from plans.conventions import Conventions
from plans.designer.form import DraftForm
from plans.models import Service
from plans.profiles import (
    CUSTOM,
    DEFAULT_PROFILE,
    MESSAGES_A_DAY_MAX,
    OCTETS_A_DAY_MAX,
    PROFILES,
    SECONDS_A_DAY_MAX,
    Profile,
)
from plans.simulate import Course, Month, simulate
from plans.wording import Offer, service_name
from portal.formatting import format_quantity
from portal.typed import Unreadable, read_whole

DAYS: Final = 30
LINES_MAX: Final = 6
"""More lines than this in one chart say nothing; the table has them all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one balance fared, for a badge."""

    name: str
    service: str
    tone: str
    text: str


@dataclass(slots=True, kw_only=True)
class Aside:
    """What the column shows; without `month` the form has errors and the old chart would lie."""

    offer: Offer
    checks: list[Check]
    profile: Profile
    profiles: list[tuple[str, str]]
    custom: dict[str, Any]
    month: Month | None = None
    chart: dict[str, Any] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    bill: str = ""
    bill_parts: str = ""
    table: list[dict[str, Any]] = field(default_factory=list)

    @property
    def chart_label(self) -> str:
        told = "; ".join(f"{verdict.name}: {verdict.text}" for verdict in self.verdicts)
        return f"What is left of each balance over {DAYS} days. {told}"


def aside_of(form: DraftForm, query: Mapping[str, str]) -> Aside:
    """Word and simulate what a checked form says; `query` may name a profile and its amounts."""
    spec, by = form.spec, form.by
    profile = chosen_profile(query, by)
    aside = Aside(
        offer=form.offer,
        checks=findings(spec, by),
        profile=profile,
        profiles=[
            *((known.code, known.name) for known in PROFILES.values()),
            (CUSTOM, "Custom user"),
        ],
        custom={
            "megabytes": profile.octets // by.gigabyte_base**2,
            "minutes": profile.seconds // 60,
            "messages": profile.messages,
        },
    )
    if not form.has_errors and not spec.is_blank:
        _add_month(aside, simulate(spec, profile, by, days=DAYS), by)
    return aside


def chosen_profile(query: Mapping[str, str], by: Conventions) -> Profile:
    """The named profile, or one of the amounts a day given with `custom`."""
    code = query.get("profile", DEFAULT_PROFILE)
    usual = PROFILES[DEFAULT_PROFILE]
    if code != CUSTOM:
        return PROFILES.get(code, usual)
    megabyte = by.gigabyte_base**2
    return Profile(
        code=CUSTOM,
        name="Custom user",
        octets=_amount(query, "megabytes", OCTETS_A_DAY_MAX // megabyte, 900) * megabyte,
        seconds=_amount(query, "minutes", SECONDS_A_DAY_MAX // 60, 9) * 60,
        messages=_amount(query, "messages", MESSAGES_A_DAY_MAX, 12),
    )


def _amount(query: Mapping[str, str], name: str, most: int, usual: int) -> int:
    try:
        return max(0, min(most, read_whole(query.get(name, ""))))
    except Unreadable:
        return usual


def _add_month(aside: Aside, month: Month, by: Conventions) -> None:
    aside.month = month
    aside.chart = _chart(month)
    aside.verdicts = [*(_verdict(course, month) for course in month.courses), *_refusals(month)]
    aside.bill = by.money(month.bill)
    aside.bill_parts = (
        f"{by.money(month.fees)} + {by.money(month.overage)} beyond the allowances"
        if month.overage
        else f"{by.money(month.fees)}, nothing beyond the allowances"
    )
    aside.table = [
        {
            "day": day,
            "left": [
                by.quantity(course.left[day], course.unit, service=course.service)
                if course.unit != "OCTETS"
                else _rounded(course.left[day], by)
                for course in month.courses
            ],
            "spent": by.money(month.spent[day]),
        }
        for day in range(month.days + 1)
    ]


def _rounded(octets: int, by: Conventions) -> str:
    """18.4 GB: nobody compares days by the byte."""
    return format_quantity(octets, "OCTETS", gigabyte_base=by.gigabyte_base)


def _chart(month: Month) -> dict[str, Any]:
    shown = month.courses[:LINES_MAX]
    return {
        "days": list(range(month.days + 1)),
        "series": [
            {"label": course.name, "service": course.service, "left": course.percents}
            for course in shown
        ],
        "thresholds": sorted({mark.percent for course in shown for mark in course.marks}),
        "notifications": [
            {"day": mark.day, "percent": mark.percent, "label": f"{course.name}: {mark.name}"}
            for course in shown
            for mark in course.marks
        ],
    }


def _verdict(course: Course, month: Month) -> Verdict:
    if course.empty_on is not None:
        tone, text = "bad", f"empty on day {course.empty_on}"
    elif course.left[-1] == 0:
        last = next(day for day, left in enumerate(course.left) if day and not left)
        tone, text = "warn", f"expires on day {last}"
    else:
        lasting = "the month" if month.days == DAYS else f"{month.days} days"
        tone, text = "good", f"lasts {lasting}"
    return Verdict(course.name, course.service, tone, text)


def _refusals(month: Month) -> list[Verdict]:
    return [
        Verdict(service_name(service), service, "bad", f"refused from day {day}")
        for service, day in month.refused_on.items()
        if service in Service.values
    ]
