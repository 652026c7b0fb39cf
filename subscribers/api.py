"""Devices over REST; accounts come with their balances and are in charging/api."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.problems import Conflict
from portal.api.views import TenantView
from portal.tenancy.validation import Invalid
from subscribers import services
from subscribers.models import Device
from subscribers.selectors import find_account
from subscribers.serializers import DeviceFilters, DeviceIn, DeviceOut

DEVICES = "Devices"


class DeviceListView(TenantView):
    permission, write_permission = "subscribers.view", "subscribers.manage"
    filters = DeviceFilters

    @extend_schema(
        tags=[DEVICES],
        operation_id="devices_list",
        summary="List devices",
        parameters=[DeviceFilters],
        responses=DeviceOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Devices, the newest first; of one account when given."""
        devices = Device.objects.select_related("account")
        if account := self.query().get("account"):
            devices = devices.filter(account__public_id=account)
        return self.page(devices, DeviceOut)

    @extend_schema(
        tags=[DEVICES],
        operation_id="devices_create",
        summary="Add a device to an account",
        request=DeviceIn,
        responses={201: DeviceOut},
    )
    def post(self, request: Request) -> Response:
        """On N40 the device is then known by its SUPI, its GPSI and its bare id."""
        body = self.body(DeviceIn)
        account = find_account(body.pop("account"))
        if account is None:
            raise Invalid.at("account", "There is no account of this id.")
        try:
            device = services.create_device(
                account=account,
                public_id=body.pop("id", None),
                **body,
                actor=self.actor,
                now=timezone.now(),
            )
        except services.AccountTerminated as error:
            raise Conflict("The account is terminated.", param="/account") from error
        return Response(DeviceOut(device).data, status=201)


class DeviceDetailView(TenantView):
    permission = "subscribers.view"

    @extend_schema(
        tags=[DEVICES],
        operation_id="devices_read",
        summary="Read a device",
        responses=DeviceOut,
    )
    def get(self, request: Request, id: str) -> Response:
        """One device by its id."""
        devices = Device.objects.select_related("account")
        return Response(DeviceOut(get_object_or_404(devices, public_id=id)).data)
