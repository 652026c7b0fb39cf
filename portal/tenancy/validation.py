"""What is wrong with what somebody gave us, field by field; pages and API word it the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One message at one field; nothing was done.

    `path` is the way to the field in what was given, as in `invalidParams` (TS 29.571
    InvalidParam) without the leading slash: "price", "allowances/0/amount". Empty: the whole.
    """

    path: str
    message: str

    def below(self, prefix: str) -> FieldError:
        """The same error, seen from one level up."""
        return FieldError(f"{prefix}/{self.path}" if self.path else prefix, self.message)


class Invalid(Exception):
    """What was given cannot be accepted; `errors` says where and why, in the order of the form."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = list(errors)
        assert self.errors
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in self.errors))

    @classmethod
    def at(cls, path: str, message: str) -> Invalid:
        """One error at one field."""
        return cls([FieldError(path, message)])


class Taken(Invalid):
    """An id or number is somebody else's already; the API answers 409."""
