"""Events over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import selectors, totogi
from notifications.models import NotificationEvent
from notifications.representation import event_json
from notifications.serializers import EventFilters, EventOut
from portal.api.views import TenantView
from portal.tenancy.scope import current_tenant

_TOTOGI_TYPE = "bucket.threshold_crossed"


class NotificationListView(TenantView):
    permission, filters, page_order = "notifications.view", EventFilters, "-position"

    @extend_schema(
        tags=["Notifications"],
        operation_id="notifications_list",
        summary="List notifications",
        parameters=[EventFilters],
        responses=EventOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Committed events, the newest first. To follow the stream remember the highest position
        and ask for what is `after` it, or open the websocket. With `shape` only threshold events
        are listed, in the shape asked for."""
        query = self.query()
        shape = query.get("shape", "")
        types = [_TOTOGI_TYPE] if shape else query.get("type", ())
        events = selectors.published_events(types=types, account_id=query.get("account", ""))
        if (after := query.get("after")) is not None:
            events = events.filter(position__gt=after)
        page = self.paginate_queryset(events) or []
        return self.get_paginated_response([_shown(event, shape) for event in page])


def _shown(event: NotificationEvent, shape: str) -> dict[str, Any] | None:
    if shape == "totogi":
        return totogi.counter_threshold(event, tenant=current_tenant())
    if shape == "totogi-v2":
        return totogi.threshold_notification(event, tenant=current_tenant())
    return event_json(event)
