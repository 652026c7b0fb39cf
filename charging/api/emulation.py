"""The emulated phone over REST: make a device use something, and see what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import emulator
from charging.models import EmulatedSession
from charging.serializers import EmulatedSessionOut, UsageIn
from portal.api.idempotency import KEY_PARAMETER, request_key
from portal.api.problems import Conflict, KeyReused
from portal.api.views import TenantView
from portal.tenancy.scope import current_tenant
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
        parameters=[KEY_PARAMETER],
        request=UsageIn,
        responses={202: EmulatedSessionOut},
    )
    def post(self, request: Request, id: str) -> Response:
        """A worker opens a session over N40 at the tenant's charging function, uses the volume in
        slices and releases it. The answer comes at once; follow `url` for the outcome. Devices of
        a sandbox and test devices can be used."""
        device = get_object_or_404(Device.objects.select_related("account"), public_id=id)
        body = self.body(UsageIn)
        public_id = _id_for(request_key(request))
        session = _repeated(public_id, device, body) or self._start(device, body, public_id)
        return Response(self.shown(session), status=202, headers={"Location": self.url_of(session)})

    def _start(
        self, device: Device, body: dict[str, Any], public_id: uuid.UUID | None
    ) -> EmulatedSession:
        try:
            with transaction.atomic():
                return emulator.start_session(
                    device=device,
                    **body,
                    public_id=public_id,
                    actor=self.actor,
                    now=timezone.now(),
                )
        except emulator.EmulationNotAllowed as error:
            raise Conflict(str(error)) from error
        except IntegrityError:  # the same request came twice at once
            earlier = _repeated(public_id, device, body)
            if earlier is None:
                raise
            return earlier


def _id_for(key: str) -> uuid.UUID | None:
    """The id of the session that a request of this key makes: always the same in a tenant."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{current_tenant().pk}/usage/{key}") if key else None


def _repeated(
    public_id: uuid.UUID | None, device: Device, body: dict[str, Any]
) -> EmulatedSession | None:
    """What an earlier request of this key started. Raises KeyReused for another request."""
    sessions = EmulatedSession.objects.select_related("device__account")
    earlier = sessions.filter(public_id=public_id).first() if public_id else None
    if earlier is None:
        return None
    asked = {"destination": "", "rating_group": None, "label": "", **body}
    if earlier.device_id != device.pk or any(
        getattr(earlier, name) != value for name, value in asked.items()
    ):
        raise KeyReused("This key was used for another request.")
    return earlier


class EmulatedSessionDetailView(EmulatedSessionView):
    permission = "charging.emulate"

    @extend_schema(
        tags=[EMULATOR],
        operation_id="emulated_sessions_read",
        summary="Read an emulated session",
        responses=EmulatedSessionOut,
    )
    def get(self, request: Request, id: str) -> Response:
        """How far it is, what it used, what it cost."""
        sessions = EmulatedSession.objects.select_related("device__account")
        return Response(self.shown(get_object_or_404(sessions, public_id=id)))
