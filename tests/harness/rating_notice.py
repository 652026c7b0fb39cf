"""Says in the summary of a run that no rating cases were brought along."""

from __future__ import annotations

import os

import pytest

VARIABLE = "RATING_EXAMPLES"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not os.environ.get(VARIABLE):
        terminalreporter.write_line(
            f"{VARIABLE} is unset: only the product's own rating cases were run."
        )
