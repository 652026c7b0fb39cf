"""One control of the form: its name, what stands in it, and what is wrong with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plans.conventions import Conventions, noun_of
from plans.models import RatingGroup, Unit
from portal.formatting import UnitChoice
from portal.typed import choices_for, knows_unit, show_quantity

_DIGITS_MAX = 18


@dataclass(slots=True, kw_only=True)
class Control:
    """`paths` are those of the errors that belong here (portal/tenancy/validation.py)."""

    name: str
    paths: tuple[str, ...] = ()
    value: str = ""
    unit: str = ""
    """The chosen unit's label, for a number with a unit."""
    units: tuple[UnitChoice, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) of a select."""
    error: str = ""

    @property
    def id(self) -> str:
        return f"id_{self.name}"


@dataclass(slots=True, kw_only=True)
class Row:
    """One row of a list: its controls by name, under a token that stays the same while it lives."""

    prefix: str
    token: str
    controls: dict[str, Control] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.prefix}-{self.token}"

    @property
    def key(self) -> uuid.UUID | None:
        """The allowance's or rate's key, when the token is one."""
        return uuid.UUID(hex=self.token) if len(self.token) == 32 else None

    def add(
        self, name: str, data: Mapping[str, str], *, paths: Sequence[str], default: str = ""
    ) -> Control:
        """A control with what was posted for it, else `default`."""
        full_name = f"{self.id}-{name}"
        control = Control(
            name=full_name, paths=tuple(paths), value=clean_text(data.get(full_name, default))
        )
        self.controls[name] = control
        return control

    @property
    def has_errors(self) -> bool:
        return any(control.error for control in self.controls.values())

    def __getitem__(self, name: str) -> Control:
        return self.controls[name]


def clean_text(text: str) -> str:
    """Without blanks around it, and without the one character the database cannot store."""
    return text.replace("\x00", "").strip()


def new_token() -> str:
    """A token for a new row: its future key."""
    return uuid.uuid4().hex


def quantity_control(
    control: Control, data: Mapping[str, str], unit: str, service: str, by: Conventions
) -> Control:
    """Give a control the units to choose from, and the posted or usual one."""
    usual = choices_for(unit, "", gigabyte_base=by.gigabyte_base, noun=noun_of(service))
    posted = data.get(f"{control.name}_unit", "")
    control.unit = posted if posted and knows_unit(posted, unit) else usual[0].label
    if unit in (Unit.EVENTS, Unit.GENERIC):
        control.unit = usual[0].label
    control.units = choices_for(
        unit, control.unit, gigabyte_base=by.gigabyte_base, noun=noun_of(service)
    )
    return control


def quantity_texts(
    name: str, amount: int, label: str, unit: str, service: str, by: Conventions
) -> dict[str, str]:
    """What the form would send for an amount."""
    if unit in (Unit.EVENTS, Unit.GENERIC):
        label = noun_of(service)
    number, label = show_quantity(amount, label, unit, gigabyte_base=by.gigabyte_base)
    return {name: number, f"{name}_unit": label}


def coverage_control(control: Control, everything: str, groups: Sequence[RatingGroup]) -> Control:
    """A select of the whole service or one of its rating groups; the value lists numbers."""
    choices = [("", everything), *((str(group.number), str(group)) for group in groups)]
    if control.value not in dict(choices):
        choices.append((control.value, control.value.replace(",", ", ")))
    control.choices = tuple(choices)
    return control


def coverage_numbers(text: str) -> tuple[int, ...]:
    """The rating groups that a coverage control names; what is no number names none."""
    numbers = (posted_whole(part.strip()) for part in text.split(","))
    return tuple(number for number in numbers if number is not None)


def posted_whole(text: str) -> int | None:
    """A number that a page of ours has sent; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else None
