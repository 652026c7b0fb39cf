"""A day of the calendar in an address: `<day:day>` is 2026-12-25. Importing this registers it."""

from __future__ import annotations

from datetime import date

from django.urls import register_converter


class DayConverter:
    """Texts that are no day are no address either."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date | str) -> str:
        return str(day)


register_converter(DayConverter, "day")
