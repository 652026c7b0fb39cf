"""Writing rating groups: a tenant's defaults, and changes to one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final

from django.db import transaction

from plans.models import Allowance, PlanVersion, Rate, RatingGroup, Service, Unit
from plans.records import changed_parts
from plans.specs import RatingGroupSpec
from plans.validation import validate_rating_group
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import FieldError, Invalid

DATA_SLICE_OCTETS: Final = 100 * 2**20
VOICE_SLICE_SECONDS: Final = 300

DEFAULTS: Final = (
    RatingGroupSpec(
        number=100, name="Voice", service="voice", unit="SECONDS", grant=VOICE_SLICE_SECONDS
    ),
    RatingGroupSpec(number=200, name="SMS", service="sms", unit="EVENTS", grant=1),
    RatingGroupSpec(
        number=300, name="Data", service="data", unit="OCTETS", grant=DATA_SLICE_OCTETS
    ),
    RatingGroupSpec(
        number=310, name="Data: content", service="data", unit="OCTETS", grant=DATA_SLICE_OCTETS
    ),
    RatingGroupSpec(
        number=380, name="Data: zero-rated", service="data", unit="OCTETS", grant=DATA_SLICE_OCTETS
    ),
    RatingGroupSpec(number=400, name="Money", service="money", unit="EVENTS", grant=1),
)
"""What a new tenant starts with. 400 counts events of one unit of its price, as on the wire."""


def create_default_rating_groups(*, tenant: Tenant) -> None:
    """Give a tenant the rating groups it lacks of the defaults; may be called again."""
    with tenant_scope(tenant):
        RatingGroup.objects.bulk_create(
            [RatingGroup(**asdict(spec)) for spec in DEFAULTS], ignore_conflicts=True
        )


@transaction.atomic
def save_rating_group(
    *, spec: RatingGroupSpec, actor: Actor, now: datetime, is_new: bool | None = None
) -> RatingGroup:
    """Create the rating group of that number or replace what it says. Raises Invalid.

    With `is_new` given a number that is taken, or not, is an error. What a rating group counts
    cannot change once a published version rates it: its buckets count in the old unit.
    """
    actor.require("plans.design")
    errors = validate_rating_group(spec)
    if errors:
        raise Invalid(errors)
    row = RatingGroup.objects.select_for_update().filter(number=spec.number).first()
    if is_new is True and row is not None:
        raise Invalid.at("number", f"Rating group {spec.number} exists: {row.name}.")
    if is_new is False and row is None:
        raise RatingGroup.DoesNotExist
    before = {} if row is None else _fields_of(row)
    if row is not None:
        _refuse_recount(row, spec)
    row = row or RatingGroup()
    after = asdict(spec)
    for field, value in after.items():
        setattr(row, field, value)
    old, new = changed_parts(before, after)
    if not new:
        return row
    row.save()
    audit.record(
        "rating_group.saved" if before else "rating_group.created",
        actor=actor,
        subject_type="rating_group",
        subject_id=str(spec.number),
        now=now,
        before={name: value for name, value in old.items() if before},
        after=new,
    )
    return row


def _fields_of(row: RatingGroup) -> dict[str, object]:
    return {name: getattr(row, name) for name in RatingGroupSpec.__dataclass_fields__}


def _refuse_recount(row: RatingGroup, spec: RatingGroupSpec) -> None:
    if (row.unit, row.service) == (spec.unit, spec.service) or not is_rated(row):
        return
    path = "unit" if row.unit != spec.unit else "service"
    raise Invalid(
        [
            FieldError(
                path,
                f"Published plans rate {row.number} as {Service(row.service).label.lower()} in "
                f"{Unit(row.unit).label.lower()}; add another rating group instead.",
            )
        ]
    )


def is_rated(row: RatingGroup) -> bool:
    """Whether a version that is or was published names the rating group or covers its service."""
    frozen = [PlanVersion.State.PUBLISHED, PlanVersion.State.RETIRED]
    return any(
        parts.filter(version__state__in=frozen, rating_groups__contains=[row.number]).exists()
        or parts.filter(version__state__in=frozen, rating_groups=[], service=row.service).exists()
        for parts in (Allowance.objects, Rate.objects)
    )
