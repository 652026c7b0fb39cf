"""axe-core on a page: what a machine can find of WCAG 2.2 AA."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from playwright.sync_api import Page

from deploy.local.commands import ROOT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GATED = ("serious", "critical")
SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule and the elements that break it."""

    rule: str
    impact: str
    text: str
    elements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.impact} {self.rule}: {self.text}\n    " + "\n    ".join(self.elements)


def axe(page: Page) -> list[Violation]:
    """The violations of level serious and critical on a page as it stands.

    The script is evaluated through the debugger, which the page's policy does not concern.
    """
    page.evaluate(_source())
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", RULES
    )
    return [
        Violation(
            rule=item["id"],
            impact=item["impact"],
            text=item["help"],
            elements=tuple(node["html"][:200] for node in item["nodes"]),
        )
        for item in found["violations"]
        if item["impact"] in GATED
    ]


def assert_accessible(page: Page) -> None:
    """No violation that gates; the message lists them with their elements."""
    violations = axe(page)
    assert not violations, "\n".join(map(str, violations))


@functools.cache
def _source() -> str:
    return SOURCE.read_text()
