"""Plans, versions and rating groups over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans import selectors, services
from plans.models import Plan, PlanVersion, RatingGroup
from plans.serializers import (
    DraftIn,
    PlanIn,
    PlanOut,
    RatingGroupIn,
    RatingGroupOut,
    VersionIn,
    VersionOut,
    rating_group_spec,
    version_spec,
)
from plans.specs import VersionSpec
from portal.api.problems import Conflict
from portal.api.views import TenantView
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import Invalid

PLANS = "Plans"
RATING_GROUPS = "Rating groups"


class PlanView(TenantView):
    permission = "plans.view"
    write_permission = "plans.design"

    def plans(self) -> QuerySet[Plan]:
        versions = Prefetch("versions", PlanVersion.objects.order_by("number"))
        return Plan.objects.prefetch_related(versions)

    def plan(self, code: str) -> Plan:
        return get_object_or_404(self.plans(), code=code)

    def version(self, code: str, number: int) -> PlanVersion:
        versions = PlanVersion.objects.filter(plan__code=code)
        return get_object_or_404(selectors.with_parts(versions), number=number)

    def spec(self, serializer_class: type[VersionIn]) -> tuple[VersionSpec, dict[str, Any]]:
        """What the body says of a version, and the body itself."""
        body = self.body(serializer_class, rating_groups=selectors.rating_groups())
        return version_spec(body, currency=current_tenant().currency), body


class PlanListView(PlanView):
    page_order = "code"

    @extend_schema(
        tags=[PLANS], operation_id="plans_list", summary="List plans", responses=PlanOut(many=True)
    )
    def get(self, request: Request) -> Response:
        """Plans by code, each with its versions."""
        self.query()
        return self.page(self.plans(), PlanOut)

    @extend_schema(
        tags=[PLANS],
        operation_id="plans_create",
        summary="Create a plan",
        request=PlanIn,
        responses={201: PlanOut},
    )
    def post(self, request: Request) -> Response:
        """A plan begins with an empty draft, version 1; fill it by creating a version."""
        body = self.body(PlanIn)
        plan = services.create_plan(**body, actor=self.actor, now=timezone.now())
        return Response(PlanOut(self.plan(plan.code)).data, status=201)


class PlanDetailView(PlanView):
    @extend_schema(
        tags=[PLANS], operation_id="plans_read", summary="Read a plan", responses=PlanOut
    )
    def get(self, request: Request, code: str) -> Response:
        """The plan and the state of each of its versions."""
        return Response(PlanOut(self.plan(code)).data)


class VersionListView(PlanView):
    @extend_schema(
        tags=[PLANS],
        operation_id="plan_versions_create",
        summary="Create a version",
        request=VersionIn,
        responses={201: VersionOut},
    )
    def post(self, request: Request, code: str) -> Response:
        """The plan's next version, a draft until it is published. There is one draft at a time;
        the empty one that a new plan begins with is filled."""
        plan = self.plan(code)
        spec, _ = self.spec(VersionIn)
        try:
            version = services.create_draft(
                plan=plan, spec=spec, actor=self.actor, now=timezone.now()
            )
        except services.DraftExists as error:
            raise Conflict(f"{error} Publish it or replace it with PUT.") from error
        return Response(VersionOut(version).data, status=201)


class VersionDetailView(PlanView):
    @extend_schema(
        tags=[PLANS],
        operation_id="plan_versions_read",
        summary="Read a version",
        responses=VersionOut,
    )
    def get(self, request: Request, code: str, number: int) -> Response:
        """Everything the version says."""
        return Response(VersionOut(self.version(code, number)).data)

    @extend_schema(
        tags=[PLANS],
        operation_id="plan_versions_replace",
        summary="Replace a draft",
        request=DraftIn,
        responses=VersionOut,
    )
    def put(self, request: Request, code: str, number: int) -> Response:
        """Replace all that a draft says. Published and retired versions never change."""
        version = self.version(code, number)
        spec, body = self.spec(DraftIn)
        try:
            saved = services.save_draft(
                version=version,
                spec=spec,
                revision=body.get("revision", version.revision),
                actor=self.actor,
                now=timezone.now(),
            )
        except (services.NotADraft, services.DraftConflict) as error:
            raise Conflict(str(error)) from error
        return Response(VersionOut(saved).data)


class PublishView(PlanView):
    permission = write_permission = "plans.publish"

    @extend_schema(
        tags=[PLANS],
        operation_id="plan_versions_publish",
        summary="Publish a version",
        request=None,
        responses={201: VersionOut},
    )
    def post(self, request: Request, code: str, number: int) -> Response:
        """Freeze the draft and give it to new subscribers; the version before is retired and
        keeps its subscribers."""
        version = self.version(code, number)
        try:
            services.publish_version(version=version, actor=self.actor, now=timezone.now())
        except services.NotADraft as error:
            raise Conflict(str(error)) from error
        return Response(VersionOut(self.version(code, number)).data, status=201)


class RatingGroupListView(TenantView):
    permission, page_order = "plans.view", "number"

    @extend_schema(
        tags=[RATING_GROUPS],
        operation_id="rating_groups_list",
        summary="List rating groups",
        responses=RatingGroupOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """The charging keys by which the network reports usage, by number."""
        self.query()
        return self.page(RatingGroup.objects.all(), RatingGroupOut)


class RatingGroupDetailView(TenantView):
    permission, write_permission = "plans.view", "plans.design"

    @extend_schema(
        tags=[RATING_GROUPS],
        operation_id="rating_groups_read",
        summary="Read a rating group",
        responses=RatingGroupOut,
    )
    def get(self, request: Request, number: int) -> Response:
        """One rating group."""
        return Response(RatingGroupOut(get_object_or_404(RatingGroup.objects, number=number)).data)

    @extend_schema(
        tags=[RATING_GROUPS],
        operation_id="rating_groups_replace",
        summary="Create or replace a rating group",
        request=RatingGroupIn,
        responses={200: RatingGroupOut, 201: RatingGroupOut},
    )
    def put(self, request: Request, number: int) -> Response:
        """201 when it is new. What it counts cannot change once a published version rates it."""
        body = self.body(RatingGroupIn)
        if body.get("number", number) != number:
            raise Invalid.at("number", f"The address says {number}.")
        is_new = not RatingGroup.objects.filter(number=number).exists()
        group = services.save_rating_group(
            spec=rating_group_spec(body, number=number), actor=self.actor, now=timezone.now()
        )
        return Response(RatingGroupOut(group).data, status=201 if is_new else 200)
