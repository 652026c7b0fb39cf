"""The OpenAPI description of the REST API, generated from the code that answers."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS

from portal.api.problems import CONTENT_TYPE

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_INVALID_PARAM = {
    "type": "object",
    "required": ["param", "reason"],
    "properties": {
        "param": {
            "type": "string",
            "description": "JSON pointer into the body, “query …” or “header …”.",
            "example": "/allowances/0/amount",
        },
        "reason": {"type": "string"},
    },
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "invalidParams": {"type": "array", "items": _INVALID_PARAM},
    },
}


class TenantSchema(AutoSchema):
    """Adds what every endpoint does: the scope it needs, and errors as problem documents."""

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular calls it
        text = super().get_description() or ""
        return f"{text}\n\nNeeds the scope `{self._scope()}`."

    def get_extensions(self) -> dict[str, Any]:
        return {"x-required-scope": self._scope()}

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"oauth2": [self._scope()]}, {"browserSession": []}]

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = {
            "description": "What is wrong and what to do about it.",
            "content": {CONTENT_TYPE: {"schema": _PROBLEM}},
        }
        return {**bodies, "4XX": problem, "5XX": problem}

    def _scope(self) -> str:
        view: Any = self.view
        if self.method in SAFE_METHODS:
            return str(view.permission)
        return str(view.write_permission or view.permission)


class TokenScheme(OpenApiAuthenticationExtension):
    """TenantAuthentication in the schema; its two schemes are in SPECTACULAR_SETTINGS."""

    target_class = "portal.tenancy.authentication.TenantAuthentication"
    name = ["oauth2", "browserSession"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        from portal.tenancy.roles import CLIENT_SCOPES, PERMISSIONS

        scopes = {name: PERMISSIONS[name] for name in CLIENT_SCOPES}
        flow = {"tokenUrl": "/oauth/token/", "scopes": scopes}
        return [
            {"type": "oauth2", "flows": {"clientCredentials": flow}},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]


def add_problem(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """SPECTACULAR_SETTINGS hook: the component that every error answer refers to."""
    result["components"]["schemas"]["Problem"] = _PROBLEM_SCHEMA
    return result
