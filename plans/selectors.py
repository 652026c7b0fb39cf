"""Reading plans: rows for pages and API, and a version as the plain values it says."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from plans.models import (
    Allowance,
    Plan,
    PlanExample,
    PlanVersion,
    Rate,
    RatingGroup,
    Threshold,
    TimeBand,
)
from plans.reference.models import DestinationGroup, Zone
from plans.references import References
from plans.rows import version_spec
from plans.specs import VersionSpec
from portal.tenancy.scope import current_tenant


def rating_groups() -> dict[int, RatingGroup]:
    """The tenant's rating groups by number, in their order."""
    return {group.number: group for group in RatingGroup.objects.order_by("number")}


def references(plan: str = "") -> References:
    """What a version of the plan of this code may refer to, for the tenant of the open scope."""
    published = dict(
        PlanVersion.objects.filter(state=PlanVersion.State.PUBLISHED).values_list(
            "plan__code", "fallback_plans"
        )
    )
    codes = Plan.objects.values_list("code", flat=True)
    return References(
        destinations=dict(DestinationGroup.objects.values_list("code", "name")),
        zones=dict(Zone.objects.values_list("code", "name")),
        fallbacks={code: tuple(published.get(code, ())) for code in codes},
        published=frozenset(published),
        allows_zero_rating=current_tenant().allows_zero_rating,
        plan=plan,
    )


def with_parts(versions: QuerySet[PlanVersion]) -> QuerySet[PlanVersion]:
    """Versions with plan and all their parts, one further query for each kind of part."""
    return versions.select_related("plan").prefetch_related(
        Prefetch("allowances", Allowance.objects.all()),
        Prefetch("allowances__thresholds", Threshold.objects.all()),
        Prefetch("rates", Rate.objects.all()),
        Prefetch("bands", TimeBand.objects.all()),
        Prefetch("examples", PlanExample.objects.all()),
    )


def find_plan(code: str) -> Plan:
    """Raises Plan.DoesNotExist."""
    return Plan.objects.get(code=code)


def versions_of(plan: Plan) -> QuerySet[PlanVersion]:
    """All of a plan's versions, newest first."""
    return PlanVersion.objects.filter(plan=plan).select_related("plan").order_by("-number")


def find_version(code: str, number: int) -> PlanVersion:
    """One version with its parts. Raises PlanVersion.DoesNotExist."""
    return with_parts(PlanVersion.objects.filter(plan__code=code)).get(number=number)


def published_version(plan: Plan) -> PlanVersion | None:
    """The version that new subscribers get, with its parts."""
    published = PlanVersion.objects.filter(plan=plan, state=PlanVersion.State.PUBLISHED)
    return with_parts(published).first()


def draft_version(plan: Plan) -> PlanVersion | None:
    """The version being worked on, scheduled or not, with its parts."""
    states = [PlanVersion.State.DRAFT, PlanVersion.State.SCHEDULED]
    return with_parts(PlanVersion.objects.filter(plan=plan, state__in=states)).first()


def newest_published_version(code: str) -> PlanVersion | None:
    """What somebody who asks for the plan by its code is subscribed to."""
    published = PlanVersion.objects.filter(plan__code=code, state=PlanVersion.State.PUBLISHED)
    return with_parts(published).order_by("-number").first()


def fallback_versions(codes: Sequence[str]) -> list[int]:
    """Keys of the published versions of these plans, each followed by what it falls back on."""
    published = PlanVersion.objects.filter(
        plan__code__in=codes, state=PlanVersion.State.PUBLISHED
    ).select_related("plan")
    by_code = {version.plan.code: version for version in published}
    keys = [
        key
        for code in codes
        if code in by_code
        for key in (by_code[code].pk, *by_code[code].fallback_versions)
    ]
    return list(dict.fromkeys(keys))


def blank_spec() -> VersionSpec:
    """A version that says nothing yet, in the tenant's currency."""
    return VersionSpec(currency=current_tenant().currency)


def spec_of(version: PlanVersion, *, keeps_weights: bool = True) -> VersionSpec:
    """What a version says. Without its weights the places decide, as in the designer."""
    return version_spec(version, keeps_weights=keeps_weights)
