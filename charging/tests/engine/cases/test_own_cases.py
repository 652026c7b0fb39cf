"""The case files that come with the product, worked out by hand, and those one brings along."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from charging.engine.cases.case import Case
from charging.engine.cases.reading import BrokenCase, read_file
from charging.engine.cases.reporting import judge

OWN = Path(__file__).parents[4] / "docs/examples/rating"
BROUGHT = os.environ.get("RATING_EXAMPLES", "")


def cases_of(path: Path) -> list[Case | BrokenCase]:
    return [*read_file(path)]


OWN_CASES = [case for path in sorted(OWN.glob("*.json")) for case in cases_of(path)]


def of_file(name: str) -> pytest.MarkDecorator:
    """The cases of one file, each a test."""
    return pytest.mark.parametrize(
        "case", cases_of(OWN / f"{name}.json"), ids=lambda case: str(case.id)
    )


def assert_as_worked_out(case: Case | BrokenCase) -> None:
    verdict = judge(case)
    assert verdict.ok, str(verdict)


@of_file("01-profiles")
def test_profiles_activations_prefixes_and_fallbacks_find_the_price(case):
    assert_as_worked_out(case)


@of_file("02-parts")
def test_usage_is_split_where_prices_change(case):
    assert_as_worked_out(case)


@of_file("03-rounding")
def test_parts_are_rounded_up_and_costs_rounded_once(case):
    assert_as_worked_out(case)


@of_file("04-candidates")
def test_balances_that_fit_pay_in_their_order(case):
    assert_as_worked_out(case)


@of_file("05-waterfall")
def test_units_pay_then_money_and_again_up_to_a_blocker(case):
    assert_as_worked_out(case)


@of_file("06-increments")
def test_increments_are_whole_and_multiplied_by_factors(case):
    assert_as_worked_out(case)


@of_file("07-connect-fee")
def test_the_connect_fee_comes_once_and_from_one_balance(case):
    assert_as_worked_out(case)


@of_file("08-leftover")
def test_what_nobody_pays_is_free_owed_or_not_granted(case):
    assert_as_worked_out(case)


@of_file("09-max-cost")
def test_a_maximum_charge_is_free_beyond_or_ends_the_quote(case):
    assert_as_worked_out(case)


@of_file("10-shared-groups")
def test_shared_balances_pay_by_the_groups_strategy(case):
    assert_as_worked_out(case)


@of_file("11-sessions")
def test_sessions_carry_over_give_back_and_round_at_the_end(case):
    assert_as_worked_out(case)


def test_every_file_of_ours_is_run():
    code = Path(__file__).read_text("utf-8")

    assert [path.stem for path in OWN.glob("*.json") if f'of_file("{path.stem}")' not in code] == []


def test_every_case_of_ours_says_how_its_figures_were_worked_out():
    assert len(OWN_CASES) >= 60
    assert [case.id for case in OWN_CASES if not getattr(case, "notes", "")] == []
    assert len({case.id for case in OWN_CASES}) == len(OWN_CASES)


def test_cases_that_were_brought_along_come_out_as_expected():
    """RATING_EXAMPLES names a file; the run's summary says when it was unset."""
    verdicts = [judge(case) for case in cases_of(Path(BROUGHT))] if BROUGHT else []

    assert [str(verdict) for verdict in verdicts if not verdict.ok] == []


def test_a_terabyte_is_charged_as_quickly_as_a_message():
    terabyte = next(case for case in OWN_CASES if case.id == "rounding-a-terabyte")
    started = time.perf_counter()

    verdict = judge(terabyte)

    assert verdict.ok
    assert time.perf_counter() - started < 0.5
