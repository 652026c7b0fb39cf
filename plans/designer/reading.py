"""Reading controls into values; what cannot be read becomes that control's error."""

from __future__ import annotations

from decimal import Decimal

from plans.conventions import Conventions
from plans.designer.controls import Control
from plans.models import Unit
from portal.typed import Unreadable, read_money, read_percent, read_quantity, read_whole

STAND_IN = 1
"""Takes the place of an unreadable number, so that the other fields can still be checked."""


class Reader:
    """Reads controls by the tenant's conventions."""

    def __init__(self, by: Conventions) -> None:
        self.by = by

    def quantity(self, control: Control, unit: str) -> int:
        """Octets, seconds, events or nano-units; a unit typed behind the number is noted."""
        if unit == Unit.NANO_MONEY:
            return self.money(control, missing="Enter an amount.")
        if not control.value:
            return self._missing(control, "Enter an amount.")
        try:
            amount, label = read_quantity(
                control.value, control.unit, unit, gigabyte_base=self.by.gigabyte_base
            )
        except Unreadable as error:
            control.error = str(error)
            return STAND_IN
        control.unit = label
        return amount

    def money(
        self, control: Control, *, default: int | None = None, missing: str = "Enter a price."
    ) -> int:
        """Nano-units; an empty control is `default` or an error."""
        if not control.value:
            return self._missing(control, missing) if default is None else default
        try:
            return read_money(control.value)
        except Unreadable as error:
            control.error = str(error)
            return 0

    def percent(self, control: Control) -> Decimal:
        if not control.value:
            return Decimal(self._missing(control, "Enter a percentage."))
        try:
            return read_percent(control.value)
        except Unreadable as error:
            control.error = str(error)
            return Decimal(STAND_IN)

    def whole(self, control: Control) -> int:
        if not control.value:
            return self._missing(control, "Enter a whole number.")
        try:
            return read_whole(control.value)
        except Unreadable as error:
            control.error = str(error)
            return STAND_IN

    def optional_whole(self, control: Control) -> int | None:
        return self.whole(control) if control.value else None

    @staticmethod
    def _missing(control: Control, message: str) -> int:
        control.error = message
        return STAND_IN
