"""Charging sessions over REST: what the network sent, what it cost, and why."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import selectors
from charging.models import ChargingSession
from charging.serializers import SessionDetailOut, SessionFilters, SessionOut
from portal.api.views import TenantView
from subscribers.selectors import find_account, find_device

SESSIONS = "Charging sessions"


class SessionListView(TenantView):
    permission, filters = "charging.view", SessionFilters

    @extend_schema(
        tags=[SESSIONS],
        operation_id="charging_sessions_list",
        summary="List charging sessions",
        parameters=[SessionFilters],
        responses=SessionOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Sessions, the newest first."""
        return self.page(_wanted(self.query()), SessionOut)


def _wanted(query: dict[str, Any]) -> QuerySet[ChargingSession]:
    """Sessions of an account or device nobody knows are none."""
    if name := query.pop("account", ""):
        query["account"] = find_account(name)
    if name := query.pop("device", ""):
        device = find_device(name)
        query["device"] = device.public_id if device else name
    if "account" in query and query["account"] is None:
        return ChargingSession.objects.none()
    return selectors.list_sessions(selectors.SessionFilter(**query))


class SessionDetailView(TenantView):
    permission = "charging.view"

    @extend_schema(
        tags=[SESSIONS],
        operation_id="charging_sessions_read",
        summary="Read a charging session",
        responses=SessionDetailOut,
    )
    def get(self, request: Request, ref: str) -> Response:
        """The session with every message as it went over N40, and the decisions about each."""
        detail = selectors.session_detail(ref)
        if detail is None:
            raise Http404("There is no charging session of this reference.")
        context = {"explained": selectors.explain_detail(detail)}
        return Response(SessionDetailOut(detail.session, context=context).data)
