"""Reading a file of prefixes: every line checked before anything is written.

A file is CSV in UTF-8 with a heading: `group,prefix` and, if groups may be new, `name`; separated
by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from plans.reference.models import CODE_LENGTH_MAX
from portal.tenancy.validation import FieldError, Invalid

FILE_OCTETS_MAX: Final = 32 * 1024 * 1024
ROWS_MAX: Final = 1_000_000
ERRORS_SHOWN_MAX: Final = 50
NAME_MAX: Final = 80

_PREFIX: Final = re.compile(r"[0-9*#]{1,15}")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEPARATORS: Final = str.maketrans("", "", " -.()/")
_COLUMNS: Final = ("group", "prefix", "name")


@dataclass(slots=True)
class Prefixes:
    """What a file says: (group code, prefix) pairs, and the groups' names where it gives any."""

    pairs: set[tuple[str, str]] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    """Each group of the file, in its order; an empty name says nothing."""
    rows: int = 0


class _Errors:
    """The first errors, and how many there are."""

    def __init__(self) -> None:
        self.shown: list[FieldError] = []
        self.count = 0

    def add(self, line: int, message: str) -> None:
        self.count += 1
        if len(self.shown) < ERRORS_SHOWN_MAX:
            self.shown.append(FieldError(f"line {line}", message))

    def raise_if_any(self) -> None:
        if self.count > len(self.shown):
            more = self.count - len(self.shown)
            self.shown.append(FieldError("file", f"{more:,} more lines are wrong."))
        if self.shown:
            raise Invalid(self.shown)


def read_prefixes(file: IO[bytes], *, group: str = "") -> Prefixes:
    """All rows of a file. Raises Invalid with a path "line 17" for each line that is wrong.

    With `group` the file may leave that column out; a line of another group is wrong.
    """
    text = _text_of(file)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        return _read(reader, group)
    except csv.Error as error:
        message = f"The file cannot be read from here on: {error}."
        raise Invalid.at(f"line {reader.line_num}", message) from error


def _read(reader: Iterator[list[str]], group: str) -> Prefixes:
    place = _heading(next(reader, []), group)
    found, errors = Prefixes(), _Errors()
    width = max(place.values()) + 1
    prefix_at, group_at, name_at = place["prefix"], place.get("group"), place.get("name")
    for row in reader:
        if not any(row):
            continue
        found.rows += 1
        line: int = reader.line_num  # type: ignore[attr-defined]
        if found.rows > ROWS_MAX:
            raise Invalid.at("file", f"A file has at most {ROWS_MAX:,} lines.")
        if len(row) < width:
            errors.add(line, f"{width} columns are expected.")
            continue
        code = group if group_at is None else row[group_at].strip()
        prefix = row[prefix_at]
        if not _PREFIX.fullmatch(prefix):
            prefix = _cleaned(prefix)
        if problem := _problem(code, prefix, row[prefix_at], found, group):
            errors.add(line, problem)
            continue
        name = row[name_at].strip() if name_at is not None else ""
        if name and found.names.get(code) != name:
            if found.names.get(code):
                errors.add(line, f"{code} is called “{found.names[code]}” further up.")
            elif len(name) > NAME_MAX or "\x00" in name:
                errors.add(line, f"A name has at most {NAME_MAX} characters.")
            found.names[code] = name
        else:
            found.names.setdefault(code, "")
        found.pairs.add((code, prefix))
    errors.raise_if_any()
    if not found.pairs:
        raise Invalid.at("file", "The file has no prefixes.")
    return found


def _problem(code: str, prefix: str, typed: str, found: Prefixes, group: str) -> str:
    """What is wrong with a row, or nothing."""
    if not prefix:
        return f"“{typed.strip()[:40]}” is no prefix: 1 to 15 digits, with or without +."
    if code in found.names:
        return ""
    if group and code != group:
        return f"This line is of the group “{code[:40]}”, not of “{group}”."
    if len(code) > CODE_LENGTH_MAX or not _CODE.fullmatch(code):
        return f"“{code[:40]}” is no code: up to {CODE_LENGTH_MAX} letters, digits and . _ -."
    return ""


def _cleaned(text: str) -> str:
    """+49 (151) → 49151; "" when it is no prefix."""
    digits = text.strip().removeprefix("+").translate(_SEPARATORS)
    return digits if digits.isascii() and _PREFIX.fullmatch(digits) else ""


def _heading(row: list[str], group: str) -> dict[str, int]:
    names = [cell.strip().lower() for cell in row]
    unknown = [name for name in names if name not in _COLUMNS]
    needed = ["prefix"] if group else ["group", "prefix"]
    missing = [name for name in needed if name not in names]
    if missing or len(set(names)) < len(names):
        wanted = " and ".join(f"“{name}”" for name in needed)
        raise Invalid.at("line 1", f"The first line must name the columns {wanted}.")
    if unknown:
        raise Invalid.at("line 1", f"Unknown column “{unknown[0][:40]}”.")
    return {name: at for at, name in enumerate(names)}


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return next((mark for mark in (";", "\t") if mark in heading), ",")


def _text_of(file: IO[bytes]) -> str:
    raw = file.read(FILE_OCTETS_MAX + 1)
    if len(raw) > FILE_OCTETS_MAX:
        raise Invalid.at("file", f"A file has at most {FILE_OCTETS_MAX // 2**20} MiB.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Invalid.at(f"line {line}", "The file is not UTF-8.") from error
