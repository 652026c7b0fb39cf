"""The form of one rating group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plans.conventions import Conventions
from plans.designer.controls import Control, clean_text, quantity_control, quantity_texts
from plans.designer.reading import Reader
from plans.models import RatingGroup, Service, Unit
from plans.specs import RatingGroupSpec
from plans.validation import validate_rating_group
from portal.tenancy.validation import FieldError

CHOICES: dict[str, list[tuple[str, str]]] = {
    "service": [(str(value), str(label)) for value, label in Service.choices],
    "unit": [
        (str(unit.value), str(unit.label)) for unit in (Unit.OCTETS, Unit.SECONDS, Unit.EVENTS)
    ],
    "mode": [(str(value), str(label)) for value, label in RatingGroup.Mode.choices],
    "final_unit_action": [
        (str(value), str(label)) for value, label in RatingGroup.FinalUnitAction.choices
    ],
}
TEXTS = ("number", "name", "threshold_percent", "redirect_address")
DURATIONS = ("validity_time", "holding_time")


class RatingGroupForm:
    """Its fields as typed; `number` is given for one that exists, whose number stays."""

    def __init__(
        self, data: Mapping[str, str], by: Conventions, *, number: int | None = None
    ) -> None:
        self.by = by
        self.number = number
        self.controls: dict[str, Control] = {}
        for name in (*TEXTS, *CHOICES, *DURATIONS, "grant"):
            control = Control(name=name, paths=(name,), value=clean_text(data.get(name, "")))
            control.choices = tuple(CHOICES.get(name, ()))
            self.controls[name] = control
        unit = self["unit"].value if self["unit"].value in Unit.values else Unit.EVENTS
        quantity_control(self["grant"], data, unit, self["service"].value, by)
        for name in DURATIONS:
            quantity_control(self[name], data, Unit.SECONDS, "", by)
        self.spec = self._read(unit)

    @classmethod
    def of(cls, row: RatingGroup | None, by: Conventions) -> RatingGroupForm:
        """The form as a saved rating group fills it; without one, the usual values."""
        row = row or RatingGroup(service="data", unit=Unit.OCTETS, grant=100 * by.gigabyte_base**2)
        texts = {
            name: str(getattr(row, name) if getattr(row, name) is not None else "")
            for name in (*TEXTS, *CHOICES)
        }
        texts |= quantity_texts("grant", row.grant, "", row.unit, row.service, by)
        for name in DURATIONS:
            texts |= quantity_texts(name, getattr(row, name), "", Unit.SECONDS, "", by)
        form = cls(texts, by, number=row.number)
        for control in form.controls.values():
            control.error = ""
        return form

    def __getitem__(self, name: str) -> Control:
        return self.controls[name]

    def validate(self) -> bool:
        self.attach(validate_rating_group(self.spec))
        return not self.has_errors

    def attach(self, errors: Iterable[FieldError]) -> None:
        for error in errors:
            control = self.controls[error.path]
            control.error = control.error or error.message

    @property
    def has_errors(self) -> bool:
        return any(control.error for control in self.controls.values())

    @property
    def error_links(self) -> list[dict[str, str]]:
        return [
            {"id": control.id, "text": control.error}
            for control in self.controls.values()
            if control.error
        ]

    def _read(self, unit: str) -> RatingGroupSpec:
        reader = Reader(self.by)
        return RatingGroupSpec(
            number=reader.whole(self["number"]) if self.number is None else self.number,
            name=self["name"].value,
            service=self["service"].value,
            unit=self["unit"].value,
            mode=self["mode"].value,
            grant=reader.quantity(self["grant"], unit),
            validity_time=reader.quantity(self["validity_time"], Unit.SECONDS),
            holding_time=reader.quantity(self["holding_time"], Unit.SECONDS),
            threshold_percent=reader.whole(self["threshold_percent"]),
            final_unit_action=self["final_unit_action"].value,
            redirect_address=self["redirect_address"].value,
        )
