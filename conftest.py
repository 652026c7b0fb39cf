"""Fixtures for the tests of every app; what each is for is said in tests/harness."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.harness.environment import machine

pytest_plugins = [
    "tests.harness.clock",
    "tests.harness.database",
    "tests.harness.processes",
    "tests.harness.rest",
    "tests.harness.browser",  # after those whose names it imports, so that asserts are rewritten
    "tests.harness.selection",
    "tests.harness.schema_notice",
    "tests.harness.rating_notice",
]


# A busy machine is no counterexample.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def base_url() -> str:
    """Where relative addresses of browser tests lead: here, because Playwright's plugin brings a
    fixture of this name that only a conftest overrides."""
    return f"http://127.0.0.1:{machine().port}"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one test process per processor; each brings servers of its own."""
    return min(os.cpu_count() or 2, 8)
