"""The whole form: read from a POST, or written from a version.

A version is written as the texts that the form would send, and then read like any other: there
is one way in. The order of rows is the order in which their fields were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from plans.conventions import Conventions
from plans.designer.controls import Control, Row, clean_text, posted_whole
from plans.designer.examples import example_of
from plans.designer.reading import Reader
from plans.designer.rows import (
    AllowanceRow,
    RateRow,
    Texts,
    allowance_texts,
    rate_texts,
)
from plans.models import Plan, PlanVersion
from plans.specs import AllowanceSpec, VersionSpec
from plans.validation import NAME_MAX, validate_spec
from plans.wording import Offer, describe
from plans.wording_terms import other_allowance_terms, other_rate_terms
from portal.formatting import money_text
from portal.tenancy.validation import FieldError

_ROW = re.compile(r"(allowances|rates)-([0-9a-z]{1,32})-[a-z_]+")
_MARK = re.compile(r"allowances-([0-9a-z]{1,32})-thresholds-([0-9a-z]{1,32})-[a-z_]+")

NOTHING = "–"


class DraftForm:
    """The designer's fields with what was typed, what it means and what is wrong with it."""

    def __init__(
        self, data: Mapping[str, str], by: Conventions, kept: VersionSpec | None = None
    ) -> None:
        """`kept` is the draft as it was saved: what the page does not edit is taken from it."""
        self.by = by
        self.kept = kept or VersionSpec(currency=by.currency)
        self.revision = posted_whole(data.get("revision", "")) or 0
        self.name = self._basic("name", data)
        self.description = self._basic("description", data)
        self.price = self._basic("price", data)
        self.renewal = self._basic("renewal", data)
        self.renewal.choices = tuple(
            (str(value), str(label)) for value, label in PlanVersion.Renewal.choices
        )
        self.renewal_count = self._basic("renewal_count", data)
        marks = _marks_by_row(data)
        allowances = {part.key.hex: part for part in self.kept.allowances if part.key}
        rates = {part.key.hex: part for part in self.kept.rates if part.key}
        self.allowances = [
            AllowanceRow.build(token, data, marks.get(token, ()), place, by, allowances.get(token))
            for place, token in enumerate(_tokens("allowances", data))
        ]
        self.rates = [
            RateRow.build(token, data, place, by, rates.get(token))
            for place, token in enumerate(_tokens("rates", data))
        ]
        self.general_errors: list[str] = []
        self.spec = self._read()

    @classmethod
    def of(cls, plan: Plan, version: PlanVersion, spec: VersionSpec, by: Conventions) -> DraftForm:
        """The form as a saved version fills it."""
        return cls(texts_of(plan, version.revision, spec, by), by, spec)

    # ── errors ───────────────────────────────────────────────────────────────────────────────

    def validate(self) -> bool:
        """Check everything; whether it may be saved."""
        if not self.name.value:
            self.name.error = "Give the plan a name."
        self.attach(
            validate_spec(
                self.spec,
                rating_groups=self.by.metered,
                currency=self.by.currency,
                references=self.by.references,
            )
        )
        return not self.has_errors

    def attach(self, errors: Iterable[FieldError]) -> None:
        """Put each message at its control; the first one at a control stays."""
        controls = {path: control for control in self.controls() for path in control.paths}
        for error in errors:
            control = controls.get(error.path)
            if control is None:
                self.general_errors.append(error.message)
            elif not control.error:
                control.error = error.message

    @property
    def has_errors(self) -> bool:
        return bool(self.general_errors) or any(control.error for control in self.controls())

    @property
    def error_links(self) -> list[dict[str, str]]:
        """For the summary: what is wrong, and the id of the field to go to."""
        links = [{"id": "", "text": message} for message in self.general_errors]
        links += [
            {"id": control.id, "text": control.error}
            for control in self.controls()
            if control.error
        ]
        return links

    @property
    def offer(self) -> Offer:
        """The version in words, with a dash where something cannot be read yet."""
        offer = describe(self.spec, self.by)
        given = (
            replace(line, amount=NOTHING) if row["amount"].error else line
            for row, line in zip(self.allowances, offer.given, strict=True)
        )
        priced = (
            replace(line, price=NOTHING) if row.has_errors else line
            for row, line in zip(self.rates, offer.afterwards, strict=False)
        )
        return replace(
            offer,
            price=NOTHING if self.price.error else offer.price,
            period=NOTHING if self.renewal_count.error else offer.period,
            given=tuple(given),
            afterwards=(*priced, *offer.afterwards[len(self.rates) :]),
        )

    def keep_error_of(self, name: str) -> None:
        """Drop every message but that of one control: the one that was just left."""
        self.general_errors = []
        for control in self.controls():
            if control.name != name:
                control.error = ""

    def row_of(self, name: str) -> Row | None:
        """The allowance or rate that a control belongs to."""
        rows: list[Row] = [*self.allowances, *self.rates]
        return next((row for row in rows if name.startswith(f"{row.id}-")), None)

    def controls(self) -> Iterator[Control]:
        """All controls, from the top of the page to its end."""
        yield from (self.name, self.description, self.price, self.renewal, self.renewal_count)
        for row in self.allowances:
            yield from row.controls.values()
            for mark in row.thresholds:
                yield from mark.controls.values()
        for rate in self.rates:
            yield from rate.controls.values()

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def _basic(self, name: str, data: Mapping[str, str]) -> Control:
        return Control(name=name, paths=(name,), value=clean_text(data.get(name, "")))

    def _read(self) -> VersionSpec:
        reader = Reader(self.by)
        if len(self.name.value) > NAME_MAX:
            self.name.error = f"At most {NAME_MAX} characters."
        renews = self.renewal.value != PlanVersion.Renewal.NONE
        spec = replace(
            self.kept,
            currency=self.by.currency,
            price=reader.money(self.price),
            renewal=self.renewal.value,
            renewal_count=reader.whole(self.renewal_count) if renews else 1,
            allowances=self._weighed([row.spec(reader) for row in self.allowances]),
            rates=tuple(row.spec(reader) for row in self.rates),
        )
        for row, rate in zip(self.rates, spec.rates, strict=True):
            row.also = other_rate_terms(rate, spec, self.by)
            if not row.has_errors:
                row.example = example_of(rate, self.by)
        for line, allowance in zip(self.allowances, spec.allowances, strict=True):
            line.also = other_allowance_terms(allowance, spec, self.by)
        return spec

    def _weighed(self, allowances: list[AllowanceSpec]) -> tuple[AllowanceSpec, ...]:
        """With their saved weights while these agree with the order of the rows."""
        saved = [row.kept.weight for row in self.allowances]
        weights = [weight for weight in saved if weight is not None]
        if len(weights) < len(saved) or weights != sorted(weights, reverse=True):
            return tuple(allowances)
        return tuple(
            replace(allowance, weight=weight)
            for allowance, weight in zip(allowances, weights, strict=True)
        )


def texts_of(plan: Plan, revision: int, spec: VersionSpec, by: Conventions) -> Texts:
    """What the form would send for a version."""
    texts = {
        "revision": str(revision),
        "name": plan.name,
        "description": plan.description,
        "price": money_text(spec.price, by.currency),
        "renewal": spec.renewal,
        "renewal_count": str(spec.renewal_count),
    }
    for allowance in spec.allowances:
        texts |= allowance_texts(allowance, by)
    for rate in spec.rates:
        texts |= rate_texts(rate, by)
    return texts


def _tokens(prefix: str, data: Iterable[str]) -> list[str]:
    """The tokens of a list's rows, in the order in which they were sent."""
    matches = (_ROW.fullmatch(name) for name in data)
    return list(dict.fromkeys(match[2] for match in matches if match and match[1] == prefix))


def _marks_by_row(data: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for name in data:
        if match := _MARK.fullmatch(name):
            found.setdefault(match[1], {})[match[2]] = None
    return {row: list(marks) for row, marks in found.items()}
