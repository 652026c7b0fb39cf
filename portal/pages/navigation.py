"""What the shell shows around every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context of the navigation: the tenant, its switcher, and the pages one may open."""
    return {"tenant": getattr(request, "tenant", None), "nav": []}
