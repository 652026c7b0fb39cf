"""Fixtures for the tests of every app; what each is for is said in tests/harness."""

from __future__ import annotations

import os

import pytest

pytest_plugins = [
    "tests.harness.clock",
    "tests.harness.database",
    "tests.harness.processes",
]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one test process per processor; each brings servers of its own."""
    return min(os.cpu_count() or 2, 8)
