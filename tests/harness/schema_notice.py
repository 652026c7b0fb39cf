"""Says in the summary of a run that the messages were not held against 3GPP's own schemas."""

from __future__ import annotations

import os

import pytest

VARIABLE = "N40_OPENAPI_DIR"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not os.environ.get(VARIABLE):
        terminalreporter.write_line(
            f"{VARIABLE} is unset: N40 messages were checked by our own rules, "
            "not against 3GPP's OpenAPI files."
        )
