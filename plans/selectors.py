"""Reading plans: rows for pages and API, and a version as the plain values it says."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from plans.models import Allowance, Plan, PlanVersion, Rate, RatingGroup, Threshold
from plans.specs import AllowanceSpec, RateSpec, ThresholdSpec, VersionSpec
from portal.tenancy.scope import current_tenant


def rating_groups() -> dict[int, RatingGroup]:
    """The tenant's rating groups by number, in their order."""
    return {group.number: group for group in RatingGroup.objects.order_by("number")}


def with_parts(versions: QuerySet[PlanVersion]) -> QuerySet[PlanVersion]:
    """Versions with plan, allowances, thresholds and rates in four further queries."""
    return versions.select_related("plan").prefetch_related(
        Prefetch("allowances", Allowance.objects.all()),
        Prefetch("allowances__thresholds", Threshold.objects.all()),
        Prefetch("rates", Rate.objects.all()),
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


def blank_spec() -> VersionSpec:
    """A version that says nothing yet, in the tenant's currency."""
    return VersionSpec(currency=current_tenant().currency)


def spec_of(version: PlanVersion, *, keeps_weights: bool = True) -> VersionSpec:
    """What a version says. Without its weights the places decide, as in the designer."""
    return VersionSpec(
        currency=version.currency,
        price=version.price,
        renewal=version.renewal,
        renewal_count=version.renewal_count,
        allowances=tuple(_allowance_spec(row, keeps_weights) for row in version.allowances.all()),
        rates=tuple(_rate_spec(row) for row in version.rates.all()),
    )


def _allowance_spec(row: Allowance, keeps_weights: bool) -> AllowanceSpec:
    return AllowanceSpec(
        key=row.key,
        name=row.name,
        service=row.service,
        rating_groups=tuple(row.rating_groups),
        amount=row.amount,
        display_unit=row.display_unit,
        weight=row.weight if keeps_weights else None,
        validity_days=row.validity_days,
        thresholds=tuple(
            ThresholdSpec(name=mark.name, percent=mark.percent, amount=mark.amount)
            for mark in row.thresholds.all()
        ),
    )


def _rate_spec(row: Rate) -> RateSpec:
    return RateSpec(
        key=row.key,
        service=row.service,
        rating_groups=tuple(row.rating_groups),
        price=row.price,
        per=row.per,
        increment=row.increment,
        connect_fee=row.connect_fee,
    )
