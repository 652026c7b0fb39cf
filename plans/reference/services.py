"""Writing destination groups, zones and holidays.

Each act locks the operator's row first: a trigger counts its reference_revision with every change,
and an import holds it for seconds (docs/locking.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from charging.engine.conditions import HOME, ROAMING
from plans.records import changed_parts
from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday, Zone
from plans.reference.usage import versions_that_name, words_for
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid

DESIGN: Final = "plans.design"
LISTED_MAX: Final = 2_000
"""Networks and countries of one zone; there are some 900 of the one and 240 of the other."""

Row = TypeVar("Row", DestinationGroup, Zone, Holiday)


class StillUsed(Exception):
    """Plan versions name it; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationGroupSpec:
    """What a destination group says beside its prefixes."""

    code: str
    name: str
    number_class: str = ""
    is_own_network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSpec:
    """A zone's networks (PLMN, five or six digits) and countries (MCC, three digits)."""

    code: str
    name: str
    networks: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


# ── destination groups ───────────────────────────────────────────────────────────────────────


@transaction.atomic
def save_destination_group(
    *, spec: DestinationGroupSpec, actor: Actor, now: dt.datetime, is_new: bool | None = None
) -> DestinationGroup:
    """Create the group of that code or replace what it says; its prefixes stay. Raises Invalid.

    With `is_new` given a code that is taken, or not, is an error.
    """
    actor.require(DESIGN)
    lock_reference()
    row = DestinationGroup.objects.filter(code=spec.code).first()
    _require(row, is_new, spec.code, "destination group")
    return _save(
        row or DestinationGroup(), asdict(spec), "destination_group", spec.code, actor, now
    )


@transaction.atomic
def delete_destination_group(*, code: str, actor: Actor, now: dt.datetime) -> None:
    """Delete a group with its prefixes. Raises DoesNotExist, StillUsed."""
    actor.require(DESIGN)
    lock_reference()
    row = DestinationGroup.objects.get(code=code)
    _refuse_if_used(row.name, "destinations", code)
    DestinationPrefix.objects.filter(group=row).delete()
    _delete(row, {"name": row.name}, "destination_group", code, actor, now)


# ── zones ────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def save_zone(
    *, spec: ZoneSpec, actor: Actor, now: dt.datetime, is_new: bool | None = None
) -> Zone:
    """Create the zone of that code or replace what it says. Raises Invalid."""
    actor.require(DESIGN)
    lock_reference()
    if spec.code in (HOME, ROAMING):
        raise Invalid.at("code", f"Every operator has the zone “{spec.code}”; take another code.")
    errors = [
        *_check_digits("networks", spec.networks, (5, 6), "MCC and MNC, 5 or 6 digits"),
        *_check_digits("countries", spec.countries, (3,), "a country code (MCC) of 3 digits"),
    ]
    if not errors and not spec.networks and not spec.countries:
        errors = [FieldError("networks", "Name at least one network or country.")]
    if errors:
        raise Invalid(errors)
    row = Zone.objects.filter(code=spec.code).first()
    _require(row, is_new, spec.code, "zone")
    after = {
        "code": spec.code,
        "name": spec.name,
        "networks": sorted(set(spec.networks)),
        "countries": sorted(set(spec.countries)),
    }
    return _save(row or Zone(), after, "zone", spec.code, actor, now)


@transaction.atomic
def delete_zone(*, code: str, actor: Actor, now: dt.datetime) -> None:
    """Delete a zone. Raises DoesNotExist, StillUsed."""
    actor.require(DESIGN)
    lock_reference()
    row = Zone.objects.get(code=code)
    _refuse_if_used(row.name, "zones", code)
    before = {"name": row.name, "networks": row.networks, "countries": row.countries}
    _delete(row, before, "zone", code, actor, now)


# ── holidays ─────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def save_holiday(*, date: dt.date, name: str, actor: Actor, now: dt.datetime) -> Holiday:
    """Make a day a holiday, or rename one. Raises Invalid."""
    actor.require(DESIGN)
    lock_reference()
    row = Holiday.objects.filter(date=date).first() or Holiday(date=date)
    return _save(row, {"name": name}, "holiday", date.isoformat(), actor, now)


@transaction.atomic
def delete_holiday(*, date: dt.date, actor: Actor, now: dt.datetime) -> None:
    """Make a holiday a day like others. Raises DoesNotExist."""
    actor.require(DESIGN)
    lock_reference()
    row = Holiday.objects.get(date=date)
    _delete(row, {"name": row.name}, "holiday", date.isoformat(), actor, now)


# ── what they share ──────────────────────────────────────────────────────────────────────────


def lock_reference() -> None:
    """Take the operator's row: changes of its reference data come one after the other."""
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)


def _require(row: object, is_new: bool | None, code: str, noun: str) -> None:
    if is_new is True and row is not None:
        raise Invalid.at("code", f"There is a {noun} “{code}” already.")
    if is_new is False and row is None:
        raise Invalid.at("code", f"There is no {noun} “{code}”.")


def _check_digits(
    path: str, texts: Iterable[str], lengths: tuple[int, ...], what: str
) -> list[FieldError]:
    listed = list(texts)
    if len(listed) > LISTED_MAX:
        return [FieldError(path, f"At most {LISTED_MAX:,}.")]
    wrong = [
        text for text in listed if not (text.isascii() and text.isdigit() and len(text) in lengths)
    ]
    return [FieldError(path, f"“{wrong[0][:40]}” is not {what}.")] if wrong else []


def _save(
    row: Row, after: dict[str, Any], kind: str, subject_id: str, actor: Actor, now: dt.datetime
) -> Row:
    before = {} if row.pk is None else {field: getattr(row, field) for field in after}
    for field, value in after.items():
        setattr(row, field, value.strip() if isinstance(value, str) else value)
    _check_fields(row)
    old, new = changed_parts(before, {field: getattr(row, field) for field in after})
    if not new:
        return row
    row.save()
    audit.record(
        f"{kind}.saved" if before else f"{kind}.created",
        actor=actor,
        subject_type=kind,
        subject_id=subject_id,
        now=now,
        before={name: value for name, value in old.items() if before},
        after=new,
    )
    return row


def _delete(
    row: Row, before: dict[str, Any], kind: str, subject_id: str, actor: Actor, now: dt.datetime
) -> None:
    row.delete()
    audit.record(
        f"{kind}.deleted",
        actor=actor,
        subject_type=kind,
        subject_id=subject_id,
        now=now,
        before=before,
    )


def _check_fields(row: Row) -> None:
    errors: list[FieldError] = []
    try:
        row.clean_fields(exclude=["tenant"])
    except ValidationError as error:
        errors = [
            FieldError(path, text) for path, texts in error.message_dict.items() for text in texts
        ]
    if "\x00" in row.name:
        errors = [FieldError("name", "A name cannot contain a NUL character.")]
    if errors:
        raise Invalid(errors)


def _refuse_if_used(name: str, part: str, code: str) -> None:
    if used := versions_that_name(part, code):
        raise StillUsed(f"“{name}” cannot be deleted: {words_for(used)}.")
