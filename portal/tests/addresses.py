"""Every address of the portal with what its view declares, read from the URL configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from portal.tenancy.permissions import Requirement, declared_permission


@dataclass(frozen=True, slots=True)
class Address:
    """One URL pattern."""

    route: str
    name: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def requirement(self) -> Requirement | None:
        return declared_permission(self.view)

    @property
    def is_api(self) -> bool:
        """Answers 401 and 403 as problems instead of showing the sign-in."""
        return hasattr(self.view, "cls")

    def path(self, arguments: dict[str, object]) -> str:
        return reverse(self.name, kwargs=arguments)


def all_addresses() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[Address]:
    for found in patterns:
        route = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from _walk(found.url_patterns, route)
        else:
            is_route = isinstance(found.pattern, RoutePattern)
            parameters = tuple(found.pattern.converters) if is_route else ("rest",)
            yield Address(route, found.name or "", found.callback, parameters)
