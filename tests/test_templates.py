"""Every template keeps the rules of docs/front-end.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = [
    path
    for app in ("portal", "plans", "subscribers", "charging", "notifications")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "tests" not in path.parts
]
ICONS = {
    name
    for line in (ROOT / "assets/icons.txt").read_text().splitlines()
    if (name := line.partition("#")[0].strip())
}

FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "an inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on, which needs eval": re.compile(r"\bhx-on[:=-]"),
    "an inline style": re.compile(r"<style\b|<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a script in hx-vals or hx-headers": re.compile(
        r"hx-(?:vals|headers)[^=]*=\s*[\"']\s*(?:js|javascript):"
    ),
    "a trigger filter, which needs eval": re.compile(
        r"hx-trigger\s*=\s*\"[^\"]*\[|hx-trigger\s*=\s*'[^']*\["
    ),
    "text marked safe": re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off"),
    "an address of another host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//"),
}

_COMMENT = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
_ICON_IN_TEMPLATE = re.compile(
    r"""\{%\s*icon\s+"([\w-]+)"|<c-icon[^>]*?\sname="([\w-]+)"|<c-[\w.-]+[^>]*?\sicon="([\w-]+)\""""
)
_ICON_IN_PYTHON = re.compile(
    r"""\bicon["']?\s*[=:]\s*["']([\w-]+)["']|\bEntry\("[^"]*", "[^"]*", "([\w-]+)\""""
)
_QUOTED = re.compile(r"\"([a-z0-9-]+)\"")
_COMPONENT = re.compile(
    r"<c-(?!vars\b|slot\b)([\w.-]+)((?:\s+[^<>\s=]+(?:=(?:\"[^\"]*\"|'[^']*'))?)*)\s*/?>"
)
_BOUND_ATTRIBUTE = re.compile(r"(?<!\S):([\w-]+)=")


def source(path: Path) -> str:
    return _COMMENT.sub("", path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_needs_neither_inline_script_nor_inline_style(path: Path) -> None:
    text = source(path)

    found = [what for what, pattern in FORBIDDEN.items() if pattern.search(text)]

    assert not found, f"{name(path)} has {', '.join(found)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_component_escapes_every_value_bound_to_it(path: Path) -> None:
    """What a component does not declare in <c-vars> is printed by {{ attrs }} unescaped."""
    undeclared = [
        f"<c-{component} :{attribute}>"
        for component, attributes in _COMPONENT.findall(source(path))
        for attribute in _BOUND_ATTRIBUTE.findall(attributes)
        if attribute.replace("-", "_") not in declared_by(component)
    ]

    assert not undeclared, (
        f'{name(path)}: write attribute="{{{{ value }}}}" instead of {undeclared}'
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_component_used_exists(path: Path) -> None:
    missing = [
        component
        for component, _ in _COMPONENT.findall(source(path))
        if not component_file(component)
    ]

    assert not missing


def test_every_icon_used_is_in_the_sprite() -> None:
    missing = sorted({*icons_of_templates(), *icons_of_python()} - ICONS)

    assert not missing, f"add to assets/icons.txt: {missing}"


def test_the_sprite_has_no_icon_that_nothing_uses() -> None:
    named_somewhere = {text for path in PYTHON for text in _QUOTED.findall(path.read_text())}

    unused = sorted(ICONS - set(icons_of_templates()) - named_somewhere)

    assert not unused, f"take out of assets/icons.txt: {unused}"


def icons_of_templates() -> Iterator[str]:
    for path in TEMPLATES:
        for found in _ICON_IN_TEMPLATE.findall(source(path)):
            yield from filter(None, found)


def icons_of_python() -> Iterator[str]:
    for path in PYTHON:
        for found in _ICON_IN_PYTHON.findall(path.read_text()):
            yield from filter(None, found)


def component_file(component: str) -> Path | None:
    stem = component.replace("-", "_").replace(".", "/")
    candidates = [
        ROOT / f"templates/cotton/{stem}.html",
        ROOT / f"templates/cotton/{stem}/index.html",
    ]
    return next((path for path in candidates if path.exists()), None)


def declared_by(component: str) -> set[str]:
    path = component_file(component)
    declaration = re.search(r"<c-vars(.*?)/>", path.read_text(), re.DOTALL) if path else None
    return set(re.findall(r"(?<!\S):?([a-z_]+)=", declaration[1])) if declaration else set()
