"""Time is handed in, never read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """A Monday morning without clock changes near it."""
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
