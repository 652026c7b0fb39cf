"""Whether a case gave what it should, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from charging.engine.cases.case import DEFAULT, Case, Event, Expectation
from charging.engine.cases.outcome import Outcome
from charging.engine.cases.reading import BrokenCase
from charging.engine.cases.running import run_case

MISSING = "nothing"

_BALANCE = "balances."

Figure = Decimal | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that is not what it should be."""

    event: int
    """Its place among the events, counted from 1."""
    figure: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"expected {self.expected} got {self.got} ({self.figure} of event {self.event})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one case went."""

    id: str
    problem: str = ""
    """Why it could not be run."""
    expected: tuple[Expectation, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problem and not self.differences

    def __str__(self) -> str:
        """One line: `ok ID`, or `FAIL ID:` and every figure that is wrong."""
        if self.ok:
            return f"ok {self.id}"
        return f"FAIL {self.id}: {self.problem or '; '.join(map(str, self.differences))}"


def judge(case: Case | BrokenCase) -> Verdict:
    """Run a case and compare."""
    if isinstance(case, BrokenCase):
        return Verdict(id=case.id, problem=case.problem)
    try:
        outcomes = run_case(case)
    except Exception as error:  # noqa: BLE001  the other cases shall be run all the same
        return Verdict(id=case.id, problem=f"the engine failed: {error!r}")
    return Verdict(
        id=case.id,
        expected=case.expect,
        outcomes=tuple(outcomes),
        differences=tuple(differences(case, outcomes)),
    )


def differences(case: Case, outcomes: list[Outcome]) -> Iterator[Difference]:
    """Every expected figure that came out otherwise; one that is given with and without
    intermediate rounding may be either."""
    for place, (expected, outcome) in enumerate(zip(case.expect, outcomes, strict=True)):
        unrounded = case.unrounded[place] if case.unrounded else None
        others = dict(_figures(unrounded)) if unrounded else {}
        got = dict(_figures(outcome))
        wanted = {**others, **dict(_figures(expected))}
        if not wanted.get("error") and outcome.error:
            wanted["error"] = None
        for figure, value in wanted.items():
            tolerance = case.tolerance if _is_money(figure) else Decimal(0)
            allowed = [value] if figure not in others else [others[figure], value]
            came = got.get(figure)
            if came is None and figure.startswith(_BALANCE):
                came = _balance(case, case.events[place], outcome, figure.removeprefix(_BALANCE))
            elif came is None and outcome.error and isinstance(value, Decimal):
                came = Decimal(0)  # what was refused costs, grants and charges nothing
            if not any(_equal(each, came, tolerance) for each in allowed):
                yield Difference(
                    event=place + 1, figure=figure, expected=say(allowed[0]), got=say(came)
                )


def _balance(case: Case, event: Event, outcome: Outcome, name: str) -> Decimal | None:
    """A balance by another of its names: with the given account's id, or without that of the
    event's account. A debt that was never made is nothing."""
    own = case.given.account.id if case.given.account else ""
    for other in (name.removeprefix(f"{own}/"), f"{event.account}/{name}"):
        if other in outcome.balances:
            return outcome.balances[other]
    return Decimal(0) if name.rsplit("/", maxsplit=1)[-1] == DEFAULT else None


def _figures(source: Expectation | Outcome) -> Iterator[tuple[str, Figure]]:
    for figure in ("cost", "granted", "charged_usage", "session_usage"):
        value = getattr(source, figure)
        if value is not None:
            yield figure, value
    if source.error:
        yield "error", source.error
    for code, amount in source.balances.items():
        yield f"{_BALANCE}{code}", amount


def _is_money(figure: str) -> bool:
    """What the tolerance is for: costs and balances."""
    return figure == "cost" or figure.startswith(_BALANCE)


def _equal(expected: Figure, got: Figure, tolerance: Decimal) -> bool:
    if isinstance(expected, Decimal) and isinstance(got, Decimal):
        return abs(expected - got) <= tolerance
    return expected == got


def say(figure: Figure) -> str:
    """A figure as it is written in case files."""
    if figure is None:
        return MISSING
    return format(figure, "f") if isinstance(figure, Decimal) else figure


# ── for machines ─────────────────────────────────────────────────────────────────────────────


def as_json(verdict: Verdict) -> dict[str, object]:
    """A verdict as JSON: amounts as decimal texts, one entry for each event."""
    return {
        "id": verdict.id,
        "ok": verdict.ok,
        "expected": [_as_json(each) for each in verdict.expected],
        "got": [_as_json(each) for each in verdict.outcomes],
        "messages": [verdict.problem] if verdict.problem else [*map(str, verdict.differences)],
    }


def _as_json(source: Expectation | Outcome) -> dict[str, object]:
    told: dict[str, object] = {}
    for figure, value in _figures(source):
        if not figure.startswith(_BALANCE):
            told[figure] = say(value)
    told["balances"] = {code: say(amount) for code, amount in source.balances.items()}
    return told
