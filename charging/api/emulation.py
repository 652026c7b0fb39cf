"""The emulated phone over REST: make a device use something, and see what came of it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import emulator
from charging.models import EmulatedSession
from charging.serializers import EmulatedSessionOut, UsageIn
from portal.api.problems import Conflict
from portal.api.views import TenantView
from subscribers.models import Device

EMULATOR = "Emulator"


class EmulatedSessionView(TenantView):
    def shown(self, session: EmulatedSession) -> Any:
        """The session in JSON, with its own address."""
        return EmulatedSessionOut(session, context={"url_of": self.url_of}).data

    def url_of(self, session: EmulatedSession) -> str:
        path = reverse("api-emulated-session", args=[session.public_id])
        return self.request.build_absolute_uri(path)


class UsageView(EmulatedSessionView):
    permission = "charging.emulate"

    @extend_schema(
        tags=[EMULATOR],
        operation_id="usage_create",
        summary="Use something with a device",
        request=UsageIn,
        responses={202: EmulatedSessionOut},
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002  the contract's name
        """A worker opens a session over N40 at the tenant's charging function, uses the volume in
        slices and releases it. The answer comes at once; follow `url` for the outcome. Devices of
        a sandbox and test devices can be used."""
        device = get_object_or_404(Device.objects.select_related("account"), public_id=id)
        body = self.body(UsageIn)
        try:
            session = emulator.start_session(
                device=device, **body, actor=self.actor, now=timezone.now()
            )
        except emulator.EmulationNotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(self.shown(session), status=202, headers={"Location": self.url_of(session)})


class EmulatedSessionDetailView(EmulatedSessionView):
    permission = "charging.emulate"

    @extend_schema(
        tags=[EMULATOR],
        operation_id="emulated_sessions_read",
        summary="Read an emulated session",
        responses=EmulatedSessionOut,
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002  the contract's name
        """How far it is, what it used, what it cost."""
        sessions = EmulatedSession.objects.select_related("device__account")
        return Response(self.shown(get_object_or_404(sessions, public_id=id)))
