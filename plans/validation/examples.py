"""The shape of a version's examples: rating cases of the format `rating-cases/1`.

Whether they come true is asked when the version is published (plans/examples.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from charging.engine.cases.case import Case, Kind
from charging.engine.cases.nodes import NotACase
from charging.engine.cases.reading import read_case
from plans.specs import ExampleSpec
from plans.validation.fields import check_name
from portal.tenancy.validation import FieldError

EXAMPLES_MAX: Final = 200
EVENTS_MAX: Final = 1_000
CASE_LENGTH_MAX: Final = 65_536
SECONDS_MAX: Final = 31 * 86_400


def check_examples(examples: Sequence[ExampleSpec]) -> Iterator[FieldError]:
    if len(examples) > EXAMPLES_MAX:
        yield FieldError("examples", f"A version has at most {EXAMPLES_MAX} examples.")
        return
    titles = Counter(example.title.strip().casefold() for example in examples)
    for place, example in enumerate(examples):
        path = f"examples/{place}"
        for error in check_name(example.title, "Say what the example shows.", path="title"):
            yield error.below(path)
        if titles[example.title.strip().casefold()] > 1:
            yield FieldError(f"{path}/title", "Another example has the same title.")
        for error in _check_shape(example.case):
            yield error.below(f"{path}/case")


def _check_shape(case: Mapping[str, Any]) -> Iterator[FieldError]:
    text = json.dumps(case, ensure_ascii=False)
    if len(text) > CASE_LENGTH_MAX:
        yield FieldError("", f"A case has at most {CASE_LENGTH_MAX:,} characters.")
        return
    if any(not _is_storable(part) for part in _texts(case)):
        yield FieldError("", "A text in it has a character that cannot be stored.")
        return
    try:
        read = read_case({"id": "example", **case})
    except NotACase as error:
        yield FieldError("", f"{str(error).removeprefix('the case: ').capitalize()}.")
        return
    yield from _check_size(read)


def _check_size(case: Case) -> Iterator[FieldError]:
    """That it takes no time to speak of."""
    if not 1 <= sum(event.repeat for event in case.events) <= EVENTS_MAX:
        yield FieldError("events", f"Give 1 to {EVENTS_MAX:,} events, repeated ones counted.")
    for place, event in enumerate(case.events):
        used = max(filter(None, (event.usage, event.total_usage, event.last_used)), default=0)
        if event.kind is Kind.VOICE and used > SECONDS_MAX:
            yield FieldError(f"events/{place}", f"A call lasts at most {SECONDS_MAX:,} seconds.")


def _texts(value: Any) -> Iterator[str]:
    """Every name and text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _is_storable(text: str) -> bool:
    """NUL and halves of characters are no JSON to the database."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
