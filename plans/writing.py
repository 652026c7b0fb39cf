"""The rows of a version: made and replaced as a whole, under the locks of plans/services.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from plans import selectors
from plans.models import Allowance, Plan, PlanExample, PlanVersion, Rate, Threshold, TimeBand
from plans.records import recorded
from plans.rows import (
    allowance_row,
    band_row,
    example_row,
    rate_row,
    threshold_row,
    version_fields,
)
from plans.specs import RatingGroups, VersionSpec, service_of, weights_of
from portal.tenancy.actor import Actor


def add_version(
    plan: Plan,
    spec: VersionSpec,
    groups: RatingGroups,
    *,
    number: int,
    actor: Actor,
    now: datetime,
) -> PlanVersion:
    """A new draft that says what `spec` does; checked by the caller."""
    version = PlanVersion.objects.create(
        plan=plan, number=number, updated_at=now, updated_by=actor.name, **version_fields(spec)
    )
    _write_parts(version, spec, groups)
    return selectors.find_version(plan.code, number)


def rewrite(
    version: PlanVersion, spec: VersionSpec, groups: RatingGroups, *, actor: Actor, now: datetime
) -> None:
    """Replace what a draft says, and count its revision."""
    for name, value in version_fields(spec).items():
        setattr(version, name, value)
    version.revision += 1
    version.updated_at = now
    version.updated_by = actor.name
    version.save()
    version.allowances.all().delete()
    version.rates.all().delete()
    version.bands.all().delete()
    version.examples.all().delete()
    _write_parts(version, spec, groups)


def _write_parts(version: PlanVersion, spec: VersionSpec, groups: RatingGroups) -> None:
    weights = weights_of(spec.allowances)
    rows = Allowance.objects.bulk_create(
        [
            allowance_row(version, allowance, weight, groups)
            for allowance, weight in zip(spec.allowances, weights, strict=True)
        ]
    )
    Threshold.objects.bulk_create(
        [
            threshold_row(row, mark)
            for row, allowance in zip(rows, spec.allowances, strict=True)
            for mark in allowance.thresholds
        ]
    )
    Rate.objects.bulk_create(
        [rate_row(version, rate, place, groups) for place, rate in enumerate(spec.rates)]
    )
    TimeBand.objects.bulk_create([band_row(version, band) for band in spec.bands])
    PlanExample.objects.bulk_create([example_row(version, example) for example in spec.examples])


def keep_keys(spec: VersionSpec, live: VersionSpec) -> VersionSpec:
    """Give allowances without a key that of the live version's allowance of the same name."""
    keys = {allowance.name.casefold(): allowance.key for allowance in live.allowances}
    taken = {allowance.key for allowance in spec.allowances if allowance.key}
    kept = []
    for allowance in spec.allowances:
        key = allowance.key or keys.get(allowance.name.strip().casefold())
        if allowance.key is None and key in taken:
            key = None
        if key is not None:
            taken.add(key)
        kept.append(replace(allowance, key=key))
    return replace(spec, allowances=tuple(kept))


def recorded_as_saved(spec: VersionSpec, groups: RatingGroups) -> dict[str, Any]:
    """What the version will say once saved: defaults filled in, so that no change is none."""
    weights = weights_of(spec.allowances)
    return recorded(
        replace(
            spec,
            allowances=tuple(
                replace(
                    allowance,
                    name=allowance.name.strip(),
                    service=service_of(allowance, groups),
                    weight=weight,
                    thresholds=tuple(
                        replace(mark, name=mark.label) for mark in allowance.thresholds
                    ),
                )
                for allowance, weight in zip(spec.allowances, weights, strict=True)
            ),
            rates=tuple(replace(rate, service=service_of(rate, groups)) for rate in spec.rates),
        )
    )
