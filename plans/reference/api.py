"""Destination groups, zones and holidays over REST."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from typing import IO, Any, Final

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from plans.reference import selectors, services
from plans.reference.csv_rows import FILE_OCTETS_MAX
from plans.reference.importing import ImportMode, import_prefixes
from plans.reference.models import DestinationGroup, DestinationPrefix, Holiday, Zone
from plans.reference.serializers import (
    DestinationGroupIn,
    DestinationGroupOut,
    HolidayIn,
    HolidayOut,
    ImportedOut,
    ImportFilters,
    PrefixFilters,
    PrefixOut,
    ZoneIn,
    ZoneOut,
)
from plans.reference.services import DestinationGroupSpec, StillUsed, ZoneSpec
from portal.api.problems import BodyTooLarge, Conflict, InvalidFile
from portal.api.views import TenantView
from portal.tenancy.validation import Invalid

DESTINATIONS: Final = "Destinations"
ZONES: Final = "Zones"
HOLIDAYS: Final = "Holidays"


class ReferenceView(TenantView):
    permission, write_permission = "plans.view", "plans.design"


# ── destination groups ───────────────────────────────────────────────────────────────────────


class DestinationGroupListView(ReferenceView):
    page_order = "code"

    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_groups_list",
        summary="List destination groups",
        responses=DestinationGroupOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Groups of numbers that are priced alike, by code."""
        self.query()
        found: Any = self.paginate_queryset(selectors.destination_groups())
        shown = DestinationGroupOut(found, many=True, context={"counts": selectors.prefix_counts()})
        return self.get_paginated_response(shown.data)


class DestinationGroupDetailView(ReferenceView):
    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_groups_read",
        summary="Read a destination group",
        responses=DestinationGroupOut,
    )
    def get(self, request: Request, code: str) -> Response:
        """One group and how many prefixes it has."""
        return self._shown(get_object_or_404(DestinationGroup.objects, code=code))

    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_groups_replace",
        summary="Create or replace a destination group",
        request=DestinationGroupIn,
        responses={200: DestinationGroupOut, 201: DestinationGroupOut},
    )
    def put(self, request: Request, code: str) -> Response:
        """201 when it is new. Its prefixes stay; import a file to change them."""
        spec = DestinationGroupSpec(code=code, **self.body(DestinationGroupIn))
        is_new = not DestinationGroup.objects.filter(code=code).exists()
        group = services.save_destination_group(spec=spec, actor=self.actor, now=timezone.now())
        return self._shown(group, status=201 if is_new else 200)

    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_groups_delete",
        summary="Delete a destination group",
        responses={204: None},
    )
    def delete(self, request: Request, code: str) -> Response:
        """With its prefixes. 409 while a plan version names it; the detail says which."""
        try:
            services.delete_destination_group(code=code, actor=self.actor, now=timezone.now())
        except DestinationGroup.DoesNotExist as error:
            raise Http404 from error
        except StillUsed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)

    def _shown(self, group: DestinationGroup, *, status: int = 200) -> Response:
        counts = {group.pk: DestinationPrefix.objects.filter(group=group).count()}
        shown = DestinationGroupOut(group, context={"counts": counts})
        return Response(shown.data, status=status)


class DestinationPrefixListView(ReferenceView):
    filters = PrefixFilters

    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_prefixes_list",
        summary="List prefixes",
        parameters=[PrefixFilters],
        responses=PrefixOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Which prefixes there are, of one group, or of one number: what decides its price."""
        query = self.query()
        rows = DestinationPrefix.objects.select_related("group")
        if "group" in query:
            rows = rows.filter(group__code=query["group"])
        if "number" in query:
            rows = rows.filter(prefix__in=selectors.beginnings(selectors.dialled(query["number"])))
        return self.page(rows, PrefixOut)


class CsvParser(BaseParser):
    """A file as the body; how large it may be is known before any of it is read as CSV."""

    media_type = "text/csv"

    def parse(  # type: ignore[override]  # a file is no mapping
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> io.BytesIO:
        raw = stream.read(FILE_OCTETS_MAX + 1)
        if len(raw) > FILE_OCTETS_MAX:
            raise BodyTooLarge(f"A file has at most {FILE_OCTETS_MAX // 2**20} MiB.")
        return io.BytesIO(raw)


class PrefixImportView(ReferenceView):
    filters = ImportFilters
    parser_classes = [CsvParser]

    @extend_schema(
        tags=[DESTINATIONS],
        operation_id="destination_prefixes_import",
        summary="Import prefixes",
        parameters=[ImportFilters],
        request={"text/csv": OpenApiTypes.STR},
        responses={200: ImportedOut},
    )
    def post(self, request: Request) -> Response:
        """A CSV file as the body, with the columns `group`, `prefix` and, for groups that may be
        new, `name`; at most 32 MiB. By `mode` each group of the file has exactly its prefixes
        afterwards (replace), or they are added to those it has, or removed. A file with a wrong
        line changes nothing; each is named by its number."""
        query = self.query()
        # DRF gives an empty dictionary for an empty body, whatever the parser.
        file: Any = request.data or io.BytesIO()
        try:
            done = import_prefixes(
                file=file,
                mode=ImportMode(query["mode"]),
                group=query.get("group", ""),
                actor=self.actor,
                now=timezone.now(),
            )
        except Invalid as error:
            raise InvalidFile(error.errors) from error
        return Response(ImportedOut(done).data)


# ── zones ────────────────────────────────────────────────────────────────────────────────────


class ZoneListView(ReferenceView):
    page_order = "code"

    @extend_schema(
        tags=[ZONES], operation_id="zones_list", summary="List zones", responses=ZoneOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """Groups of foreign networks that are priced alike, by code."""
        self.query()
        return self.page(selectors.zones(), ZoneOut)


class ZoneDetailView(ReferenceView):
    @extend_schema(
        tags=[ZONES], operation_id="zones_read", summary="Read a zone", responses=ZoneOut
    )
    def get(self, request: Request, code: str) -> Response:
        """Its networks and countries."""
        return Response(ZoneOut(get_object_or_404(Zone.objects, code=code)).data)

    @extend_schema(
        tags=[ZONES],
        operation_id="zones_replace",
        summary="Create or replace a zone",
        request=ZoneIn,
        responses={200: ZoneOut, 201: ZoneOut},
    )
    def put(self, request: Request, code: str) -> Response:
        """201 when it is new. A network that several zones name is in all of them."""
        body = self.body(ZoneIn)
        spec = ZoneSpec(
            code=code,
            name=body["name"],
            networks=tuple(body.get("networks", ())),
            countries=tuple(body.get("countries", ())),
        )
        is_new = not Zone.objects.filter(code=code).exists()
        zone = services.save_zone(spec=spec, actor=self.actor, now=timezone.now())
        return Response(ZoneOut(zone).data, status=201 if is_new else 200)

    @extend_schema(
        tags=[ZONES], operation_id="zones_delete", summary="Delete a zone", responses={204: None}
    )
    def delete(self, request: Request, code: str) -> Response:
        """409 while a plan version names it; the detail says which."""
        try:
            services.delete_zone(code=code, actor=self.actor, now=timezone.now())
        except Zone.DoesNotExist as error:
            raise Http404 from error
        except StillUsed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


# ── holidays ─────────────────────────────────────────────────────────────────────────────────


class HolidayListView(ReferenceView):
    page_order = "date"

    @extend_schema(
        tags=[HOLIDAYS],
        operation_id="holidays_list",
        summary="List holidays",
        responses=HolidayOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Days that time bands may treat apart, in their order."""
        self.query()
        return self.page(selectors.holidays(), HolidayOut)


class HolidayDetailView(ReferenceView):
    @extend_schema(
        tags=[HOLIDAYS],
        operation_id="holidays_read",
        summary="Read a holiday",
        responses=HolidayOut,
    )
    def get(self, request: Request, day: date) -> Response:
        """404 when the day is like others."""
        return Response(HolidayOut(get_object_or_404(Holiday.objects, date=day)).data)

    @extend_schema(
        tags=[HOLIDAYS],
        operation_id="holidays_replace",
        summary="Create or rename a holiday",
        request=HolidayIn,
        responses={200: HolidayOut, 201: HolidayOut},
    )
    def put(self, request: Request, day: date) -> Response:
        """201 when it is new. The day is that of the operator's or the account's time zone."""
        is_new = not Holiday.objects.filter(date=day).exists()
        holiday = services.save_holiday(
            date=day, **self.body(HolidayIn), actor=self.actor, now=timezone.now()
        )
        return Response(HolidayOut(holiday).data, status=201 if is_new else 200)

    @extend_schema(
        tags=[HOLIDAYS],
        operation_id="holidays_delete",
        summary="Delete a holiday",
        responses={204: None},
    )
    def delete(self, request: Request, day: date) -> Response:
        """From now on it is a day like others."""
        try:
            services.delete_holiday(date=day, actor=self.actor, now=timezone.now())
        except Holiday.DoesNotExist as error:
            raise Http404 from error
        return Response(status=204)
