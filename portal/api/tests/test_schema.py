"""The OpenAPI description says what is there, and what is there does what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from portal.api.examples import EXAMPLES
from portal.api.reference import Operation, operations
from portal.tenancy.roles import CLIENT_SCOPES
from tests.harness.rest import RestCaller, make_caller

UNDOCUMENTED = {"api/v1/schema/", "api/v1/docs/"}
NEEDS_A_SESSION = {
    "emulated_sessions_read",
    "charging_sessions_read",
    "balances_read",  # a balance
    "balances_change",
    "transfers_create",  # and a second account
    "reversals_create",
    "plan_subscriptions_create",  # an add-on to buy, and what is held by an id
    "plan_subscriptions_read",
    "plan_periods_list",
    "plan_subscriptions_resize",
    "plan_subscriptions_override",
    "plan_subscriptions_change",
    "plan_subscriptions_undo",
    "plan_subscriptions_cancel",
}


@pytest.fixture(scope="module")
def calls() -> dict[str, Operation]:
    return {call.id: call for call in operations()}


def test_the_schema_is_valid_openapi_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", tmp_path / "schema.yml")


def test_it_describes_every_address_and_method_there_is_and_no_other(client, db):
    schema = client.get("/api/v1/schema/").json()

    described = {
        (path, method.upper()) for path, methods in schema["paths"].items() for method in methods
    }

    assert described == set(routed())


def routed() -> Iterator[tuple[str, str]]:
    """The (path, method) pairs of the URL configuration below /api/v1/."""
    for route, view in walk(get_resolver().url_patterns):
        if not route.startswith("api/v1/") or route in UNDOCUMENTED:
            continue
        path = "/" + route
        for name in ("key", "int", "uuid", "day"):
            path = path.replace(f"<{name}:", "{")
        path = path.replace(">", "}")
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view.cls, method):
                yield path, method.upper()


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def send(caller: RestCaller, call: Operation):
    headers = {name.replace("-", "_"): text for name, text in call.example.headers.items()}
    if call.method == "GET":
        return caller.get(call.address)
    if call.method == "PUT":
        return caller.put(call.address, call.example.body)
    if call.method == "DELETE":
        return caller.delete(call.address)
    if call.example.csv:
        return caller.post_csv(call.address, call.example.csv)
    return caller.post(call.address, call.example.body, **headers)


def test_every_example_works_in_its_order_and_is_answered_as_described(rest, calls, client):
    schema = client.get("/api/v1/schema/").json()
    for name in EXAMPLES:
        if name in NEEDS_A_SESSION:
            continue
        answer = send(rest, calls[name])
        described = schema["paths"][calls[name].path][calls[name].method.lower()]["responses"]
        assert str(answer.status_code) in described, (name, answer.content)
        if answer.status_code == 204:
            continue
        body = described[str(answer.status_code)]["content"]["application/json"]["schema"]
        jsonschema.validate(answer.json(), as_json_schema(body, schema))


def as_json_schema(part: dict[str, Any], schema: dict[str, Any]) -> Any:
    """OpenAPI 3.0's `nullable` and references in terms of JSON Schema, fields closed."""
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        return as_json_schema(schema["components"]["schemas"][name], schema)
    converted = dict(part)
    for kind in ("allOf", "oneOf"):
        if kind in part:
            converted[kind] = [as_json_schema(one, schema) for one in part[kind]]
    if "items" in part:
        converted["items"] = as_json_schema(part["items"], schema)
    if "properties" in part:
        converted["properties"] = {
            name: as_json_schema(inner, schema) for name, inner in part["properties"].items()
        }
        converted["additionalProperties"] = False
    if converted.pop("nullable", False):
        return {"anyOf": [converted, {"type": "null"}]}
    return converted


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_each_call_needs_the_scope_that_is_described_and_no_other(northwind, calls, name):
    call = calls[name]

    without = make_caller(northwind, [one for one in CLIENT_SCOPES if one != call.scope])
    refused = send(without, call)
    assert refused.status_code == 403
    assert call.scope in refused.json()["detail"]

    allowed = send(make_caller(northwind, [call.scope]), call)
    assert allowed.status_code not in (401, 403, 500)


def test_every_call_has_an_example_and_every_example_a_call(calls):
    assert set(EXAMPLES) == set(calls)
