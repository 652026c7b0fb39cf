"""The reference as the documentation page shows it, read from the OpenAPI description.

So it says what the code does: a field, a scope or a call cannot be there and here differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator

from portal.api.examples import EXAMPLES, Example

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEPTH_MAX: Final = 3
_SCOPE_NOTE: Final = "\n\nNeeds the scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a body or answer, or one parameter."""

    name: str
    """With its way from the top: allowances[].amount."""
    kind: str
    is_required: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call."""

    id: str
    group: str
    method: str
    path: str
    """With {placeholders}."""
    summary: str
    text: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    status: str
    answer: tuple[Field, ...]
    example: Example

    @property
    def address(self) -> str:
        """The path of the example, with its query."""
        path = self.path.format(**self.example.path)
        return f"{path}?{self.example.query}" if self.example.query else path


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """Every call, in the order of the groups and of the examples."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = [
        _operation(schema, path, method, described)
        for path, methods in schema["paths"].items()
        for method, described in methods.items()
        if method in _METHODS
    ]
    order = list(EXAMPLES)
    return tuple(sorted(found, key=lambda call: order.index(call.id)))


def groups() -> dict[str, list[Operation]]:
    """The calls by their group."""
    grouped: dict[str, list[Operation]] = {}
    for call in operations():
        grouped.setdefault(call.group, []).append(call)
    return grouped


def curl(call: Operation, *, base_url: str) -> str:
    """The example for a shell; $TOKEN holds the access token."""
    lines = [f"curl '{base_url}{call.address}'", '-H "Authorization: Bearer $TOKEN"']
    if call.method != "GET":
        lines[0] = lines[0].replace("curl ", f"curl -X {call.method} ", 1)
    lines += [f"-H '{name}: {text}'" for name, text in call.example.headers.items()]
    if call.example.body is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d '{_json(call.example.body)}'"]
    if call.example.csv:
        lines += ["-H 'Content-Type: text/csv'", "--data-binary @file.csv"]
    return " \\\n  ".join(lines)


def python(call: Operation) -> str:
    """The example for httpx; `api` is the client of the first steps."""
    arguments = [f'"{call.address.removeprefix("/")}"']
    if call.example.body is not None:
        arguments.append(f"json={_python_literal(call.example.body)}")
    if call.example.csv:
        arguments += ['content=open("file.csv", "rb")', 'headers={"Content-Type": "text/csv"}']
    if call.example.headers:
        arguments.append(f"headers={_python_literal(call.example.headers)}")
    return f"answer = api.{call.method.lower()}({', '.join(arguments)})\nanswer.json()"


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)


def _python_literal(value: Any, depth: int = 0) -> str:
    """Like repr, over several lines where it is long, with double quotes."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(flat) <= 60:
        return flat
    pad = "    " * (depth + 1)
    if isinstance(value, dict):
        inner = [f'"{key}": {_python_literal(each, depth + 1)}' for key, each in value.items()]
        opened, closed = "{", "}"
    else:
        inner = [_python_literal(each, depth + 1) for each in value]
        opened, closed = "[", "]"
    lines = "".join(f"{pad}{line},\n" for line in inner)
    return f"{opened}\n{lines}{'    ' * depth}{closed}"


# ── reading OpenAPI ──────────────────────────────────────────────────────────────────────────


def _operation(
    schema: dict[str, Any], path: str, method: str, described: dict[str, Any]
) -> Operation:
    status, answer = next(iter(described["responses"].items()))
    return Operation(
        id=described["operationId"],
        group=described["tags"][0],
        method=method.upper(),
        path=path,
        summary=described["summary"],
        text=described["description"].partition(_SCOPE_NOTE)[0],
        scope=described["x-required-scope"],
        parameters=tuple(_parameter(one) for one in described.get("parameters", [])),
        body=tuple(_fields(schema, _content(described.get("requestBody", {})))),
        status=status,
        answer=tuple(_fields(schema, _content(answer))),
        example=EXAMPLES[described["operationId"]],
    )


def _content(part: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = part.get("content", {}).get("application/json", {})
    return dict(described.get("schema", {}))


def _parameter(described: dict[str, Any]) -> Field:
    return Field(
        name=described["name"],
        kind=f"{described['in']}, {_kind(described['schema'])}",
        is_required=described.get("required", False),
        text=described.get("description", ""),
    )


def _fields(schema: dict[str, Any], part: dict[str, Any], prefix: str = "") -> Iterator[Field]:
    """The fields of an object and of the objects in it, depth first."""
    part = _resolved(schema, part)
    required = part.get("required", [])
    for name, described in part.get("properties", {}).items():
        inner = _resolved(schema, described)
        is_list = inner.get("type") == "array"
        label = f"{prefix}{name}{'[]' if is_list else ''}"
        yield Field(
            name=label,
            kind=_kind(_resolved(schema, inner["items"]) if is_list else inner, is_list=is_list),
            is_required=name in required,
            text=described.get("description", "") or inner.get("description", ""),
        )
        if label.count(".") < _DEPTH_MAX:
            element = inner["items"] if is_list else inner
            yield from _fields(schema, element, prefix=f"{label}.")


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The part with its references and alternatives of one replaced by what they mean."""
    while True:
        if "$ref" in part:
            part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
        elif len(part.get("allOf", [])) == 1:
            part = {**_resolved(schema, part["allOf"][0]), **_without(part, "allOf")}
        elif "oneOf" in part and any("$ref" in one for one in part["oneOf"]):
            chosen = next(one for one in part["oneOf"] if "$ref" in one)
            part = {**_resolved(schema, chosen), **_without(part, "oneOf")}
        else:
            return part


def _without(part: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


def _kind(part: dict[str, Any], *, is_list: bool = False) -> str:
    """A type in words: integer, decimal string, one of a, b."""
    if "enum" in part:
        words = "one of " + ", ".join(str(value) for value in part["enum"] if value)
    elif "oneOf" in part:
        words = " or ".join(_kind(one) for one in part["oneOf"])
    else:
        words = _format(part)
    if is_list:
        return f"list of {words}"
    return f"{words} or null" if part.get("nullable") else words


def _format(part: dict[str, Any]) -> str:
    kind = str(part.get("type", "any"))
    spoken = {
        "decimal": "decimal string",
        "date-time": "date and time",
        "uuid": "UUID",
        "uri": "URL",
    }
    return spoken.get(part.get("format", ""), kind)
