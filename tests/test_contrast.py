"""The colours of assets/css/tokens.css keep WCAG 2.2 AA in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parent.parent / "assets/css/tokens.css").read_text()

GROUNDS = ["canvas", "surface", "surface-alt", "sunken", "hover"]
TEXT_PAIRS = [
    *[
        (text, ground)
        for text in ("text", "text-soft", "text-muted", "accent-text")
        for ground in GROUNDS
    ],
    *[
        (tone, ground)
        for tone in ("good", "warn", "bad", "info")
        for ground in ("canvas", "surface", f"{tone}-soft")
    ],
    *[("text", f"{tone}-soft") for tone in ("accent", "good", "warn", "bad", "info")],
    *[("text-soft", f"{tone}-soft") for tone in ("accent", "warn", "bad")],
    *[("text-muted", f"{tone}-soft") for tone in ("warn", "bad")],
    *[(name, "sunken") for name in ("accent-text", "good", "warn", "info")],
    ("accent-text", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent", "danger"),
    ("on-accent", "danger-hover"),
]
MARK_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "canvas"),
    ("accent-text", "canvas"),
    *[(f"series-{number}", "surface") for number in (1, 2, 3, 4)],
    *[(f"series-{number}", f"series-{number}-soft") for number in (1, 2, 3, 4)],
    *[(f"series-{number}", "sunken") for number in (1, 2, 3, 4)],
    ("text-muted", "surface"),
    ("bad", "surface"),
]


def colours(theme: str) -> dict[str, str]:
    block = re.search(rf'\[data-theme="{theme}"\] \{{(.*?)\n\}}', TOKENS, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_is_told_from_its_ground(theme: str, text: str, ground: str) -> None:
    of = colours(theme)

    assert contrast(of[text], of[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARK_PAIRS)
def test_borders_of_controls_and_lines_of_charts_are_seen(
    theme: str, mark: str, ground: str
) -> None:
    of = colours(theme)

    assert contrast(of[mark], of[ground]) >= 3
