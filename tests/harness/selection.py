"""Marks and groups that follow from what a test asks for."""

from __future__ import annotations

import pytest

BROWSER_FIXTURES = {"page", "open_page", "browser"}
PROCESS_FIXTURES = {"shared_processes", "process_factory"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one kind of costly fixture in one xdist worker: it starts them once."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & BROWSER_FIXTURES:
            item.add_marker("browser")
            item.add_marker(pytest.mark.xdist_group("browser"))
        elif fixtures & PROCESS_FIXTURES:
            item.add_marker(pytest.mark.xdist_group("processes"))
