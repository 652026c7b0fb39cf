"""What every endpoint shares: who asks, reading the body, answering a page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.problems import problem_response
from portal.api.queries import NoFilters, read_query
from portal.tenancy.actor import Actor
from portal.tenancy.permissions import public


class TenantView(GenericAPIView[Any]):
    """An endpoint of one tenant.

    Subclasses name `permission` (and `write_permission` for unsafe methods), `filters` for their
    query parameters, and `page_order`, the unique field along which their collection is paged.
    """

    permission: str
    write_permission: str | None = None
    filters: type[serializers.Serializer[Any]] = NoFilters
    page_order = "-pk"

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request._request.actor  # type: ignore[attr-defined]
        return actor

    def query(self) -> dict[str, Any]:
        """The checked query parameters."""
        return read_query(self.request, self.filters)

    def body(
        self, serializer_class: type[serializers.Serializer[Any]], **context: Any
    ) -> dict[str, Any]:
        """The checked body; `context` is what the serializer needs to know beside it."""
        serializer = serializer_class(data=self.request.data, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def page(
        self, rows: QuerySet[Any], serializer_class: type[serializers.BaseSerializer[Any]]
    ) -> Response:
        """One page of a collection."""
        found = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(found, many=True).data)


class SchemaView(SpectacularAPIView):
    """Read by anybody: it describes the product and holds nothing of a tenant."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = [JSONRenderer]

    def _get_version_parameter(self, request: Request) -> None:
        """There is one version; what a query says of it would end up in a header."""


class PermanentRedirect(HttpResponseRedirect):
    """308: the same request, method and body included, at another address."""

    status_code = 308


@public
@csrf_exempt
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """What no endpoint answers below /api/: a problem, or the way to the address with its slash."""
    with_slash = f"{request.path}/"
    try:
        known = not request.path.endswith("/") and resolve(with_slash).func is not unknown_address
    except Resolver404:
        known = False
    if known:
        query = request.META.get("QUERY_STRING", "")
        return PermanentRedirect(f"{with_slash}?{query}" if query else with_slash)
    return problem_response(Http404(f"The API has no address {request.path}"), request)
