"""Query parameters: every one is declared, and one that is not is refused, not ignored."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request

PAGING: frozenset[str] = frozenset({"cursor", "page_size"})


class InvalidQuery(APIException):
    """Something in the query string is wrong; `invalid_params` names it."""

    status_code = 400

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.invalid_params = [
            {"param": f"query {name}", "reason": text} for name, text in errors.items()
        ]


def invalid_query(name: str, message: str) -> InvalidQuery:
    """One error at one parameter."""
    return InvalidQuery({name: message})


def read_query(
    request: Request, serializer_class: type[serializers.Serializer[Any]]
) -> dict[str, Any]:
    """The checked parameters; blank ones count as absent. Raises InvalidQuery."""
    given = {name: text for name, text in request.query_params.items() if text != ""}
    serializer = serializer_class(data=given)
    known = PAGING | set(serializer.fields)
    errors = {name: "There is no such parameter." for name in given if name not in known}
    if not serializer.is_valid():
        errors |= {name: " ".join(map(str, texts)) for name, texts in serializer.errors.items()}
    if errors:
        raise InvalidQuery(errors)
    return dict(serializer.validated_data)


class NoFilters(serializers.Serializer[Any]):
    """A collection that takes nothing but the parameters of paging."""
