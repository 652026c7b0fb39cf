from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from charging.nchf.timestamps import format_timestamp, parse_timestamp


def test_times_are_written_in_utc_with_milliseconds():
    moment = datetime(2026, 3, 2, 10, 30, 0, 180_999, tzinfo=timezone(timedelta(hours=1)))

    assert format_timestamp(moment) == "2026-03-02T09:30:00.180Z"
    assert format_timestamp(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02T00:00:00.000Z"


def test_times_are_read_in_utc():
    parsed = parse_timestamp("2026-03-02T10:30:00.5+0100")

    assert parsed == datetime(2026, 3, 2, 9, 30, 0, 500_000, tzinfo=UTC)
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-03-02", "2026-03-02T09:30:00"])
def test_what_names_no_moment_is_refused(text: str):
    with pytest.raises(ValueError, match="not an RFC 3339 time"):
        parse_timestamp(text)
