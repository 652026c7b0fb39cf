"""Walking through a JSON document that must say exactly what is known, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_DIGITS_MAX = 60
"""Of a number, before and after the point: more is a mistake, and would take for ever."""


class NotACase(Exception):
    """A case says something that cannot be read; the text names where."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON document and where it stands."""

    value: object
    path: str

    def fail(self, problem: str) -> NotACase:
        return NotACase(f"{self.path or 'the case'}: {problem}")

    def fields(self, *known: str) -> Fields:
        """An object of known fields; others are an error that names them."""
        members = self._object()
        unknown = [name for name in members if name not in known]
        if unknown:
            named = ", ".join(repr(self._under(name)) for name in unknown)
            raise NotACase(f"unknown field{'s' if len(unknown) > 1 else ''} {named}")
        return Fields(self, {name: Node(each, self._under(name)) for name, each in members.items()})

    def members(self) -> Iterator[tuple[str, Node]]:
        """An object whose names are data."""
        for name, value in self._object().items():
            yield name, Node(value, self._under(name))

    def items(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self.fail("must be a list")
        return [Node(each, f"{self.path}[{place}]") for place, each in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail("must be a text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(each.text() for each in self.items())

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("must be true or false")
        return self.value

    def number(self) -> Decimal:
        """A decimal number, written as a text or as a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | Decimal):
            raise self.fail("must be a decimal number")
        try:
            number = Decimal(self.value)
        except InvalidOperation:
            raise self.fail(f"{self.value!r} is not a decimal number") from None
        if not number.is_finite():
            raise self.fail(f"{self.value!r} is not a decimal number")
        exponent = number.as_tuple().exponent
        assert isinstance(exponent, int)
        if number.adjusted() > _DIGITS_MAX or exponent < -_DIGITS_MAX:
            raise self.fail(f"{self.value!r} has too many digits")
        return number

    def amount(self) -> Decimal:
        """A decimal number that is not below zero."""
        if (number := self.number()) < 0:
            raise self.fail("must not be below zero")
        return number

    def whole(self, least: int = 0, most: int | None = None) -> int:
        number = self.number()
        if number != number.to_integral_value() or number < least:
            raise self.fail(f"must be a whole number of at least {least}")
        if most is not None and number > most:
            raise self.fail(f"must be at most {most}")
        return int(number)

    def instant(self) -> datetime:
        """A time of ISO 8601; UTC unless it says else."""
        text = self.text()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise self.fail(f"{text!r} is not a time") from None
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)

    def choice(self, known: Iterable[str]) -> str:
        text, known = self.text(), tuple(known)
        if text not in known:
            raise self.fail(f"{text!r} is none of {', '.join(known)}")
        return text

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise self.fail("must be an object")
        return self.value

    def _under(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object."""

    owner: Node
    nodes: dict[str, Node]

    def get(self, name: str) -> Node | None:
        """The field, or None when it is absent or null."""
        node = self.nodes.get(name)
        return None if node is None or node.value is None else node

    def need(self, name: str) -> Node:
        if (node := self.get(name)) is None:
            raise self.owner.fail(f"{name!r} is missing")
        return node

    def list_of(self, name: str) -> list[Node]:
        node = self.get(name)
        return node.items() if node else []

    def members_of(self, name: str) -> Iterator[tuple[str, Node]]:
        node = self.get(name)
        return node.members() if node else iter(())

    def text(self, name: str, default: str = "") -> str:
        node = self.get(name)
        return node.text() if node else default

    def flag(self, name: str) -> bool:
        node = self.get(name)
        return node.flag() if node else False

    def number(self, name: str) -> Decimal:
        node = self.get(name)
        return node.number() if node else Decimal(0)
