"""For load balancers and supervisors: is the process alive, and can it do its work?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import health
from portal.tenancy.permissions import public


@public
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when database, Valkey and migrations are as they should be, else 503 with what is not."""
    status, body = health.report()
    return JsonResponse(body, status=status)
