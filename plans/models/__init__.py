"""What an operator sells: plans, their immutable versions, and the rating groups they rate by."""

import plans.reference.models  # noqa: F401  here Django looks for an app's models
from plans.models.allowances import Allowance, Threshold
from plans.models.parts import PlanExample, TimeBand
from plans.models.rates import Rate
from plans.models.rating_groups import UINT32_MAX, RatingGroup
from plans.models.units import GENERIC_SERVICE, UNIT_OF_SERVICE, Service, Unit
from plans.models.versions import Plan, PlanVersion

__all__ = [
    "GENERIC_SERVICE",
    "UINT32_MAX",
    "UNIT_OF_SERVICE",
    "Allowance",
    "Plan",
    "PlanExample",
    "PlanVersion",
    "Rate",
    "RatingGroup",
    "Service",
    "Threshold",
    "TimeBand",
    "Unit",
]
