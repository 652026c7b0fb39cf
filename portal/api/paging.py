"""Pages of a collection: `{"results": […], "next": url|null}`, resumed by an opaque cursor.

A page begins after the last row of the page before, so rows that come in meanwhile neither repeat
nor hide others. The cursor is encrypted: what orders the rows is often their internal key.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.api.queries import invalid_query
from portal.tenancy.secrets import UnreadableSecret, seal, unseal

PAGE_SIZE: Final = 50
PAGE_SIZE_MAX: Final = 200


class CursorPages(BasePagination):
    """Keyset paging along one unique field, which the view names as `page_order` ("-id")."""

    def paginate_queryset(  # type: ignore[override]  # nothing but a queryset is paged
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        order: str = view.page_order
        self.field, descends = order.removeprefix("-"), order.startswith("-")
        self.url = request.build_absolute_uri()
        size = _page_size(request)
        queryset = queryset.order_by(order)
        if cursor := request.query_params.get("cursor"):
            lookup = f"{self.field}__{'lt' if descends else 'gt'}"
            queryset = queryset.filter(**{lookup: self._read(cursor)})
        rows = list(queryset[: size + 1])
        self.page, self.has_more = rows[:size], len(rows) > size
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next_url()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": "Address of the next page; null on the last.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "From the `next` of the page before.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "description": f"Rows of a page, {PAGE_SIZE} unless given.",
                "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX},
            },
        ]

    def _next_url(self) -> str | None:
        if not self.has_more:
            return None
        position = getattr(self.page[-1], self.field)
        return replace_query_param(self.url, "cursor", seal(f"{self.field}={position}"))

    def _read(self, cursor: str) -> str:
        try:
            field, _, position = unseal(cursor).partition("=")
        except UnreadableSecret:
            field = ""
        if field != self.field:
            raise invalid_query("cursor", "Take the cursor from the next of a page.")
        return position


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size") or str(PAGE_SIZE)
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise invalid_query("page_size", f"A whole number from 1 to {PAGE_SIZE_MAX}.")
    return min(int(text[:9]), PAGE_SIZE_MAX)
